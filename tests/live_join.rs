//! The Rust node joins real BEAM nodes: visible as hidden, reachable in both directions, under every kind of name.

use outrigger_testkit::{Beam, Epmd, LONG, RustNode, free_port, has_ipv6};

/// The BEAM sees the Rust node among its hidden nodes and nowhere else.
#[track_caller]
fn assert_hidden(beam: &Beam, rust: &RustNode) {
    let rust = rust.name();
    beam.wait_until(&format!("nodes(hidden) =:= ['{rust}']"), LONG);
    assert_eq!(beam.eval("nodes()"), "[]", "a hidden node is not among the visible ones");
    assert_eq!(beam.eval(&format!("lists:member('{rust}', nodes(known))")), "true");
}

#[track_caller]
fn assert_ping(beam: &Beam, rust: &RustNode) {
    assert_eq!(beam.eval(&format!("net_adm:ping('{}')", rust.name())), "pong");
}

#[test]
fn row_13_joins_as_a_hidden_node_and_row_17_answers_ping() {
    let epmd = Epmd::start();
    let a = Beam::options("a").epmd(&epmd).start();
    let b = Beam::options("b").epmd(&epmd).start();
    a.eval(
        "spawn(fun() -> register(ups, self()), net_kernel:monitor_nodes(true, [{node_type, all}]), \
         receive U -> put(up, U), receive stop -> ok end end end), ok",
    );
    let rust = RustNode::options("rust").epmd(&epmd).join(&format!("{},{}", a.name(), b.name())).start();
    rust.wait_joined(a.name());
    rust.wait_joined(b.name());
    for beam in [&a, &b] {
        assert_hidden(beam, &rust);
        assert_ping(beam, &rust);
    }
    let up = format!("{{nodeup,'{}',[{{node_type,hidden}}]}}", rust.name());
    a.wait_until(
        &format!("{{dictionary, [{{up, U}} | _]}} = process_info(whereis(ups), dictionary), U =:= {up}"),
        LONG,
    );
    // Hidden means that it brings nobody together: a and b still know nothing of each other.
    assert_eq!(a.eval(&format!("lists:member('{}', nodes(connected))", b.name())), "false");
}

#[test]
fn row_01_accepts_a_beam_that_dials_first() {
    let epmd = Epmd::start();
    let beam = Beam::options("a").epmd(&epmd).start();
    let rust = RustNode::options("rust").epmd(&epmd).start();
    epmd.wait_registered(rust.short(), true);
    assert_ping(&beam, &rust);
    rust.wait_joined(beam.name());
    assert_hidden(&beam, &rust);
    // And a second time, after the BEAM has cut the link itself.
    let from = rust.process().lines().count();
    assert_eq!(beam.eval(&format!("erlang:disconnect_node('{}')", rust.name())), "true");
    rust.wait_left(from, beam.name());
    assert_ping(&beam, &rust);
    rust.wait_joined_from(from, beam.name());
}

#[test]
fn row_09_short_names() {
    let epmd = Epmd::start();
    let beam = Beam::options("a").short_names().epmd(&epmd).start();
    let rust = RustNode::options("rust").short_names().epmd(&epmd).join(beam.name()).start();
    rust.wait_joined(beam.name());
    assert_hidden(&beam, &rust);
    assert_ping(&beam, &rust);
    let other = RustNode::options("rust").short_names().epmd(&epmd).start();
    epmd.wait_registered(other.short(), true);
    assert_ping(&beam, &other);
}

#[test]
fn row_09_ipv6_names() {
    if !has_ipv6() {
        eprintln!("SKIPPED: this machine has no ::1, so IPv6 was NOT tested");
        return;
    }
    let epmd = Epmd::start();
    let beam = Beam::options("a").ipv6().epmd(&epmd).start();
    let rust = RustNode::options("rust").ipv6().epmd(&epmd).join(beam.name()).start();
    rust.wait_joined(beam.name());
    assert_hidden(&beam, &rust);
    assert_ping(&beam, &rust);
    let other = RustNode::options("rust").ipv6().epmd(&epmd).start();
    epmd.wait_registered(other.short(), true);
    assert_ping(&beam, &other);
}

#[test]
fn the_epmd_port_may_be_an_option() {
    let epmd = Epmd::start();
    let beam = Beam::options("a").epmd(&epmd).start();
    let port = epmd.port().to_string();
    let rust = RustNode::options("rust").join(beam.name()).args(&["--epmd-port", &port]).start();
    rust.wait_joined(beam.name());
    assert!(epmd.client().port_of(rust.short()).is_some(), "registered at the same EPMD");
    assert_ping(&beam, &rust);
}

#[test]
fn row_12_without_any_epmd() {
    let port = free_port();
    let beam = Beam::options("a").fixed_port(port).start();
    let rust = RustNode::options("rust").no_epmd().peer(beam.name(), port).start();
    rust.wait_joined(beam.name());
    assert_hidden(&beam, &rust);
    assert_ping(&beam, &rust);
}

#[test]
fn row_12_a_peer_with_a_known_address_is_joined_beside_those_of_epmd() {
    let epmd = Epmd::start();
    let port = free_port();
    let known = Beam::options("known").fixed_port(port).start();
    let listed = Beam::options("listed").epmd(&epmd).start();
    let rust = RustNode::options("rust").epmd(&epmd).join(listed.name()).peer(known.name(), port).start();
    for beam in [&known, &listed] {
        rust.wait_joined(beam.name());
        assert_hidden(beam, &rust);
        assert_ping(beam, &rust);
    }
}

#[test]
fn sigterm_leaves_the_cluster_in_order() {
    let epmd = Epmd::start();
    let beam = Beam::options("a").epmd(&epmd).start();
    let rust = RustNode::options("rust").epmd(&epmd).join(beam.name()).start();
    rust.wait_joined(beam.name());
    rust.process().signal(15);
    assert!(
        rust.process().wait_exit(LONG).success(),
        "SIGTERM is an orderly end:\n{}",
        rust.process().dump()
    );
    beam.wait_until("nodes(hidden) =:= []", LONG);
    epmd.wait_registered(rust.short(), false);
}

#[test]
fn row_06_a_name_given_by_the_first_node_that_is_joined_goes_with_its_link() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    let rust = RustNode::options("none").name("undefined@127.0.0.1").epmd(&epmd).join(beam.name()).start();
    rust.wait_joined(beam.name());
    let given = beam.eval("hd(nodes(hidden))");
    assert!(given.ends_with("@127.0.0.1'") && !given.contains("undefined"), "{given}");
    assert_eq!(beam.eval(&format!("net_adm:ping({given})")), "pong");
    beam.eval(&format!("erlang:disconnect_node({given})"));
    assert!(!rust.process().wait_exit(LONG).success(), "who started it has to know");
    rust.wait_log(0, LONG, &["gave the node its name"]);

    let alone =
        RustNode::options("none").name("undefined@127.0.0.1").epmd(&epmd).join("nobody@127.0.0.1").start();
    assert!(!alone.process().wait_exit(LONG).success());
    alone.wait_log(0, LONG, &["nobody@127.0.0.1", "is not registered"]);
}
