//! Bad input before a link stands: garbage, wrong proofs, connections that never finish, servers that are no BEAM.
//! Every test runs beside traffic of two healthy nodes, which must lose nothing.

use std::time::Duration;

use outrigger_testkit::{
    Cluster, Identity, LONG, RAW_FLAGS, RawPeer, RawServer, RustNode, Traffic, unique_name,
};

#[test]
fn garbage_instead_of_a_handshake() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    let at = cluster.rust_address();
    let who = Identity::new(&unique_name("raw", "127.0.0.1"));
    let named = |name: &str| Identity { name: name.to_owned(), ..who.clone() }.name_packet();
    let mut cut = who.name_packet();
    cut.truncate(20);
    let mut with_nul = who.name_packet();
    with_nul[16] = 0;
    let mut long_length = who.name_packet();
    long_length[13..15].copy_from_slice(&[0xFF, 0xFF]);
    let packets: Vec<(&str, Vec<u8>)> = vec![
        ("an empty packet", vec![]),
        ("one byte", vec![b'N']),
        ("an unknown tag", vec![b'X'; 40]),
        ("a name that is cut", cut),
        ("a name length beyond the packet", long_length),
        ("no name at all", named("")),
        ("a name without a host", named("raw")),
        ("a name without a short part", named("@127.0.0.1")),
        ("two @", named("a@b@127.0.0.1")),
        ("a name with a line break", named("a\nb@127.0.0.1")),
        ("a name with a NUL", with_nul),
        ("a name of 300 bytes", named(&format!("{}@127.0.0.1", "n".repeat(300)))),
        ("a name of 30000 bytes", named(&format!("{}@127.0.0.1", "n".repeat(30_000)))),
        ("the old handshake", [b"n\x00\x05\x00\x00\x00\x00", who.name.as_bytes()].concat()),
        ("a status out of turn", b"sok".to_vec()),
        ("a reply out of turn", who.reply_packet(1, 2)),
    ];
    for (what, packet) in packets {
        let from = cluster.rust().process().lines().count();
        let mut peer = RawPeer::connect(at);
        peer.send_packet(&packet);
        peer.wait_closed(LONG);
        cluster.rust().wait_log(from, LONG, &["handshake"]);
        assert!(cluster.rust().process().is_running(), "{what}");
    }
    let bytes: [(&str, &[u8]); 4] = [
        ("HTTP", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("TLS", b"\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03"),
        ("a packet of 64 KiB", &[0xFF; 70_000]),
        ("four bytes of length", b"\x00\x00\x00\x20NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN"),
    ];
    for (what, bytes) in bytes {
        let mut peer = RawPeer::connect(at);
        peer.send_bytes(bytes);
        peer.half_close();
        peer.wait_closed(LONG);
        assert!(cluster.rust().process().is_running(), "{what}");
    }
    traffic.finish();
}

#[test]
fn row_02_a_peer_that_lacks_what_otp_demands_is_not_allowed() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    let mandatory = 0x4_0307_0F94_u64;
    for bit in (0..64).map(|n| 1_u64 << n).filter(|bit| mandatory & bit != 0) {
        let mut who = Identity::new(&unique_name("old", "127.0.0.1"));
        who.flags = RAW_FLAGS & !bit;
        let from = cluster.rust().process().lines().count();
        let mut peer = RawPeer::connect(cluster.rust_address());
        let status = peer.introduce(&who);
        assert!(matches!(status.as_deref(), Some("not_allowed") | None), "{bit:#x}: {status:?}");
        peer.wait_closed(LONG);
        cluster.rust().wait_log(from, LONG, &["handshake"]);
    }
    traffic.finish();
}

#[test]
fn wrong_proofs_are_refused() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    for cookie in ["another-cookie", "", "kit-cooki"] {
        let mut who = Identity::new(&unique_name("liar", "127.0.0.1"));
        cookie.clone_into(&mut who.cookie);
        let from = cluster.rust().process().lines().count();
        let mut peer = RawPeer::connect(cluster.rust_address());
        assert_eq!(peer.introduce(&who).as_deref(), Some("ok"));
        let challenge = peer.read_packet().expect("a challenge comes");
        assert_eq!(challenge[0], b'N');
        let theirs = u32::from_be_bytes([challenge[9], challenge[10], challenge[11], challenge[12]]);
        peer.send_packet(&who.reply_packet(theirs, 1));
        assert_eq!(peer.read_packet(), None, "no proof is given to one who has none");
        cluster.rust().wait_log(from, LONG, &[&who.name, "cookie"]);
    }
    for reply in [&b"r"[..], b"r1234", b"x01234567890123456789", &[b'r'; 200], b""] {
        let who = Identity::new(&unique_name("liar", "127.0.0.1"));
        let mut peer = RawPeer::connect(cluster.rust_address());
        assert_eq!(peer.introduce(&who).as_deref(), Some("ok"));
        peer.read_packet().expect("a challenge comes");
        peer.send_packet(reply);
        peer.wait_closed(LONG);
    }
    traffic.finish();
}

/// They fill all places for handshakes, and the node closes each when its time is over. Meanwhile links work, the
/// node can dial, and afterwards it accepts again.
#[test]
fn row_10_two_hundred_connections_that_never_finish() {
    let cluster = Cluster::start(3);
    let traffic = Traffic::start(&cluster);
    let before = cluster.rust().process().resident_kib();
    let who = Identity::new(&unique_name("slow", "127.0.0.1"));
    let packet = who.name_packet();
    let mut peers: Vec<_> = (0..200)
        .map(|n| {
            let mut peer = RawPeer::connect(cluster.rust_address());
            peer.send_bytes(&[&[0, 60][..], &packet[..n % packet.len()]].concat());
            peer
        })
        .collect();
    let third = cluster.beam(2);
    traffic.wait_more();
    let from = cluster.rust().process().lines().count();
    third.kill();
    let third = third.restart();
    cluster.rust().wait_joined_from(from, third.name());
    for peer in &mut peers {
        peer.wait_closed(Duration::from_secs(60));
    }
    let newcomer = outrigger_testkit::Beam::options("new").epmd(cluster.epmd()).start();
    newcomer.wait_until(&format!("net_adm:ping('{}') =:= pong", cluster.rust().name()), LONG);
    let grown = cluster.rust().process().resident_kib().saturating_sub(before);
    assert!(grown < 32 << 10, "200 connections cost {grown} KiB");
    traffic.finish();
}

#[test]
fn a_flood_of_connections() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    let at = cluster.rust_address();
    for n in 0..1500_usize {
        let mut peer = RawPeer::connect(at);
        if n % 3 == 0 {
            peer.send_packet(&[b'N'; 30][..n % 30]);
        }
    }
    traffic.wait_more();
    // And a flood of real ones.
    let peers: Vec<_> =
        (0..200).map(|_| RawPeer::join(at, &Identity::new(&unique_name("flood", "127.0.0.1")))).collect();
    traffic.wait_more();
    drop(peers);
    traffic.finish();
}

/// The Rust node joins servers that play BEAM badly.
#[test]
fn row_10_bad_and_silent_servers_are_left_alone_with_a_reason() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    let names: Vec<_> = (0..7).map(|_| unique_name("bad", "127.0.0.1")).collect();
    let servers: Vec<_> = names.iter().map(|name| RawServer::registered(cluster.epmd(), name)).collect();
    let joins = names.join(",");
    // A second Rust node does the joining; the first one and its traffic are the bystanders of the same machine, and
    // the second one must keep its own good link.
    let good = cluster.beam(0).name();
    let rust = RustNode::options("joiner").epmd(cluster.epmd()).join(good).join(&joins).start();
    rust.wait_joined(good);
    let steady = rust.process().lines().count();
    let accept = |n: usize| {
        let mut peer = servers[n].accept();
        let name = peer.read_packet().expect("the node introduces itself");
        assert_eq!(name[0], b'N');
        peer
    };
    let mut peers = Vec::new();
    for (n, answer) in [&b"sbanana"[..], b"", &[b'z'; 2000]].into_iter().enumerate() {
        let mut peer = accept(n);
        peer.send_packet(answer);
        peers.push(peer);
    }
    drop(accept(3));
    // Pretends to be another node than the one that was dialled.
    let mut imposter = accept(4);
    imposter.send_status("ok");
    imposter.send_packet(&Identity::new(cluster.beam(1).name()).challenge_packet(1));
    imposter.wait_closed(LONG);
    // Cannot prove the cookie.
    let mut liar = accept(5);
    let mut who = Identity::new(&names[5]);
    liar.send_status("ok");
    liar.send_packet(&who.challenge_packet(1));
    liar.read_packet().expect("the node proves its cookie first");
    "another".clone_into(&mut who.cookie);
    liar.send_packet(&who.ack_packet(1));
    liar.wait_closed(LONG);
    // Never says a word.
    let mut silent = accept(6);
    silent.wait_closed(LONG);
    for name in &names {
        rust.wait_log(0, LONG, &[name]);
    }
    assert!(!rust.process().lines().seen(steady, |line| line.contains("left") && line.contains(good)));
    assert_eq!(cluster.beam(0).eval(&format!("net_adm:ping('{}')", rust.name())), "pong");
    traffic.finish();
}
