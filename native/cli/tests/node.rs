//! `outrigger node` beside a real BEAM.

mod common;

use std::fs;

use common::{Beam, COOKIE, Epmd, Running, outrigger, unique};

#[test]
fn joins_answers_a_ping_and_leaves_on_a_signal() {
    let epmd = Epmd::start();
    let mut beam = Beam::start(&epmd);
    for signal in ["INT", "TERM"] {
        let name = format!("{}@127.0.0.1", unique("rust"));
        let line = ["node", "--name", &name, "--join", &beam.name];
        let mut node = Running::start(outrigger(epmd.port).args(line).env("OUTRIGGER_COOKIE", COOKIE));
        node.wait("ready");
        beam.wait_until(&format!("net_adm:ping('{name}') =:= pong"));
        assert_eq!(beam.eval(&format!("lists:member('{name}', nodes(hidden))")), "true");
        assert_eq!(beam.eval(&format!("lists:member('{name}', nodes())")), "false");
        node.signal(signal);
        assert_eq!(node.wait_exit().0.code(), Some(0), "{:?}", node.lines());
        node.wait(&format!("SIG{signal}: stopped"));
        beam.wait_until("nodes(hidden) =:= []");
        let short = name.split('@').next().unwrap();
        let names =
            format!("begin {{ok, Names}} = erl_epmd:names(), lists:keymember(\"{short}\", 1, Names) end");
        beam.wait_until(&format!("{names} =:= false"));
    }
}

#[test]
fn short_names_and_a_node_that_dials_us() {
    let epmd = Epmd::start();
    let mut beam = Beam::start_with(&epmd, "-sname", "localhost", &[]);
    let name = format!("{}@localhost", unique("rust"));
    let line = ["node", "--sname", &name];
    let node = Running::start(outrigger(epmd.port).args(line).env("OUTRIGGER_COOKIE", COOKIE));
    node.wait("ready");
    beam.wait_until(&format!("net_adm:ping('{name}') =:= pong"));
    node.wait(&format!("joined {}", beam.name));
}

#[test]
fn without_epmd_by_address() {
    let epmd = Epmd::start();
    let mut beam = Beam::start(&epmd);
    let listed = beam.eval("{ok, [{_, Port}]} = erl_epmd:names(), Port");
    let name = format!("{}@127.0.0.1", unique("rust"));
    let peer = format!("{}=127.0.0.1:{listed}", beam.name);
    let line = ["node", "--name", &name, "--no-epmd", "--peer", &peer];
    let node = Running::start(outrigger(1).args(line).env("OUTRIGGER_COOKIE", COOKIE));
    node.wait("ready");
    assert_eq!(beam.eval(&format!("net_adm:ping('{name}')")), "pong");
}

#[test]
fn the_cookie_is_in_no_argument_and_in_no_log() {
    let epmd = Epmd::start();
    let mut beam = Beam::start(&epmd);
    let name = format!("{}@127.0.0.1", unique("rust"));
    let line = ["node", "--name", &name, "--join", &beam.name, "--cookie-stdin", "--log-level", "trace"];
    let mut node = Running::start(outrigger(epmd.port).args(line));
    node.write(&format!("{COOKIE}\n"));
    node.wait("ready");
    beam.wait_until(&format!("net_adm:ping('{name}') =:= pong"));
    let arguments = fs::read(format!("/proc/{}/cmdline", node.pid())).unwrap();
    assert!(!String::from_utf8_lossy(&arguments).contains(COOKIE));
    node.signal("TERM");
    node.wait_exit();
    assert!(!node.lines().join("\n").contains(COOKIE), "{:?}", node.lines());
    assert!(node.lines().len() > 3, "there was a log");
}
