//! Links and registrations that go and come back: killed peers, a restarted EPMD, a taken name, both sides dialling
//! at once, a peer that comes again while its old link lingers.

use outrigger_testkit::{Beam, Epmd, Identity, LONG, RawPeer, RawServer, RustNode, unique_name};

const CREATION: &str = "erlang:system_info(creation)";

#[test]
fn row_45_a_killed_peer_is_joined_again_under_its_name() {
    let epmd = Epmd::start();
    let steady = Beam::options("steady").epmd(&epmd).start();
    let first = Beam::options("a").epmd(&epmd).start();
    let joins = format!("{},{}", first.name(), steady.name());
    let rust = RustNode::options("rust").epmd(&epmd).join(&joins).start();
    rust.wait_joined(first.name());
    rust.wait_joined(steady.name());
    let mut creation = first.eval_number(CREATION);
    let mut beam = first;
    for _ in 0..2 {
        let from = rust.process().lines().count();
        beam.kill();
        rust.wait_left(from, beam.name());
        beam = beam.restart();
        rust.wait_joined_from(from, beam.name());
        assert_eq!(beam.eval(&format!("net_adm:ping('{}')", rust.name())), "pong");
        let newer = beam.eval_number(CREATION);
        assert_ne!(newer, creation, "a restarted node has a creation of its own");
        creation = newer;
    }
    assert!(!rust.process().lines().seen(0, |line| line.contains("left") && line.contains(steady.name())));
}

#[test]
fn a_killed_rust_node_comes_back_under_its_name() {
    let epmd = Epmd::start();
    let beam = Beam::options("a").epmd(&epmd).start();
    let rust = RustNode::options("rust").epmd(&epmd).join(beam.name()).start();
    rust.wait_joined(beam.name());
    rust.kill();
    beam.wait_until("nodes(hidden) =:= []", LONG);
    let again = rust.restart();
    again.wait_joined(beam.name());
    assert_eq!(beam.eval(&format!("net_adm:ping('{}')", again.name())), "pong");
}

#[test]
fn row_11_it_registers_again_after_a_restart_of_epmd() {
    let mut epmd = Epmd::start();
    let beam = Beam::options("a").epmd(&epmd).start();
    let rust = RustNode::options("rust").epmd(&epmd).join(beam.name()).start();
    rust.wait_joined(beam.name());
    let port = rust.address(&epmd).port();
    let from = rust.process().lines().count();
    epmd.kill();
    assert_eq!(beam.eval(&format!("net_adm:ping('{}')", rust.name())), "pong", "links do without EPMD");
    epmd.restart();
    assert_eq!(rust.address(&epmd).port(), port);
    let newcomer = Beam::options("new").epmd(&epmd).start();
    assert_eq!(newcomer.eval(&format!("net_adm:ping('{}')", rust.name())), "pong");
    assert!(!rust.process().lines().seen(from, |line| line.contains("left") && line.contains(beam.name())));
}

#[test]
fn a_taken_name_is_an_error_and_harms_nobody() {
    let epmd = Epmd::start();
    let beam = Beam::options("a").epmd(&epmd).start();
    let rust = RustNode::options("rust").epmd(&epmd).join(beam.name()).start();
    rust.wait_joined(beam.name());
    let second = rust.restart();
    assert_eq!(second.process().wait_exit(LONG).code(), Some(1), "{}", second.process().dump());
    second.wait_log(0, LONG, &["taken"]);
    let as_the_beam = RustNode::options("x").name(beam.name()).epmd(&epmd).start();
    assert_eq!(as_the_beam.process().wait_exit(LONG).code(), Some(1), "{}", as_the_beam.process().dump());
    assert_eq!(beam.eval(&format!("net_adm:ping('{}')", rust.name())), "pong");
}

/// The Rust node dials us, and while its attempt waits for our status we dial it. The greater name's attempt goes on.
#[test]
fn row_05_simultaneous_connects_are_decided_by_the_names() {
    for (short, ours_wins) in [("zz_raw", true), ("aa_raw", false)] {
        let epmd = Epmd::start();
        let who = Identity::new(&unique_name(short, "127.0.0.1"));
        let server = RawServer::registered(&epmd, &who.name);
        let rust = RustNode::options("mm_rust").epmd(&epmd).join(&who.name).start();
        let mut their_attempt = server.accept();
        their_attempt.read_packet().expect("the Rust node introduces itself");
        let mut our_attempt = RawPeer::connect(rust.address(&epmd));
        let status = our_attempt.introduce(&who);
        if ours_wins {
            assert_eq!(status.as_deref(), Some("ok_simultaneous"), "the greater name is the peer's");
            their_attempt.send_status("nok");
            our_attempt.prove(&who);
        } else {
            assert_eq!(status.as_deref(), Some("nok"), "the greater name is the Rust node's");
            our_attempt.wait_closed(LONG);
            their_attempt.welcome(&who, "ok_simultaneous");
        }
        rust.wait_joined(&who.name);
    }
}

/// Live version of the above: both sides dial whenever the link is down, and there is always one link in the end.
#[test]
fn row_05_both_sides_dial_and_one_link_stands() {
    let epmd = Epmd::start();
    let beam = Beam::options("a").epmd(&epmd).start();
    let rust = RustNode::options("rust").epmd(&epmd).join(beam.name()).start();
    rust.wait_joined(beam.name());
    for _ in 0..10 {
        let from = rust.process().lines().count();
        beam.eval(&format!("erlang:disconnect_node('{}')", rust.name()));
        rust.wait_left(from, beam.name());
        beam.wait_until(&format!("net_kernel:connect_node('{}')", rust.name()), LONG);
        rust.wait_joined_from(from, beam.name());
        assert_eq!(beam.eval(&format!("net_adm:ping('{}')", rust.name())), "pong");
    }
}

/// A second connection of a name that is connected: `alive`, and after `true` the new one takes over.
#[test]
fn row_04_a_peer_that_comes_again_takes_its_old_link_over() {
    let epmd = Epmd::start();
    let beam = Beam::options("a").epmd(&epmd).start();
    let rust = RustNode::options("rust").epmd(&epmd).join(beam.name()).start();
    rust.wait_joined(beam.name());
    let at = rust.address(&epmd);
    let mut who = Identity::new(&unique_name("raw", "127.0.0.1"));
    let mut old = RawPeer::join(at, &who);
    let from = rust.wait_joined(&who.name) + 1;

    who.creation += 1;
    let mut refused = RawPeer::connect(at);
    assert_eq!(refused.introduce(&who).as_deref(), Some("alive"));
    refused.send_packet(b"sfalse");
    refused.wait_closed(LONG);

    let mut new = RawPeer::connect(at);
    assert_eq!(new.introduce(&who).as_deref(), Some("alive"), "the old link is still there");
    new.send_packet(b"strue");
    new.prove(&who);
    old.wait_closed(LONG);
    rust.wait_joined_from(from, &who.name);

    new.ping(&who);
    assert_eq!(beam.eval(&format!("net_adm:ping('{}')", rust.name())), "pong", "others are not affected");
}

/// The other way round: the peer still holds our old link and says `alive`; we insist.
#[test]
fn row_04_it_insists_when_the_peer_says_alive() {
    let epmd = Epmd::start();
    let who = Identity::new(&unique_name("raw", "127.0.0.1"));
    let server = RawServer::registered(&epmd, &who.name);
    let rust = RustNode::options("rust").epmd(&epmd).join(&who.name).start();
    let mut peer = server.accept();
    peer.read_packet().expect("the Rust node introduces itself");
    peer.welcome(&who, "alive");
    rust.wait_joined(&who.name);
}

/// A BEAM that was stopped while the Rust node died still holds the old link when the new one comes.
#[test]
fn row_04_a_beam_that_missed_the_death_takes_the_new_link() {
    let epmd = Epmd::start();
    let beam = Beam::options("a").epmd(&epmd).start();
    let rust = RustNode::options("rust").epmd(&epmd).join(beam.name()).start();
    rust.wait_joined(beam.name());
    beam.process().stop();
    rust.kill();
    let again = rust.restart();
    beam.process().cont();
    again.wait_joined(beam.name());
    assert_eq!(beam.eval(&format!("net_adm:ping('{}')", again.name())), "pong");
}
