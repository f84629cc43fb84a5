//! `outrigger node --status`: what a running node says about itself, to people, to scripts and to BEAM nodes, and what is
//! said when there is nobody to ask.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use outrigger_testkit::{Beam, COOKIE, Epmd, LONG, RustNode, free_port, outrigger, unique_name};
use serde_json::Value;

struct Asker<'a> {
    epmd: &'a Epmd,
    cookie: &'a str,
}

impl Asker<'_> {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = outrigger();
        command.env("ERL_EPMD_PORT", self.epmd.port().to_string()).env("OUTRIGGER_COOKIE", self.cookie);
        command.arg("node").args(args);
        command
    }

    #[track_caller]
    fn text(&self, args: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.command(args).output().unwrap();
        assert!(status.success(), "{args:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    #[track_caller]
    fn json(&self, node: &str) -> Value {
        serde_json::from_str(&self.text(&["--status", node, "--json"])).unwrap()
    }

    /// The exit code and what was complained about.
    fn refused(&self, args: &[&str]) -> (Option<i32>, String) {
        let Output { status, stdout, stderr } = self.command(args).output().unwrap();
        assert!(stdout.is_empty(), "{args:?}");
        (status.code(), String::from_utf8(stderr).unwrap())
    }

    /// Asks until the answer is as it should be.
    #[track_caller]
    fn wait(&self, node: &str, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + LONG;
        loop {
            let report = self.json(node);
            if fits(&report) {
                return report;
            }
            assert!(Instant::now() < deadline, "{what}: {report:#}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn peer<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["peers"].as_array().unwrap().iter().find(|peer| peer["name"] == name).unwrap()
}

#[test]
fn it_tells_links_joins_processes_names_and_services() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    let gone = unique_name("gone", "127.0.0.1");
    let rust = RustNode::options("rust").epmd(&epmd).join(&format!("{},{gone}", beam.name())).start();
    rust.wait_joined(beam.name());
    let asker = Asker { epmd: &epmd, cookie: COOKIE };
    let at = |name: &str| format!("{{{name}, '{}'}}", rust.name());
    beam.eval(&format!("{} ! lost", at("nobody")));
    beam.eval(&format!("erlang:monitor(process, {})", at("outrigger_status")));
    assert_eq!(beam.eval(&format!("net_adm:ping('{}')", rust.name())), "pong");

    let report = asker.wait(rust.name(), "an attempt that failed", |report| {
        peer(report, &gone)["join"]["failures"].as_u64() > Some(0)
    });
    assert_eq!(report["name"], rust.name());
    assert_eq!(report["names"], serde_json::json!(["outrigger_limit", "outrigger_status"]));
    assert_eq!(report["services"][0]["name"], "outrigger_pubsub");
    assert_eq!(report["processes"], 2);
    assert_eq!(report["counters"]["stray"], 1);
    let up = peer(&report, beam.name());
    assert_eq!((&up["state"], &up["join"]["reconnects"]), (&Value::from("up"), &Value::from(0)));
    let link = &up["link"];
    assert_eq!(
        (&link["ties"], &link["read"]["stray"], &link["hidden"]),
        (&1.into(), &1.into(), &false.into())
    );
    assert!(link["read"]["frames_in"].as_u64() >= Some(3), "{link:#}");
    assert!(link["written"]["bytes_out"].as_u64() > Some(0), "{link:#}");
    let down = peer(&report, &gone);
    assert_eq!((&down["state"], &down["link"]), (&Value::from("down"), &Value::Null));
    assert!(down["join"]["last_error"].as_str().unwrap().contains("not registered"), "{down:#}");
    assert_eq!(report["peers"].as_array().unwrap().len(), 2, "who asks is not shown: {report:#}");

    let text = asker.text(&["--status", rust.name()]);
    for part in [rust.name(), beam.name(), gone.as_str(), "outrigger_pubsub", "reconnects", "not registered"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    // The line that started it, and two words more.
    assert!(asker.text(&["--name", rust.name(), "--join", beam.name(), "--status"]).contains(beam.name()));
}

#[test]
fn it_counts_reconnects() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    let rust = RustNode::options("rust").epmd(&epmd).join(beam.name()).start();
    rust.wait_joined(beam.name());
    let from = rust.process().lines().count();
    beam.kill();
    rust.wait_left(from, beam.name());
    let _again = beam.restart();
    rust.wait_joined_from(from, beam.name());
    let report = Asker { epmd: &epmd, cookie: COOKIE }.json(rust.name());
    assert_eq!(peer(&report, beam.name())["join"]["reconnects"], 1);
    assert_eq!(report["counters"]["down_closed_by_peer"], 1);
}

#[test]
fn a_beam_may_ask_too() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    let rust = RustNode::options("rust").epmd(&epmd).join(beam.name()).start();
    rust.wait_joined(beam.name());
    let call = |request: &str| {
        beam.eval(&format!("gen_server:call({{outrigger_status, '{}'}}, {request})", rust.name()))
    };
    let answer = call("status");
    assert!(
        answer.starts_with("#{") && answer.contains(rust.name()) && answer.contains("state => up"),
        "{answer}"
    );
    assert_eq!(call("{give, me, all}"), "{error,unknown_call}");
}

#[test]
fn without_epmd_the_options_of_the_node_say_where_it_is() {
    let epmd = Epmd::start();
    let address = format!("127.0.0.1:{}", free_port());
    let rust = RustNode::options("rust").no_epmd().listen(&address).start();
    rust.wait_log(0, LONG, &["node started"]);
    let asker = Asker { epmd: &epmd, cookie: COOKIE };
    assert!(
        asker
            .text(&["--name", rust.name(), "--no-epmd", "--listen", &address, "--status"])
            .contains("No peers.")
    );
    let peer = format!("{}={address}", rust.name());
    assert!(asker.text(&["--status", rust.name(), "--no-epmd", "--peer", &peer]).contains("No peers."));
}

#[test]
fn it_says_why_there_is_no_answer() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    let rust = RustNode::options("rust").epmd(&epmd).join(beam.name()).start();
    rust.wait_joined(beam.name());
    let asker = Asker { epmd: &epmd, cookie: COOKIE };
    let nobody = unique_name("nobody", "127.0.0.1");
    let (code, text) = asker.refused(&["--status", &nobody]);
    assert!(code == Some(1) && text.contains("not registered"), "{text}");
    let (code, text) = asker.refused(&["--status", beam.name()]);
    assert!(code == Some(1) && text.contains("is it a BEAM node?"), "{text}");
    let (code, text) = Asker { epmd: &epmd, cookie: "another" }.refused(&["--status", rust.name()]);
    assert!(code == Some(1) && text.contains("another cookie"), "{text}");
    let (code, text) = asker.refused(&["--status"]);
    assert!(code == Some(2) && text.contains("--status NAME@HOST"), "{text}");
    let (code, text) = asker.refused(&["--status", "no name"]);
    assert!(code == Some(2) && text.contains("--status no name"), "{text}");
}
