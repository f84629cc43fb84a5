//! What a link has to bear: messages from before it was up, changes of the group leader, and peers that break its rules while
//! fragments and the atom cache are agreed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;
#[path = "../../../tests/support/dist_header.rs"]
mod dist_header;

use bytes::Bytes;
use common::cluster::{Cluster, atom, next, term};
use common::{addr, down, raw, up};
use dist_header::{new, old};
use outrigger_node::{AtomCache, DownReason, Flags, Message, Node, Process};
use outrigger_proto::control::Op;
use outrigger_term::{Reader, Writer};

#[tokio::test]
async fn row_22_a_change_of_the_group_leader_does_no_harm() {
    let mut cluster = Cluster::start().await;
    let mut ours = cluster.node.process().unwrap();
    let gone = cluster.node.process().unwrap().pid().clone();
    for (pid, answer) in [(ours.pid().clone(), "one"), (gone, "two")] {
        ours.register(answer).unwrap();
        cluster
            .eval(&format!(
                "catch unregister(main), register(main, spawn(fun() -> receive P ->
                   true = group_leader(self(), P), {{{answer}, RUST}} ! {answer} end end)), ok"
            ))
            .await;
        cluster.give(&ours, &pid);
        assert_eq!(term(&mut ours).await, atom(answer));
    }
    let info = &cluster.node.links()[0];
    assert_eq!(info.read.ignored, 2, "both came, and were counted");
    assert_eq!(cluster.eval("nodes(hidden) == [RUST]").await, "true");
}

/// Terms for which a BEAM has an encoding for every peer and one for the peer that it hopes for.
const HOPEFUL: &str = "[<<5:3>>, <<1, 2, 3:7>>, fun lists:map/2, fun(X) -> X end, #{a => <<>>}, 1.5, self(), make_ref(),
    list_to_atom(lists:duplicate(250, 1071)), [1 | 2], hd(erlang:ports()), binary:copy(<<7>>, N rem 3 * 150000)]";

#[tokio::test]
async fn row_23_what_was_queued_before_the_link_was_up_comes_whole() {
    const EACH: usize = 40;
    for (fragments, cache) in [
        (true, AtomCache::Off),
        (false, AtomCache::Off),
        (true, AtomCache::Receive),
        (false, AtomCache::Both),
    ] {
        let mut cluster = Cluster::apart(|config, _erl| {
            config.fragments = fragments;
            config.atom_cache = cache;
        })
        .await;
        let mut ours = cluster.node.process().unwrap();
        ours.register("inbox").unwrap();
        assert_eq!(cluster.eval("nodes(hidden)").await, "[]");
        // The first message has the BEAM dial; the others wait for that.
        cluster
            .eval(&format!(
                "[spawn(fun() -> [begin T = {HOPEFUL},
                   {{inbox, RUST}} ! {{Who, N, T, term_to_binary(T, [{{minor_version, 2}}])}} end
                   || N <- lists:seq(0, {EACH} - 1)] end) || Who <- [0, 1, 2]], ok"
            ))
            .await;
        let mut seen = [0, 0, 0];
        while seen != [EACH; 3] {
            let message = term(&mut ours).await;
            let mut reader = Reader::new(&message);
            assert_eq!(reader.tuple().unwrap(), 4);
            let (who, number) = (reader.integer().unwrap(), reader.integer().unwrap());
            let seen = &mut seen[usize::try_from(who).unwrap()];
            assert_eq!(usize::try_from(number).unwrap(), *seen, "each sender's messages in order");
            *seen += 1;
            let terms = reader.skip().unwrap();
            assert!(reader.binary().unwrap()[1..] == *terms, "{fragments}, {cache:?}: other terms came");
        }
        let flags = cluster.node.links()[0].flags;
        assert!(flags.contains(Flags::FRAGMENTS | Flags::DIST_HDR_ATOM_CACHE), "a BEAM offers both: {flags}");
    }
}

#[tokio::test]
async fn row_24_a_peer_that_hoped_for_more_before_the_link_was_up_is_told() {
    let ask = [
        // No such function is registered.
        (
            "R = spawn_request(RUST, lists, seq, [1, 2], []), receive {spawn_reply, R, error, W} -> W after 9000 -> none end",
            "notsup",
        ),
        (
            "try erpc:call(RUST, lists, seq, [1, 2], 9000) catch error:{erpc, W} -> W; exit:{exception, W} -> W; error:{exception, W, _} -> W end",
            "undef",
        ),
        (
            "M = monitor(process, {nobody, RUST}), receive {'DOWN', M, _, _, W} -> W after 9000 -> none end",
            "noproc",
        ),
        ("A = alias(), {nobody, RUST} ! A, net_adm:ping(RUST)", "pong"),
        ("M = monitor(process, {inbox, RUST}), pong = net_adm:ping(RUST), demonitor(M, [info])", "true"),
    ];
    for (question, answer) in ask {
        let mut cluster = Cluster::apart(|_config, _erl| {}).await;
        let ours = cluster.node.process().unwrap();
        ours.register("inbox").unwrap();
        assert_eq!(cluster.eval("nodes(hidden)").await, "[]");
        let told = cluster.eval(question).await;
        assert!(told == answer || told.contains(&format!("{{exception,{answer}")), "{question}: {told}");
        assert_eq!(cluster.eval("nodes(hidden) == [RUST]").await, "true");
    }
}

/// A node, and peers that have agreed on all that changes the framing.
struct Link {
    node: Node,
    inbox: Process,
    peer: raw::Raw,
}

const BAD: &str = "bad@127.0.0.1";

async fn link() -> Link {
    let mut config = common::config("a@127.0.0.1");
    config.atom_cache = AtomCache::Both;
    let node = Node::start(config, vec![]).await.unwrap();
    let flags = Flags::OURS | Flags::FRAGMENTS | Flags::DIST_HDR_ATOM_CACHE;
    let peer = raw::connect_with(addr(&node), BAD, "a@127.0.0.1", "secret", flags).await.unwrap();
    up(&mut node.events(), BAD).await;
    Link { inbox: node.process().unwrap(), node, peer }
}

fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&u32::try_from(body.len()).unwrap().to_be_bytes(), &body[..]].concat()
}

impl Link {
    /// `good` for the inbox by way of the cache, where the name is put at 0 and our node at 2047.
    fn good(&self) -> Vec<u8> {
        let header = dist_header::write(&[new(0, "good"), new(2047, "a@127.0.0.1")], false);
        let mut pid = Vec::new();
        Writer::new(&mut pid).pid(&self.inbox.pid().borrow()).unwrap();
        let behind_the_node = pid.len() - 12;
        framed(&[&[131, 68], &header, &[104, 3, 97, 2, 119, 0, 88, 82, 1], &pid[behind_the_node..], &[82, 0]])
    }

    /// What was sent before is there; then the peer breaks the rules, and its link ends.
    async fn breaks(mut self, what: &str, bytes: &[u8]) {
        let mut events = self.node.events();
        let good = self.good();
        self.peer.write(&[&good, bytes].concat()).await;
        let reason = down(&mut events, BAD).await;
        assert!(matches!(reason, DownReason::Protocol(_)), "{what}: {reason}");
        assert_eq!(next(&mut self.inbox).await, Message::Term(Bytes::from(atom("good"))), "{what}");
        assert_eq!(self.inbox.try_recv(), None, "{what}");
        self.node.shutdown().await;
    }
}

#[tokio::test]
async fn row_40_malformed_control_tuples_of_every_operation_whose_atoms_are_cached() {
    let header = dist_header::write(&[old(0)], false);
    for op in Op::ALL {
        // Three elements that are no pid, no reference and no number: the atom, twice, and a list.
        let tuple = [104, 4, 97, op.number(), 82, 0, 82, 0, 108, 0, 0, 0, 1, 97, 1, 106];
        let payload: &[u8] = if op.has_payload() { &[82, 0] } else { &[] };
        let whole = framed(&[&[131, 68], &header, &tuple, payload]);
        link().await.breaks(op.name(), &whole).await;
    }
    let unknown = framed(&[&[131, 68], &header, &[104, 2, 97, 99, 82, 0]]);
    link().await.breaks("unknown", &unknown).await;
}

#[tokio::test]
async fn row_41_bad_references_to_the_atom_cache_end_the_link_and_what_came_before_is_kept() {
    let control: &[u8] = &[104, 3, 97, 2, 119, 0, 88, 119, 1, b'x', 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
    let first = |id: u8| [&[131, 69][..], &[0, 0, 0, 0, 0, 0, 0, 9], &[0, 0, 0, 0, 0, 0, 0, id]].concat();
    let listed = dist_header::write(&[old(0)], false);
    let long = new(3, &"x".repeat(256));
    let mut latin = new(3, "x");
    latin.text = Some(vec![0xe9]);
    let bomb = framed(&[
        &[131, 68],
        &dist_header::write(&[new(3, &"\u{1F6F6}".repeat(255))], true),
        control,
        &[108, 0, 2, 0, 0],
        &[82, 0].repeat(0x2_0000),
        &[106],
    ]);
    let cases: [(&str, Vec<u8>); 12] = [
        (
            "a place that was never filled",
            framed(&[&[131, 68], &dist_header::write(&[old(1)], false), control, &[82, 0]]),
        ),
        ("an index beyond the header", framed(&[&[131, 68], &listed, control, &[82, 1]])),
        ("an index without a header", framed(&[&[131, 68, 0], control, &[82, 0]])),
        ("a header cut short", framed(&[&[131, 68, 255, 0]])),
        ("no header", framed(&[&[131, 68]])),
        (
            "an atom that is too long",
            framed(&[&[131, 68], &dist_header::write(&[long], true), control, &[82, 0]]),
        ),
        (
            "an atom that is not UTF-8",
            framed(&[&[131, 68], &dist_header::write(&[latin], false), control, &[82, 0]]),
        ),
        ("a payload of two terms", framed(&[&[131, 68], &listed, control, &[82, 0, 82, 0]])),
        ("a payload cut short", framed(&[&[131, 68], &listed, control, &[104, 2, 82, 0]])),
        (
            "a fragment with a bad header",
            framed(&[&first(2), &dist_header::write(&[old(1)], false), control]),
        ),
        (
            "a fragmented message with a bad index",
            [
                framed(&[&first(2), &listed, control, &[104, 2, 82]]),
                framed(&[&[131, 70], &first(1)[2..], &[0, 82, 7]]),
            ]
            .concat(),
        ),
        ("128 MiB in 256 KiB", bomb),
    ];
    for (what, bytes) in cases {
        link().await.breaks(what, &bytes).await;
    }
}
