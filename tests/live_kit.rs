//! The kit itself, against a real BEAM: what the other suites take for granted.

use outrigger_testkit::{Beam, Epmd, Identity, LONG, RawPeer, RawServer, SHORT, etf, has_ipv6, unique_name};

#[test]
fn a_node_boots_evaluates_and_dies() {
    let epmd = Epmd::start();
    let beam = Beam::options("kit").epmd(&epmd).start();
    assert_eq!(beam.eval(r#"{1 + 1, "a\nb", <<1,2>>}"#), r#"{2,"a\nb",<<1,2>>}"#);
    beam.load("-module(kit_try).\n-export([f/0]).\nf() -> hello.\n");
    assert_eq!(beam.eval("kit_try:f()"), "hello");
    beam.eval("spawn(fun() -> timer:sleep(200), register(later, self()), timer:sleep(infinity) end), ok");
    beam.wait_until("is_pid(whereis(later))", SHORT);
    let short = beam.name().split('@').next().unwrap().to_owned();
    assert!(epmd.client().port_of(&short).is_some());
    beam.kill();
    epmd.wait_registered(&short, false);
    let again = beam.restart();
    assert_eq!(again.name(), beam.name());
}

#[test]
fn nodes_find_each_other_through_the_tests_own_epmd() {
    let epmd = Epmd::start();
    let a = Beam::options("a").epmd(&epmd).start();
    let b = Beam::options("b").epmd(&epmd).start();
    assert_eq!(a.eval(&format!("net_adm:ping('{}')", b.name())), "pong");
    b.process().stop();
    assert_eq!(a.eval(&format!("lists:member('{}', nodes())", b.name())), "true");
    b.process().cont();
    assert_eq!(b.eval("1"), "1");
}

#[test]
fn short_and_ipv6_names() {
    let epmd = Epmd::start();
    let short = Beam::options("s").short_names().epmd(&epmd).start();
    assert!(short.name().ends_with("@localhost"));
    if has_ipv6() {
        assert!(Beam::options("v6").ipv6().epmd(&epmd).start().name().ends_with("@::1"));
    } else {
        eprintln!("SKIPPED: this machine has no ::1");
    }
}

#[test]
fn an_epmd_can_be_killed_and_started_again() {
    let mut epmd = Epmd::start();
    let registration = epmd.client().register("someone", 12345);
    assert_eq!(epmd.client().port_of("someone"), Some(12345));
    epmd.kill();
    assert_eq!(epmd.client().names(), None);
    epmd.restart();
    assert_eq!(epmd.client().port_of("someone"), None);
    drop(registration);
}

#[test]
fn a_node_ends_with_its_standard_input() {
    let beam = Beam::options("eof").fixed_port(outrigger_testkit::free_port()).start();
    beam.process().close_stdin();
    beam.process().wait_exit(LONG);
}

#[test]
fn a_raw_peer_is_taken_for_a_node_by_a_beam() {
    let epmd = Epmd::start();
    let beam = Beam::options("real").epmd(&epmd).start();
    let port = epmd.client().port_of(beam.name().split('@').next().unwrap()).unwrap();
    let who = Identity::new(&unique_name("raw", "127.0.0.1"));
    let mut raw = RawPeer::join(([127, 0, 0, 1], port), &who);
    beam.wait_until(&format!("nodes(hidden) =:= ['{}']", who.name), SHORT);
    let me = etf::pid(&who.name, 1, 0, who.creation);
    raw.send_frame(&etf::reg_send(
        &me,
        "kit_control",
        &etf::tuple(&[me.clone(), etf::list(&[etf::int(-5)])]),
    ));
    let got = beam.eval("receive {Pid, L} -> Pid ! {got, L}, L end");
    assert_eq!(got, "[-5]");
    let answer = etf::tuple(&[etf::atom("got"), etf::list(&[etf::int(-5)])]);
    raw.read_frame_where(|frame| frame.ends_with(&answer));
    raw.send_frame(&[112, 131, 99]);
    raw.wait_closed(SHORT);
}

#[test]
fn a_raw_server_is_taken_for_a_node_by_a_beam() {
    let epmd = Epmd::start();
    let beam = Beam::options("real").epmd(&epmd).start();
    let who = Identity::new(&unique_name("raw", "127.0.0.1"));
    let server = RawServer::registered(&epmd, &who.name);
    beam.eval(&format!("spawn(fun() -> net_kernel:connect_node('{}') end), ok", who.name));
    let _peer = server.accept_join(&who);
    beam.wait_until(&format!("nodes(hidden) =:= ['{}']", who.name), SHORT);
}
