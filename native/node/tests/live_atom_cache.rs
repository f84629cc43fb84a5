//! The atom cache against a real `erl`: names that contend for places, in both directions, between fragments.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use common::cluster::{Cluster, atom, term};
use common::within;
use outrigger_node::{AtomCache, Flags};
use outrigger_term::{Reader, Writer};

/// As many names as make every place of the table change hands.
const NAMES: i64 = 5_000;

async fn cluster(cache: AtomCache) -> Cluster {
    let cluster = Cluster::start_with(|config| config.atom_cache = cache).await;
    let agreed = cluster.node.links()[0].flags.contains(Flags::DIST_HDR_ATOM_CACHE);
    assert!(agreed, "a BEAM always offers it");
    cluster
}

/// The name with this number: some long, some in other scripts, some both.
fn name(number: i64) -> String {
    match number % 50 {
        0 => format!("{number:04}{}", "\u{3b2}".repeat(251)),
        1 => format!("{number:04}{}", "\u{1F6F6}".repeat(251)),
        2 => format!("{number:04}{}", "x".repeat(251)),
        _ => format!("contended_{number}"),
    }
}

/// `[Name, …]`, in every fourth place as the node of a pid.
fn names(numbers: impl ExactSizeIterator<Item = i64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    writer.list(u32::try_from(numbers.len()).unwrap());
    for number in numbers {
        match number % 4 {
            0 => writer
                .pid(&outrigger_term::Pid {
                    node: outrigger_term::Atom::Utf8(&format!("contended_{number}@host")),
                    id: 1,
                    serial: 2,
                    creation: 3,
                })
                .unwrap(),
            _ => writer.atom(&name(number)).unwrap(),
        }
    }
    writer.nil();
    bytes
}

/// `{Terms, Binary}` in which the binary is what `term_to_binary` would make of the terms.
fn with_its_bytes(terms: &[u8], padding: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    writer.tuple(3);
    writer.raw(terms);
    writer.binary(&[&[131], terms].concat()).unwrap();
    writer.binary(&vec![0; padding]).unwrap();
    bytes
}

#[tokio::test]
async fn row_32_contended_names_come_right_also_between_fragments() {
    for cache in [AtomCache::Receive, AtomCache::Both] {
        let mut cluster = cluster(cache).await;
        let mut ours = cluster.node.process().unwrap();
        ours.register("inbox").unwrap();
        // Eight senders; every tenth message of each goes in fragments.
        cluster
            .eval(&format!(
                "Name = fun(N) when N rem 50 == 0 -> list_to_atom(integer_to_list(N) ++ lists:duplicate(250, 946));
                           (N) when N rem 50 == 1 -> list_to_atom(integer_to_list(N) ++ lists:duplicate(250, 128758));
                           (N) -> list_to_atom(\"contended_\" ++ integer_to_list(N)) end,
                 Names = list_to_tuple([Name(N) || N <- lists:seq(1, {NAMES})]),
                 [spawn(fun() -> [begin
                     L = [element(rand:uniform({NAMES}), Names) || _ <- lists:seq(1, rand:uniform(300))],
                     Pad = case I rem 10 of 0 -> 300000; _ -> 0 end,
                     {{inbox, RUST}} ! {{L, term_to_binary(L, [{{minor_version, 2}}]), <<0:Pad/unit:8>>}}
                   end || I <- lists:seq(1, 100)], {{inbox, RUST}} ! done end) || _ <- lists:seq(1, 8)], ok"
            ))
            .await;
        let (mut done, mut seen) = (0, 0);
        while done < 8 {
            let message = term(&mut ours).await;
            if message == atom("done") {
                done += 1;
                continue;
            }
            let mut reader = Reader::new(&message);
            assert_eq!(reader.tuple().unwrap(), 3);
            let list = reader.skip().unwrap();
            assert!(reader.binary().unwrap()[1..] == *list, "{cache:?}: another list came than was sent");
            seen += 1;
        }
        assert_eq!(seen, 800);
        let info = &cluster.node.links()[0];
        assert!(info.read.referring >= 800 && info.read.assembled >= 80, "{info:?}");
        assert_eq!(info.open_fragment_bytes, 0);
        assert_eq!(cluster.eval("nodes(hidden) == [RUST]").await, "true");
    }
}

#[tokio::test]
async fn row_32_contended_names_of_ours_are_understood_by_a_beam() {
    const TASKS: i64 = 6;
    const EACH: i64 = 200;
    for (cache, long) in [(AtomCache::Both, false), (AtomCache::Both, true), (AtomCache::Receive, false)] {
        let mut cluster = cluster(cache).await;
        let mut ours = cluster.node.process().unwrap();
        ours.register("inbox").unwrap();
        cluster
            .eval(&format!(
                "register(sink, spawn(fun() -> (fun F(0) -> {{inbox, RUST}} ! done; F(Left) -> receive {{L, B, _}} ->
                   case binary_to_term(B) of L -> F(Left - 1); _ -> {{inbox, RUST}} ! wrong end end end)({}) end)), ok",
                TASKS * EACH
            ))
            .await;
        let sink = cluster.named("sink");
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let (node, sink) = (cluster.node.clone(), sink.clone());
                tokio::spawn(async move {
                    let process = node.process().unwrap();
                    let mut random = task * 7_919 + 1;
                    for n in 0..EACH {
                        let numbers: Vec<i64> = (0..1 + n)
                            .map(|_| {
                                random = (random * 1_103_515_245 + 12_345) % (1 << 31);
                                random / 64 % NAMES
                            })
                            .collect();
                        let padding = if long && n % 10 == 5 { 200_000 } else { 0 };
                        let terms = names(numbers.into_iter());
                        process.send(&sink, &with_its_bytes(&terms, padding)).unwrap();
                        if n % 7 == 0 {
                            tokio::task::yield_now().await;
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            within("a sender", task).await.unwrap();
        }
        assert_eq!(term(&mut ours).await, atom("done"), "{cache:?}, long ones: {long}");
        let info = &cluster.node.links()[0];
        assert_eq!(info.written.long_signals > 0, long);
        assert_eq!(cluster.eval("nodes(hidden) == [RUST]").await, "true");
    }
}

#[tokio::test]
async fn atoms_that_a_peer_has_are_not_sent_again() {
    let mut sizes = Vec::new();
    for cache in [AtomCache::Off, AtomCache::Receive, AtomCache::Both] {
        let mut cluster = Cluster::start_with(|config| config.atom_cache = cache).await;
        let mut ours = cluster.node.process().unwrap();
        ours.register("inbox").unwrap();
        cluster
            .eval(
                "register(echo, spawn(fun F() -> receive M -> [{inbox, RUST} ! M || _ <- lists:seq(1, 100)], F() end end)), ok",
            )
            .await;
        let echo = cluster.named("echo");
        let message = atom("an_atom_that_is_long_enough_to_be_worth_a_reference");
        for _ in 0..100 {
            ours.send(&echo, &message).unwrap();
        }
        for _ in 0..10_000 {
            assert_eq!(term(&mut ours).await, message);
        }
        let info = &cluster.node.links()[0];
        assert_eq!(info.read.referring > 0, cache != AtomCache::Off);
        sizes.push((info.written.bytes_out, info.read.bytes_in));
    }
    let [off, receive, both] = sizes[..] else { panic!() };
    assert!(off.1 > 2 * receive.1 && off.1 > 2 * both.1, "{sizes:?}");
    assert!(receive.0 > 2 * both.0, "{sizes:?}");
}
