//! `outrigger node --discover`: peers that nobody named, found by EPMD and through the nodes that peers know.

use outrigger_testkit::{Beam, Epmd, RustNode};

#[test]
fn joins_what_epmd_lists_and_what_its_nodes_know() {
    let epmd = Epmd::start();
    let listed = Beam::options("listed").epmd(&epmd).start();
    let known = Beam::options("known").epmd(&epmd).start();
    let stranger = Beam::options("stranger").epmd(&epmd).start();
    assert_eq!(listed.eval(&format!("net_adm:ping('{}')", known.name())), "pong");
    let rust = RustNode::options("rust")
        .epmd(&epmd)
        .args(&["--discover", "epmd:127.0.0.1/listed*", "--discover", "nodes", "--discover-every", "1"])
        .start();
    rust.wait_joined(listed.name());
    rust.wait_joined(known.name());
    // A node that is restarted under the same name is joined again.
    let from = rust.process().lines().count();
    known.kill();
    rust.wait_left(from, known.name());
    let known = known.restart();
    assert_eq!(listed.eval(&format!("net_adm:ping('{}')", known.name())), "pong");
    rust.wait_joined_from(from, known.name());
    assert_eq!(stranger.eval("nodes(hidden)"), "[]", "nobody named this one");
}
