//! Bad input before a link stands: garbage, wrong proofs, connections that never finish, servers that are no BEAM.
//! Every test runs beside traffic of two healthy nodes, which must lose nothing.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use outrigger_testkit::{
    Beam, Cluster, Epmd, Identity, LONG, RAW_FLAGS, RawPeer, RawServer, RustNode, Traffic, unique_name,
};

#[test]
fn garbage_instead_of_a_handshake() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    let at = cluster.rust_address();
    let who = Identity::new(&unique_name("raw", "127.0.0.1"));
    let mut cut = who.name_packet();
    cut.truncate(20);
    let mut long_length = who.name_packet();
    long_length[13..15].copy_from_slice(&[0xFF, 0xFF]);
    let packets: Vec<(&str, Vec<u8>)> = vec![
        ("an empty packet", vec![]),
        ("one byte", vec![b'N']),
        ("an unknown tag", vec![b'X'; 40]),
        ("a name that is cut", cut),
        ("a name length beyond the packet", long_length),
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
fn row_09_illegal_and_overlong_names_are_refused() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    for name in [
        "",
        "raw",
        "@127.0.0.1",
        "raw@",
        "a@b@127.0.0.1",
        "a\nb@127.0.0.1",
        "a\0b@127.0.0.1",
        "a b@127.0.0.1",
        "a\u{1b}[31mb@127.0.0.1",
        &format!("{}@127.0.0.1", "n".repeat(246)),
        &format!("{}@127.0.0.1", "n".repeat(1_000)),
        &format!("n@{}", "h".repeat(254)),
        &format!("{}@127.0.0.1", "n".repeat(30_000)),
    ] {
        let from = cluster.rust().process().lines().count();
        let mut peer = RawPeer::connect(cluster.rust_address());
        peer.send_packet(&Identity { name: name.to_owned(), ..Identity::new("raw@h") }.name_packet());
        peer.wait_closed(LONG);
        cluster.rust().wait_log(from, LONG, &["handshake failed"]);
        assert!(
            !cluster.rust().process().dump().contains('\u{1b}'),
            "an escape code of a peer is in the log"
        );
    }
    // The longest that there may be is one of a peer like any other.
    let longest = format!("{}@127.0.0.1", "n".repeat(245));
    let peer = RawPeer::join(cluster.rust_address(), &Identity::new(&longest));
    cluster.rust().wait_joined(&longest[..100]);
    drop(peer);
    traffic.finish();
}

/// Whoever does not know the cookie can say any name, and that costs its owner nothing: neither the one who connects to
/// us nor the one whom we connect to, whichever name is the greater one.
#[test]
fn row_10_a_false_name_does_not_keep_the_real_peer_out() {
    let epmd = Epmd::start();
    let rust = RustNode::options("middle").epmd(&epmd).start();
    let at = rust.address(&epmd);
    for short in ["aaa", "zzz"] {
        let beam = Beam::options(short).epmd(&epmd).start();
        let mut false_ones: Vec<_> = (0..20).map(|_| RawPeer::connect(at)).collect();
        for peer in &mut false_ones {
            assert_eq!(peer.introduce(&Identity::new(beam.name())).as_deref(), Some("ok"));
        }
        assert_eq!(beam.eval(&format!("net_adm:ping('{}')", rust.name())), "pong");
        // The link is not theirs to end: neither by a wrong proof nor by the end of their time.
        let last = false_ones.last_mut().expect("there are some");
        last.read_packet().expect("a challenge comes");
        let liar = Identity { cookie: "another".to_owned(), ..Identity::new(beam.name()) };
        last.send_packet(&liar.reply_packet(1, 1));
        false_ones.iter_mut().for_each(|peer| peer.wait_closed(LONG));
        assert_eq!(
            beam.eval(&format!("[N || N <- nodes(hidden), N =:= '{}']", rust.name())),
            format!("['{}']", rust.name())
        );
        let ended = |line: &str| line.contains("left") && line.contains(beam.name());
        assert!(!rust.process().lines().seen(0, ended));
    }
}

#[test]
fn row_10_a_false_name_does_not_keep_us_from_dialling() {
    let epmd = Epmd::start();
    for short in ["aaa", "zzz"] {
        let name = unique_name(short, "127.0.0.1");
        let rust = RustNode::options("middle").epmd(&epmd).join(&name).start();
        let at = rust.address(&epmd);
        let (joined, stop) = channel::<()>();
        let claimed = name.clone();
        let claiming = std::thread::spawn(move || {
            // None is let go: who holds the name once, holds it to the end of its time.
            let mut held = Vec::new();
            while stop.recv_timeout(Duration::from_millis(20)) == Err(RecvTimeoutError::Timeout) {
                let mut peer = RawPeer::connect(at);
                peer.send_packet(&Identity::new(&claimed).name_packet());
                held.push(peer);
            }
        });
        rust.wait_log(0, LONG, &[&name, "is not registered"]);
        let beam = Beam::options(short).name(&name).epmd(&epmd).start();
        rust.wait_joined(&name);
        drop(joined);
        claiming.join().expect("the claims are made");
        assert_eq!(beam.eval(&format!("net_adm:ping('{}')", rust.name())), "pong");
    }
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
    let newcomer = Beam::options("new").epmd(cluster.epmd()).start();
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
