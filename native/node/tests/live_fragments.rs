//! Long messages against a real `erl`: whole, in order, and in nobody's way.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use bytes::Bytes;
use common::cluster::{Cluster, atom, next, term};
use common::raw;
use common::{addr, down, up, within};
use outrigger_node::{Dest, DownReason, Framing, Message, Node};
use outrigger_proto::fragments::Pieces;
use outrigger_term::{Reader, Writer};

/// `{Number, <<Byte, …>>}`.
fn numbered(number: i64, len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len + 32);
    let mut writer = Writer::new(&mut bytes);
    writer.tuple(2);
    writer.integer(number);
    writer.binary(&vec![number as u8; len]).unwrap();
    bytes
}

/// A process of the BEAM that answers each `{Number, Binary}` with the number and the length if all of it is right.
const CHECKER: &str = "register(checker, spawn(fun F() -> receive
      {From, N, B} -> ok = case binary:copy(<<N:8>>, byte_size(B)) of B -> ok; _ -> bad end, From ! {N, byte_size(B)}, F();
      {N, B} -> ok = case binary:copy(<<N:8>>, byte_size(B)) of B -> ok; _ -> bad end, {answers, RUST} ! {N, byte_size(B)}, F()
    end end)), ok";

fn answer(term: &Bytes) -> (i64, i64) {
    let mut reader = Reader::new(term);
    assert_eq!(reader.tuple().unwrap(), 2);
    (reader.integer().unwrap(), reader.integer().unwrap())
}

#[tokio::test]
async fn row_18_bulk_arrives_whole_and_in_order_in_both_directions_and_framings() {
    for fragments in [true, false] {
        let mut cluster = Cluster::start_with(|config| config.fragments = fragments).await;
        let link = cluster.node.links()[0].name.clone();
        let framing = cluster.node.link(&link).unwrap().framing();
        assert_eq!(framing, if fragments { Framing::Header } else { Framing::PassThrough });
        let mut ours = cluster.node.process().unwrap();
        ours.register("answers").unwrap();
        cluster.eval(CHECKER).await;
        // Small, around the size of a fragment, big, bigger.
        let sizes =
            [0, 1, 100, 65_516, 65_517, 65_535, 65_536, 65_537, 131_072, 1 << 20, 5 << 20, (20 << 20) + 3];
        for (number, &len) in sizes.iter().enumerate() {
            ours.send(&cluster.named("checker"), &numbered(number as i64, len)).unwrap();
        }
        for (number, &len) in sizes.iter().enumerate() {
            assert_eq!(answer(&term(&mut ours).await), (number as i64, len as i64));
        }
        // And back: what the BEAM sends comes in fragments from 64 KiB on.
        let list = sizes.map(|len| len.to_string()).join(",");
        cluster
            .eval(&format!(
                "[{{answers, RUST}} ! {{N rem 251, binary:copy(<<(N rem 251):8>>, N)}} || N <- [{list}]], ok"
            ))
            .await;
        for &len in &sizes {
            let bytes = term(&mut ours).await;
            let mut reader = Reader::new(&bytes);
            assert_eq!((reader.tuple().unwrap(), reader.integer().unwrap()), (2, len as i64 % 251));
            let binary = reader.binary().unwrap();
            assert_eq!(binary.len(), len);
            assert!(binary.iter().all(|&byte| i64::from(byte) == len as i64 % 251));
        }
        let info = &cluster.node.links()[0];
        assert_eq!(info.read.assembled > 0, fragments, "{info:?}");
        assert_eq!(info.written.long_signals > 0, fragments);
        assert_eq!(cluster.eval("nodes(hidden) == [RUST]").await, "true");
    }
}

#[tokio::test]
async fn row_37_small_messages_overtake_large_ones_of_others() {
    let mut cluster = Cluster::start().await;
    let (mut small, large) = (cluster.node.process().unwrap(), cluster.node.process().unwrap());
    small.register("answers").unwrap();
    cluster.eval(CHECKER).await;
    // The BEAM does not read for a while: all of this waits here, and the small one is sent last.
    let peer = cluster.named("checker");
    for number in 0..4 {
        large.send(&peer, &numbered(number, 12 << 20)).unwrap();
    }
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    writer.tuple(3);
    writer.pid(&small.pid().borrow()).unwrap();
    writer.integer(77);
    writer.binary(&[77]).unwrap();
    small.send(&peer, &bytes).unwrap();
    let mut order = Vec::new();
    for _ in 0..5 {
        order.push(answer(&term(&mut small).await).0);
    }
    // On a busy machine one of the large ones may be through before the small one is sent.
    assert_ne!(order.last(), Some(&77), "the small one waited for the large ones before it");
    order.retain(|number| *number != 77);
    assert_eq!(order, [0, 1, 2, 3], "one sender's messages keep their order");
}

#[tokio::test]
async fn row_20_a_large_message_to_a_name_and_row_42_of_many_small_parts() {
    let mut cluster = Cluster::start().await;
    let mut ours = cluster.node.process().unwrap();
    ours.register("inbox").unwrap();
    // Thousands of binaries of their own: the BEAM sends them as an I/O vector.
    cluster
        .eval("{inbox, RUST} ! [binary:copy(<<(N rem 256):8>>, 1000) || N <- lists:seq(1, 6000)], ok")
        .await;
    let bytes = term(&mut ours).await;
    let mut reader = Reader::new(&bytes);
    let length = reader.list().unwrap();
    assert_eq!(length, 6_000);
    for n in 1..=6_000_u32 {
        assert_eq!(reader.binary().unwrap(), [(n % 256) as u8; 1_000]);
    }
    reader.list_end(length).unwrap();
    // And the same term back.
    cluster.eval("register(main, self())").await;
    ours.send(&cluster.named("main"), &bytes).unwrap();
    let same = "receive L -> L =:= [binary:copy(<<(N rem 256):8>>, 1000) || N <- lists:seq(1, 6000)] after 9000 -> none end";
    assert_eq!(cluster.eval(same).await, "true");
}

#[tokio::test]
async fn row_21_many_tasks_send_over_one_link_at_once() {
    const TASKS: i64 = 8;
    const EACH: i64 = 2_000;
    let mut cluster = Cluster::start().await;
    let mut ours = cluster.node.process().unwrap();
    ours.register("done").unwrap();
    let count = format!(
        "register(sink, spawn(fun() -> (fun F(M, 0) -> {{done, RUST}} ! maps:to_list(M); F(M, Left) -> receive {{Who, N, _}} ->
           N = maps:get(Who, M, 0), F(M#{{Who => N + 1}}, Left - 1) end end)(#{{}}, {}) end)), ok",
        TASKS * EACH
    );
    cluster.eval(&count).await;
    let sink = cluster.named("sink");
    let tasks: Vec<_> = (0..TASKS)
        .map(|who| {
            let (node, sink) = (cluster.node.clone(), sink.clone());
            tokio::spawn(async move {
                let process = node.process().unwrap();
                for n in 0..EACH {
                    let mut bytes = Vec::new();
                    let mut writer = Writer::new(&mut bytes);
                    writer.tuple(3);
                    writer.integer(who);
                    writer.integer(n);
                    let len = if n % 500 == 250 { 300_000 } else { 60 };
                    writer.binary(&vec![0; len]).unwrap();
                    process.send(&sink, &bytes).unwrap();
                    if n % 50 == 0 {
                        tokio::task::yield_now().await;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        within("a sender", task).await.unwrap();
    }
    let done = term(&mut ours).await;
    let mut reader = Reader::new(&done);
    assert_eq!(i64::from(reader.list().unwrap()), TASKS, "each sender's numbers came without a gap");
}

#[tokio::test]
async fn row_38_a_sender_that_dies_in_the_middle_leaves_nothing_behind() {
    let mut cluster = Cluster::start().await;
    let mut ours = cluster.node.process().unwrap();
    ours.register("inbox").unwrap();
    cluster
        .eval(
            "Bin = binary:copy(<<7>>, 8388608),
             [begin P = spawn(fun() -> {inbox, RUST} ! Bin end), erlang:yield(), exit(P, kill) end || _ <- lists:seq(1, 30)],
             {inbox, RUST} ! last, ok",
        )
        .await;
    let last = atom("last");
    loop {
        let message = term(&mut ours).await;
        if message == last {
            break;
        }
        assert_eq!(Reader::new(&message).binary().unwrap().len(), 8 << 20, "whole, or not at all");
    }
    // What is open is finished or given up by the time that a later message of everyone has come.
    within("open fragments to be finished", async {
        while cluster.node.links()[0].open_fragment_bytes > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
    assert_eq!(cluster.eval("nodes(hidden) == [RUST]").await, "true");
}

/// A node, and a peer that has agreed on fragments and does what it likes.
async fn node_and_peer() -> (Node, raw::Raw) {
    let node = Node::start(common::config("a@127.0.0.1"), vec![]).await.unwrap();
    let flags = outrigger_node::Flags::OURS | outrigger_node::Flags::FRAGMENTS;
    let peer = raw::connect_with(addr(&node), "bad@127.0.0.1", "a@127.0.0.1", "secret", flags).await.unwrap();
    (node, peer)
}

#[tokio::test]
async fn row_39_a_gap_a_repetition_and_an_unknown_sequence_end_the_link() {
    let cases: [(&str, &[usize]); 5] = [
        ("a gap", &[0, 2]),
        ("a repetition", &[0, 1, 1]),
        ("a second beginning", &[0, 0]),
        ("an unknown sequence", &[1]),
        ("one too many", &[0, 1, 2, 3, 3]),
    ];
    for (what, order) in cases {
        let (node, mut peer) = node_and_peer().await;
        let mut events = node.events();
        up(&mut events, "bad@127.0.0.1").await;
        let inbox = node.process().unwrap();
        let payload = Bytes::from([&[109, 0, 3, 0, 0][..], &[5; 0x30000]].concat());
        let mut pieces =
            Pieces::new(9, payload, |w| outrigger_proto::control::encode::send(w, &inbox.pid().borrow()))
                .unwrap();
        let frames: Vec<_> = std::iter::from_fn(|| pieces.next()).map(|parts| parts.concat()).collect();
        assert_eq!(frames.len(), 4);
        for &at in order {
            peer.write(&frames[at]).await;
        }
        let reason = down(&mut events, "bad@127.0.0.1").await;
        assert!(matches!(reason, DownReason::Protocol(_)), "{what}: {reason}");
        assert_eq!(
            inbox.figures().waiting,
            usize::from(order.len() == 5),
            "{what}: what was whole before it is kept"
        );
        node.shutdown().await;
    }
}

#[tokio::test]
async fn row_41_bad_headers_end_the_link_and_what_came_before_is_kept() {
    let bodies: [&[u8]; 6] =
        [&[112, 131, 106], &[131], &[131, 68], &[131, 68, 1, 0, 0], &[131, 69, 0], &[131, 71, 0, 0]];
    for body in bodies {
        let (node, mut peer) = node_and_peer().await;
        let mut events = node.events();
        up(&mut events, "bad@127.0.0.1").await;
        let mut inbox = node.process().unwrap();
        let mut good = Vec::new();
        outrigger_proto::frame::append(&mut good, Framing::Header, Some(&[97, 1]), |w| {
            outrigger_proto::control::encode::send(w, &inbox.pid().borrow())
        })
        .unwrap();
        let bad = [&(body.len() as u32).to_be_bytes(), body].concat();
        peer.write(&[good, bad].concat()).await;
        let reason = down(&mut events, "bad@127.0.0.1").await;
        assert!(matches!(reason, DownReason::Protocol(_)), "{body:?}: {reason}");
        assert_eq!(next(&mut inbox).await, Message::Term(Bytes::from_static(&[97, 1])));
        node.shutdown().await;
    }
}

#[tokio::test]
async fn a_local_destination_costs_no_link() {
    let cluster = Cluster::start().await;
    let (one, mut two) = (cluster.node.process().unwrap(), cluster.node.process().unwrap());
    let before = cluster.node.links()[0].written.signals;
    one.send(&Dest::from(two.pid()), &numbered(1, 1 << 20)).unwrap();
    assert_eq!(term(&mut two).await.len(), (1 << 20) + 9);
    assert_eq!(cluster.node.links()[0].written.signals, before);
}
