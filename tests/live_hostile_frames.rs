//! Bad input on a link that stands: broken frames, control tuples and payloads. Each costs its own link, with a
//! reason in the log, while two healthy nodes exchange messages and lose nothing.

use outrigger_testkit::{Cluster, Identity, LONG, RawPeer, Traffic, etf, unique_name};

/// A raw peer with a link.
#[track_caller]
fn raw(cluster: &Cluster) -> (RawPeer, Identity) {
    let who = Identity::new(&unique_name("raw", "127.0.0.1"));
    (RawPeer::join(cluster.rust_address(), &who), who)
}

/// Sends bytes over a link of their own: the node must drop it and say why.
#[track_caller]
fn is_dropped_for(cluster: &Cluster, bytes: &[u8]) {
    let (mut peer, who) = raw(cluster);
    peer.send_bytes(bytes);
    peer.wait_closed(LONG);
    cluster.rust().wait_log(0, LONG, &[&who.name, "broke the protocol"]);
}

fn framed(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes(), body].concat()
}

#[test]
fn row_41_broken_frames() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    let bodies: Vec<Vec<u8>> = vec![
        vec![0],
        vec![255; 100],
        vec![131, 68, 0],    // a distribution header, which was not agreed on
        vec![131, 69, 0, 0], // a fragment, neither
        vec![131, 104, 1, 97, 1],
        vec![112],
        vec![112, 131],
        vec![112, 130, 104, 0],
        vec![112, 131, 104],
        vec![112, 131, 104, 0],
        vec![112, 131, 105, 255, 255, 255, 255],
        vec![112, 131, 106],
        vec![112, 131, 97, 1],
        vec![112, 131, 80, 0, 0, 0, 1, 0],
        vec![112, 131, 104, 1, 82, 0], // an atom cache reference
        [vec![112, 131], etf::nested(1_000_000)].concat(),
        [vec![112, 131], [104_u8, 1].repeat(1_000_000)].concat(),
    ];
    for body in bodies {
        is_dropped_for(&cluster, &framed(&body));
    }
    traffic.finish();
}

#[test]
fn row_40_unknown_and_malformed_control_tuples_of_every_family() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    let op = |op: i32, rest: &[Vec<u8>]| {
        framed(&etf::message(&etf::tuple(&[&[etf::int(op)], rest].concat()), &etf::atom("payload")))
    };
    for unknown in [0, 5, 9, 10, 11, 14, 15, 17, 38, 99, 255, 256, -1, i32::MIN, i32::MAX] {
        is_dropped_for(&cluster, &op(unknown, &[etf::int(1), etf::int(2)]));
    }
    for not_an_op in [etf::atom("send"), vec![110, 9, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1], vec![106], vec![70; 9]] {
        is_dropped_for(&cluster, &framed(&etf::message(&etf::tuple(&[not_an_op]), &[])));
    }
    let families = [
        1, 2, 3, 4, 6, 7, 8, 12, 13, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34,
        35, 36, 37,
    ];
    for family in families {
        let nonsense = [etf::list(&[etf::int(1)]), etf::list(&[etf::int(2)]), etf::list(&[etf::int(3)])];
        is_dropped_for(&cluster, &op(family, &[]));
        is_dropped_for(&cluster, &op(family, &nonsense[..2]));
        is_dropped_for(&cluster, &op(family, &nonsense));
        is_dropped_for(&cluster, &op(family, &vec![etf::int(0); 40]));
        // The tuple is cut in the middle of its second element.
        let cut = [&[112, 131, 104, 4, 97][..], &family.to_be_bytes()[3..], &[88, 119, 200, b'x']].concat();
        is_dropped_for(&cluster, &framed(&cut));
    }
    traffic.finish();
}

/// What a length claims costs nothing: neither more than is allowed, nor less than that but never sent.
#[test]
fn lengths_that_lie_cost_no_memory() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    let before = cluster.rust().process().resident_kib();
    for claim in [u32::MAX, 1 << 31, (64 << 20) + 1] {
        is_dropped_for(&cluster, &[&claim.to_be_bytes()[..], &[112; 64]].concat());
    }
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let (mut peer, who) = raw(&cluster);
            peer.send_bytes(&[&(60_u32 << 20).to_be_bytes()[..], &[112; 64]].concat());
            (peer, who)
        })
        .collect();
    for (_, who) in &waiting {
        cluster.rust().wait_joined(&who.name);
    }
    traffic.wait_more();
    let grown = cluster.rust().process().resident_kib().saturating_sub(before);
    assert!(grown < 24 << 10, "20 times 60 MiB were announced, and {grown} KiB were allocated for it");
    drop(waiting);
    traffic.finish();
}

/// A well-formed frame to a group with a payload that no BEAM could decode would make every receiver close its link
/// to us. So it must not be passed on: the sender pays.
#[test]
fn row_41_a_broken_payload_reaches_nobody() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    let broken: Vec<Vec<u8>> = vec![
        vec![255],
        vec![104, 5, 97, 1],
        vec![109, 0xFF, 0xFF, 0xFF, 0xFF, 1],
        vec![82, 0],
        vec![97, 1, 97, 2],
        vec![119, 3, 0xFF, 0xFE, 0xFD],
    ];
    for payload in broken {
        let (mut peer, who) = raw(&cluster);
        let route = attach(&mut peer, &who, &cluster);
        peer.send_frame(&etf::send(&route, &payload));
        peer.wait_closed(LONG);
        cluster.rust().wait_log(0, LONG, &[&who.name, "broke the protocol"]);
        traffic.wait_more();
        for (n, name) in cluster.names().iter().enumerate() {
            let fell =
                cluster.rust().process().lines().seen(0, |line| line.contains("left") && line.contains(name));
            assert!(!fell, "payload {payload:?} made node {n} close its link");
        }
    }
    traffic.finish();
}

/// Deep nesting is legal. It passes to the other nodes as it is, and the node that passes it does not recurse.
#[test]
fn a_deeply_nested_payload_harms_nobody() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    let (mut peer, who) = raw(&cluster);
    let route = attach(&mut peer, &who, &cluster);
    for payload in [etf::nested(1_000_000), [[104_u8, 1].repeat(1_000_000), vec![106]].concat()] {
        let me = etf::pid(&who.name, 1, 0, who.creation);
        let data = [etf::atom("$outrigger"), etf::int(1), me, etf::binary(b"t"), payload, etf::atom("none")];
        peer.send_frame(&etf::send(&route, &etf::tuple(&data)));
    }
    traffic.wait_more();
    // To a name and to a pid that nobody has, and to the router itself.
    let (mut peer, who) = raw(&cluster);
    let me = etf::pid(&who.name, 1, 0, who.creation);
    for name in ["outrigger_pubsub", "net_kernel", "rex", "nobody"] {
        peer.send_frame(&etf::reg_send(&me, name, &etf::nested(1_000_000)));
    }
    traffic.wait_more();
    traffic.finish();
}

/// Random frames, the same in every run.
#[test]
fn random_frames() {
    let cluster = Cluster::start(2);
    let traffic = Traffic::start(&cluster);
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or(0)
    };
    for round in 0..300 {
        let (mut peer, who) = raw(&cluster);
        let me = etf::pid(&who.name, 1, 0, who.creation);
        let good = etf::reg_send(&me, "outrigger_pubsub", &etf::tuple(&[etf::atom("attach"), etf::int(1)]));
        for _ in 0..10 {
            let mut frame = good.clone();
            for _ in 0..=next() % 4 {
                let at = next() % frame.len();
                frame[at] = next().to_le_bytes()[0];
            }
            frame.truncate(frame.len() - (next() % 3) * (next() % 10));
            peer.send_frame(&frame);
        }
        assert!(cluster.rust().process().is_running(), "round {round}");
    }
    traffic.wait_more();
    traffic.finish();
}

/// Attaches a raw peer to the group of the traffic; the route that it may publish on.
#[track_caller]
fn attach(peer: &mut RawPeer, who: &Identity, cluster: &Cluster) -> Vec<u8> {
    let worker = etf::pid(&who.name, 1, 0, who.creation);
    let group = etf::atom(Traffic::GROUP);
    let attach = etf::tuple(&[etf::atom("attach"), etf::int(1), group, worker.clone()]);
    peer.send_frame(&etf::reg_send(&worker, "outrigger_pubsub", &attach));
    let own = etf::atom(&who.name);
    let members = peer.read_frame_where(|frame| {
        etf::contains(frame, b"$outrigger_members") && etf::contains(etf::payload_of(frame), &own)
    });
    etf::pids_in(etf::payload_of(&members), cluster.rust().name())[1].clone()
}
