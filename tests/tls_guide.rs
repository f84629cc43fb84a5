//! docs/tls.md as somebody follows it: its commands are run as they stand there, and the nodes are linked by what they leave.
#![allow(clippy::expect_used, reason = "helpers of tests panic like tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

use outrigger_testkit::{Beam, Epmd, RustNode};

/// The blocks of shell commands of the document, as one script.
fn commands() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tls.md");
    let text = fs::read_to_string(path).expect("the document is there");
    let blocks: Vec<_> =
        text.split("```sh\n").skip(1).map(|rest| rest.split_once("```").expect("the block ends").0).collect();
    assert_eq!(blocks.len(), 3, "CA, certificate, options");
    format!("set -eu\n{}", blocks.concat())
}

#[test]
fn the_commands_of_the_guide_link_both_nodes_over_tls() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let made = Command::new("sh").args(["-c", &commands()]).current_dir(dir.path()).output();
    let made = made.expect("there is a shell");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

    let file = |name: &str| dir.path().join(name).to_str().expect("a path of text").to_owned();
    let epmd = Epmd::start();
    let beam = Beam::options("app1").epmd(&epmd);
    let beam = beam.args(&["-proto_dist", "inet_tls", "-ssl_dist_optfile", &file("ssl_dist.conf")]).start();
    let (cert, key, ca) = (file("node.pem"), file("node.key"), file("ca.pem"));
    let tls = ["--tls-cert", &cert, "--tls-key", &key, "--tls-ca", &ca];
    let rust = RustNode::options("rust").epmd(&epmd).join(beam.name()).args(&tls).start();
    rust.wait_joined(beam.name());
    assert_eq!(beam.eval(&format!("net_adm:ping('{}')", rust.name())), "pong");
    rust.kill();

    // The other way round, and a node that does not take part is told what to do.
    let waiting = RustNode::options("waiting").epmd(&epmd).args(&tls).start();
    epmd.wait_registered(waiting.short(), true);
    assert_eq!(beam.eval(&format!("net_adm:ping('{}')", waiting.name())), "pong");
    let plain = RustNode::options("plain").epmd(&epmd).join(beam.name()).start();
    plain.wait_log(0, outrigger_testkit::LONG, &["speaks TLS", "give this node TLS files"]);
}
