//! Handshakes that are unusual and right. A real BEAM takes each of them, and so does the Rust node.

use std::net::{Ipv4Addr, SocketAddr};

use outrigger_testkit::{Beam, Epmd, Identity, LONG, RAW_FLAGS, RawPeer, RawServer, RustNode, unique_name};

const DIGEST: u64 = 1 << 26;
const V4_NC: u64 = 1 << 34;
const UNLINK_ID: u64 = 1 << 25;
/// What the digest stands for: what OTP 25 demands.
const MANDATORY_25: u64 = 0x0107_0F94;

/// A BEAM, the Rust node, and their EPMD. No link between the two.
struct Pair {
    epmd: Epmd,
    beam: Beam,
    rust: RustNode,
}

impl Pair {
    fn start() -> Self {
        let epmd = Epmd::start();
        let beam = Beam::options("app").epmd(&epmd).start();
        let rust = RustNode::options("rust").epmd(&epmd).start();
        Self { epmd, beam, rust }
    }

    /// Both, by name, for raw peers.
    fn addresses(&self) -> [(&str, SocketAddr); 2] {
        let short = self.beam.name().split('@').next().unwrap_or_default();
        let port = self.epmd.client().port_of(short).unwrap_or_default();
        [
            (self.beam.name(), (Ipv4Addr::LOCALHOST, port).into()),
            (self.rust.name(), self.rust.address(&self.epmd)),
        ]
    }
}

fn stranger(flags: u64) -> Identity {
    Identity { flags, ..Identity::new(&unique_name("raw", "127.0.0.1")) }
}

#[test]
fn row_03_the_digest_alone_is_taken_for_what_otp_25_demands() {
    let pair = Pair::start();
    for (node, address) in pair.addresses() {
        let who = stranger(DIGEST | V4_NC | UNLINK_ID);
        assert_eq!(who.flags & MANDATORY_25, 0, "none of them is spelled out");
        RawPeer::join(address, &who).ping(&who);
        // It stands for no more than that: what OTP 26 demands on top has to be there.
        if node == pair.rust.name() {
            let old = stranger(DIGEST);
            let mut peer = RawPeer::connect(address);
            assert_eq!(peer.introduce(&old).as_deref(), Some("not_allowed"));
        }
    }
}

#[test]
fn row_07_bytes_behind_the_name_are_passed_over() {
    let pair = Pair::start();
    for (_node, address) in pair.addresses() {
        let who = stranger(RAW_FLAGS);
        let mut peer = RawPeer::connect(address);
        peer.send_packet(&[who.name_packet(), b"from a later release".to_vec()].concat());
        assert_eq!(peer.read_status().as_deref(), Some("ok"));
        peer.prove(&who);
        peer.ping(&who);
    }
}

/// The same in the challenge of a node that was dialled.
#[test]
fn row_07_bytes_behind_the_name_of_who_was_dialled_are_passed_over() {
    let epmd = Epmd::start();
    let who = stranger(RAW_FLAGS);
    let server = RawServer::registered(&epmd, &who.name);
    let rust = RustNode::options("rust").epmd(&epmd).join(&who.name).start();
    let mut peer = server.accept();
    assert!(peer.read_packet().is_some(), "a name comes");
    peer.send_status("ok");
    peer.challenge(&who, &[who.challenge_packet(5), b"from a later release".to_vec()].concat(), 5);
    rust.wait_joined(&who.name);
    peer.ping(&who);
}

/// `erl -sname undefined`: the node that it connects to first gives it a name and a creation.
#[test]
fn row_06_a_beam_without_a_name_gets_one_for_as_long_as_the_link_lasts() {
    let epmd = Epmd::start();
    let rust = RustNode::options("rust").short_names().epmd(&epmd).start();
    epmd.wait_registered(rust.short(), true);
    let beam = Beam::options("nameless").epmd(&epmd).nameless().start();
    let connect = format!("net_kernel:connect_node('{}')", rust.name());
    let mut names = Vec::new();
    for _ in 0..2 {
        assert_eq!(beam.eval("node()"), "nonode@nohost");
        assert_eq!(beam.eval(&connect), "true");
        let name = beam.eval("node()").trim_matches('\'').to_owned();
        assert_ne!(name, "nonode@nohost");
        rust.wait_joined(&name);
        // The creation, too, is the one that it got: pids that it sends and gets back are its own.
        assert_ne!(beam.eval_number("erlang:system_info(creation)"), 0);
        assert_eq!(beam.eval(&format!("net_adm:ping('{}')", rust.name())), "pong");
        let call = format!("gen_server:call({{outrigger_status, '{}'}}, status)", rust.name());
        assert!(beam.eval(&call).contains(&name), "the node knows it by that name");
        beam.eval(&format!("erlang:disconnect_node('{}')", rust.name()));
        beam.wait_until("node() =:= nonode@nohost", LONG);
        names.push(name);
    }
    assert_ne!(names[0], names[1], "no name is given twice");
}
