//! Peers with a good handshake and bad manners: silent, deaf, or with absurd requests. Two healthy nodes exchange
//! messages beside them and lose nothing.

use std::time::Duration;

use outrigger_testkit::{Cluster, Identity, LONG, RawPeer, Traffic, etf, unique_name};

#[track_caller]
fn raw(cluster: &Cluster) -> (RawPeer, Identity) {
    let who = Identity::new(&unique_name("raw", "127.0.0.1"));
    (RawPeer::join(cluster.rust_address(), &who), who)
}

/// The machine behind a link is gone and no packet says so.
#[test]
fn a_half_open_socket_is_dropped_at_the_tick_deadline() {
    let cluster = Cluster::start_with(2, |options| options, Some(4));
    let traffic = Traffic::start(&cluster);
    let from = cluster.rust().process().lines().count();
    let (silent, who) = raw(&cluster);
    let (closing, closed) = raw(&cluster);
    closing.half_close();
    cluster.rust().wait_left(from, &closed.name);
    cluster.rust().wait_left(from, &who.name);
    cluster.rust().wait_log(from, LONG, &[&who.name, "nothing was heard for"]);
    drop(silent);
    traffic.finish();
}

/// A member that does not read: what waits for it is bounded, beyond that its own copies are dropped, and nobody else's.
#[test]
fn a_peer_that_stops_reading_loses_alone_and_memory_is_bounded() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    let (mut deaf, who) = raw(&cluster);
    let from = cluster.rust().wait_joined(&who.name);
    let worker = etf::pid(&who.name, 1, 0, who.creation);
    let group = |name: &str| etf::tuple(&[etf::atom("attach"), etf::int(1), etf::atom(name), worker.clone()]);
    deaf.send_frame(&etf::reg_send(&worker, "outrigger_pubsub", &group("bulk")));
    let names = cluster.names();
    let [a, b] = [0, 1].map(|n| cluster.group(n, "bulk"));
    a.join(&[names[0], &who.name]);
    b.join(&[names[0], names[1], &who.name]);
    a.wait_members(&[names[0], names[1], &who.name]);
    let before = cluster.rust().process().resident_kib();
    let mut highest = before;
    // 1 MiB each; the next one goes when the healthy member has the last, so that only the deaf one falls behind.
    for n in 1..=200 {
        a.publish(&format!("{{{n}, binary:copy(<<0>>, 1 bsl 20)}}"));
        b.wait("kit_group:data(bulk) =/= []", LONG);
        b.forget();
        highest = highest.max(cluster.rust().process().resident_kib());
    }
    let grown = highest.saturating_sub(before);
    assert!(grown < 100 << 10, "the bound is 4 MiB and 32 MiB, and {grown} KiB were used");
    let left = |line: &str| line.contains("link down") && line.contains(&who.name);
    assert!(!cluster.rust().process().lines().seen(from, left), "it may read on");
    drop(deaf);
    cluster.rust().wait_left(from, &who.name);
    a.wait_members(&names);
    traffic.finish();
}

#[test]
fn absurd_requests_to_the_router() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    let (mut peer, mut who) = raw(&cluster);
    let me = etf::pid(&who.name, 1, 0, who.creation);
    let stranger = etf::pid("someone@else.where", 1, 0, 1);
    let (attach, cover, one) = (etf::atom("attach"), etf::atom("cover"), etf::int(1));
    let group = etf::atom("g");
    let requests: Vec<Vec<u8>> = vec![
        etf::atom("attach"),
        etf::tuple(&[]),
        etf::tuple(std::slice::from_ref(&attach)),
        etf::tuple(&[attach.clone(), etf::int(2), group.clone(), me.clone()]),
        etf::tuple(&[attach.clone(), etf::int(-1), group.clone(), me.clone()]),
        etf::tuple(&[attach.clone(), etf::int(i32::MAX), group.clone(), me.clone()]),
        etf::tuple(&[
            attach.clone(),
            vec![110, 8, 0, 255, 255, 255, 255, 255, 255, 255, 255],
            group.clone(),
            me.clone(),
        ]),
        etf::tuple(&[attach.clone(), etf::atom("one"), group.clone(), me.clone()]),
        etf::tuple(&[attach.clone(), one.clone(), etf::int(7), me.clone()]),
        etf::tuple(&[attach.clone(), one.clone(), etf::atom(""), me.clone()]),
        etf::tuple(&[attach.clone(), one.clone(), etf::atom(&"g".repeat(256)), me.clone()]),
        etf::tuple(&[attach.clone(), one.clone(), etf::atom(&"g".repeat(60_000)), me.clone()]),
        etf::tuple(&[attach.clone(), one.clone(), etf::atom("new\nline\u{1b}[31m"), me.clone()]),
        etf::tuple(&[attach.clone(), one.clone(), vec![119, 2, 0xC3, 0x28], me.clone()]),
        etf::tuple(&[attach.clone(), one.clone(), group.clone(), stranger]),
        etf::tuple(&[attach.clone(), one.clone(), group.clone(), etf::atom("me")]),
        etf::tuple(&[attach, one.clone(), group.clone(), me.clone(), me.clone()]),
        etf::tuple(&[cover.clone(), one.clone(), group.clone(), etf::atom("not a list")]),
        etf::tuple(&[cover.clone(), one.clone(), group.clone(), vec![108, 255, 255, 255, 255, 106]]),
        etf::tuple(&[
            cover.clone(),
            one.clone(),
            group.clone(),
            etf::list(&[etf::atom("no_host"), etf::int(1)]),
        ]),
        etf::tuple(&[cover, one.clone(), group.clone(), vec![107, 0, 3, 1, 2, 3]]),
        etf::tuple(&[etf::atom("detach"), one.clone(), group.clone(), me.clone()]),
        etf::tuple(&[etf::atom("explode"), one, group, me.clone()]),
        etf::nested(100_000),
        etf::binary(&vec![0; 1 << 20]),
    ];
    for request in &requests {
        peer.send_frame(&etf::reg_send(&me, "outrigger_pubsub", request));
        traffic.wait_more();
        assert!(cluster.rust().process().is_running(), "{:?}", &request[..request.len().min(60)]);
        // Whatever it did with the link, the next request comes over a good one.
        if cluster.rust().process().lines().seen(0, |line| line.contains("left") && line.contains(&who.name))
        {
            (peer, who) = raw(&cluster);
        }
    }
    assert!(
        !cluster.rust().process().lines().seen(0, |line| line.contains('\u{1b}')),
        "a peer's bytes reach the log escaped"
    );
    traffic.finish();
}

/// One peer asks for more groups than there can be, and covers nodes that do not exist.
#[test]
fn too_much_of_a_good_thing_is_bounded() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    let before = cluster.rust().process().resident_kib();
    let (mut peer, who) = raw(&cluster);
    let me = etf::pid(&who.name, 1, 0, who.creation);
    let mut writer =
        RawPeer::join(cluster.rust_address(), &Identity::new(&unique_name("second", "127.0.0.1")));
    for n in 0..20_000 {
        let group = etf::atom(&format!("group_{n}"));
        let attach = etf::tuple(&[etf::atom("attach"), etf::int(1), group, me.clone()]);
        peer.send_frame(&etf::reg_send(&me, "outrigger_pubsub", &attach));
        if n % 500 == 0 {
            let far = etf::atom(&format!("nobody{n}@127.0.0.1"));
            let cover =
                etf::tuple(&[etf::atom("cover"), etf::int(1), etf::atom("group_0"), etf::list(&[far])]);
            peer.send_frame(&etf::reg_send(&me, "outrigger_pubsub", &cover));
        }
    }
    peer.read_frame_where(|frame| etf::contains(frame, b"too_many_groups"));
    // Monitors, links and exits for pids that never were, by the thousand.
    let nobody = etf::pid(cluster.rust().name(), 12345, 6, 7);
    let reference = etf::reference(&who.name, who.creation, &[1, 2, 3]);
    for _ in 0..5_000 {
        for control in [
            etf::tuple(&[etf::int(1), me.clone(), nobody.clone()]),
            etf::tuple(&[etf::int(19), me.clone(), nobody.clone(), reference.clone()]),
            etf::tuple(&[etf::int(19), me.clone(), etf::atom("nobody"), reference.clone()]),
            etf::tuple(&[etf::int(20), me.clone(), nobody.clone(), reference.clone()]),
        ] {
            writer.send_frame(&etf::message(&control, &[]));
        }
        writer.send_frame(&etf::send(&nobody, &etf::int(1)));
    }
    traffic.wait_more();
    let grown = cluster.rust().process().resident_kib().saturating_sub(before);
    assert!(grown < 96 << 10, "{grown} KiB");
    drop((peer, writer));
    traffic.finish();
}

/// Wait: a link that goes in the middle of a frame leaves no trace at the others.
#[test]
fn a_link_cut_inside_a_frame() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    for cut in [1, 3, 4, 5, 30] {
        let (mut peer, who) = raw(&cluster);
        let from = cluster.rust().wait_joined(&who.name);
        let me = etf::pid(&who.name, 1, 0, who.creation);
        let frame = etf::reg_send(&me, "outrigger_pubsub", &etf::atom("x"));
        let bytes = [&u32::try_from(frame.len()).unwrap_or(0).to_be_bytes()[..], &frame].concat();
        peer.send_bytes(&bytes[..cut]);
        drop(peer);
        cluster.rust().wait_log(from, Duration::from_secs(30), &["left", &who.name]);
    }
    traffic.finish();
}
