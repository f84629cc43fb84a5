//! Messages of a prefix that all see in one order: who may send, what each gets, and that it is the same.

use outrigger_fanout::interest::{Digest, Pattern};

use super::super::lane::SHARE;
use super::interest::dice::Dice;
use super::*;

/// The number that a message carries, with the term and the place it got.
type Got = (u64, u64, u64);

/// What a publisher sends to an ordered pid, about `number`.
fn message(number: u64) -> Bytes {
    term(|writer| {
        writer.tuple(4);
        writer.atom("none").unwrap();
        writer.binary(b"room:1").unwrap();
        writer.unsigned(number);
        writer.atom("d").unwrap();
    })
    .into()
}

fn number(message: &[u8]) -> u64 {
    let mut reader = Reader::new(message);
    assert_eq!(reader.tuple().unwrap(), 4);
    assert!(reader.atom().unwrap().eq_str("none"));
    assert_eq!(reader.binary().unwrap(), b"room:1");
    reader.unsigned().unwrap()
}

/// A frame's messages, as the worker takes them.
fn total(frame: &[u8], all: &mut Vec<Got>) {
    let mut reader = Reader::new(frame);
    let arity = reader.tuple().unwrap();
    let tag = reader.atom().unwrap();
    assert!(tag.eq_str("$outrigger_total"), "{tag:?}");
    assert_eq!((arity, reader.pid().unwrap(), reader.binary().unwrap()), (6, ours((1, 0)), &b"room:"[..]));
    let (term, first) = (reader.unsigned().unwrap(), reader.unsigned().unwrap());
    let length = reader.list().unwrap();
    for place in first..first + u64::from(length) {
        all.push((number(reader.skip().unwrap()), term, place));
    }
    reader.list_end(length).unwrap();
    reader.expect_end().unwrap();
}

fn asking(group: &str, prefix: &[u8], floor: u64) -> Vec<u8> {
    term(|writer| {
        writer.tuple(5);
        writer.atom("ordered").unwrap();
        writer.integer(1);
        writer.atom(group).unwrap();
        writer.binary(prefix).unwrap();
        writer.unsigned(floor);
    })
}

fn left_term(term: u64) -> Vec<u8> {
    super::term(|writer| {
        writer.tuple(5);
        writer.atom("ordered_left").unwrap();
        writer.integer(1);
        writer.atom("g").unwrap();
        writer.binary(b"room:").unwrap();
        writer.unsigned(term);
    })
}

impl Peer {
    fn ask(&mut self, prefix: &str, floor: u64) -> Option<((u32, u32), u64)> {
        self.raw(&asking("g", prefix.as_bytes(), floor));
        self.granted()
    }

    /// The last grant among all that it was sent.
    fn granted(&self) -> Option<((u32, u32), u64)> {
        let mut grants = self.seen().into_iter().filter_map(|seen| match seen {
            Seen::Ordered { prefix, at, term } if prefix == b"room:" => Some((at, term)),
            _ => None,
        });
        grants.next_back()
    }

    fn send_to(&mut self, at: (u32, u32), numbers: impl Iterator<Item = u64>) {
        for number in numbers {
            let payload = message(number);
            self.inbound.message(To::Pid(ours(at)), None, Payload::new(&payload, 0));
        }
        self.inbound.flush();
    }

    /// All messages in order that it was sent, in the order they came.
    fn ordered(&self) -> Vec<Got> {
        let mut all = Vec::new();
        for seen in self.seen() {
            match seen {
                Seen::Data(term) => total(&term, &mut all),
                Seen::Batch(elements) => elements.iter().for_each(|term| total(term, &mut all)),
                _ => {}
            }
        }
        all
    }

    /// Says all that it wants: a prefix, or nothing.
    fn want(&mut self, prefix: Option<&[u8]>, since: u64, numbers: std::ops::Range<u64>) {
        let mut digest = Digest::default();
        prefix.into_iter().for_each(|prefix| digest.add(Pattern::Prefix(prefix)));
        for number in numbers {
            let told = term(|writer| {
                writer.tuple(6);
                writer.atom("interest").unwrap();
                writer.integer(1);
                writer.atom("g").unwrap();
                writer.pid(&Pid { node: Atom::Utf8(self.wire.node), id: 9, serial: 0, creation: 1 }).unwrap();
                writer.unsigned(number);
                match number {
                    0 => {
                        writer.tuple(2);
                        writer.atom("reset").unwrap();
                        writer.unsigned(since);
                    }
                    1 => {
                        writer.tuple(4);
                        writer.atom("change").unwrap();
                        writer.unsigned(since);
                        if let Some(prefix) = prefix {
                            writer.list(1);
                            writer.tuple(2);
                            writer.atom("prefix").unwrap();
                            writer.binary(prefix).unwrap();
                        }
                        writer.nil();
                        writer.nil();
                    }
                    _ => {
                        writer.tuple(3);
                        writer.atom("listed").unwrap();
                        writer.unsigned(digest.count);
                        writer.unsigned(digest.sum);
                    }
                }
            });
            self.raw(&told);
        }
    }
}

fn places(got: &[Got]) -> Vec<u64> {
    got.iter().map(|(_, _, place)| *place).collect()
}

#[test]
fn all_get_the_same_and_the_sender_too() {
    let (core, [mut a, mut b, c], _) = members();
    let (at, term) = a.ask("room:", 0).unwrap();
    assert_eq!((b.granted(), c.granted()), (Some((at, term)), Some((at, term))), "a new term is told to all");
    assert_eq!(b.ask("room:", 0), Some((at, term)));
    assert!(c.seen().is_empty(), "and an old one to who asks");
    a.send_to(at, 0..3);
    b.send_to(at, 10..12);
    a.send_to(at, 3..4);
    let expected = [(0, term, 0), (1, term, 1), (2, term, 2), (10, term, 3), (11, term, 4), (3, term, 5)];
    for peer in [&a, &b, &c] {
        assert_eq!(peer.ordered(), expected, "{}", peer.wire.node);
    }
    let counters = core.router.counters();
    assert_eq!((counters.forwarded, counters.copies), (6, 18));
}

#[test]
fn a_long_run_goes_out_in_several_frames_without_a_gap() {
    let (_core, [mut a, b], _) = members();
    let (at, _) = a.ask("room:", 0).unwrap();
    drop(b.batches());
    a.send_to(at, 0..300);
    let frames = b.seen();
    assert!(frames.len() >= 3, "{}", frames.len());
    let mut all = Vec::new();
    frames.iter().for_each(|seen| match seen {
        Seen::Data(term) => total(term, &mut all),
        other => panic!("{other:?}"),
    });
    assert_eq!(places(&all), (0..300).collect::<Vec<_>>());
}

#[test]
fn a_term_that_was_overtaken_ends_and_what_is_sent_under_it_is_dropped() {
    let (core, [mut a, mut b], _) = members();
    let (old, low) = a.ask("room:", 0).unwrap();
    a.send_to(old, 0..1);
    b.batches();
    let (new, high) = b.ask("room:", low + 5_000_000_000).unwrap();
    assert!(high > low + 5_000_000_000 && new != old);
    assert_eq!(a.granted(), Some((new, high)), "all hear of it");
    a.send_to(old, 1..3);
    assert!(b.ordered().is_empty());
    let counters = core.router.counters();
    assert_eq!(counters.dropped_expired_route + counters.dropped_unknown_route, 2);
    a.send_to(new, 3..4);
    assert_eq!(b.ordered(), [(3, high, 0)]);
    assert_eq!(a.ask("room:", high), Some((new, high)), "nothing above it was seen");
}

#[test]
fn when_all_who_may_send_under_a_term_have_left_this_is_told_behind_its_messages() {
    let (_core, [mut a, mut b, mut c, mut d], _) = members();
    let (at, term) = a.ask("room:", 0).unwrap();
    b.ask("room:", 0);
    d.ask("room:", 0);
    a.send_to(at, 0..1);
    b.send_to(at, 1..2);
    d.send_to(at, 2..3);
    [&a, &b, &c, &d].iter().for_each(|peer| drop(peer.batches()));
    // Who has not asked does not count, and neither does another term.
    c.raw(&left_term(term));
    a.raw(&left_term(term + 1));
    a.raw(&left_term(term));
    b.send_to(at, 3..4);
    b.raw(&left_term(term));
    assert_eq!(places(&a.ordered()), [3]);
    assert!(!c.seen().iter().any(|seen| matches!(seen, Seen::TermEnd { .. })), "d has not left");
    d.send_to(at, 4..5);
    d.inbound.link_down(&DownReason::ClosedByPeer);
    let seen = b.seen();
    let last = seen.iter().position(|seen| matches!(seen, Seen::Data(_))).unwrap();
    let end = seen.iter().position(|seen| *seen == Seen::TermEnd { term, next: 5 }).unwrap();
    assert!(end > last, "{seen:?}");
    b.send_to(at, 5..6);
    assert_eq!(b.ordered(), [(5, term, 5)], "it is as good as before to who comes again");
}

#[test]
fn a_term_that_is_overtaken_is_told_to_be_over() {
    let (_core, [mut a, mut b], _) = members();
    let (at, term) = a.ask("room:", 0).unwrap();
    a.send_to(at, 0..3);
    drop(b.batches());
    b.raw(&asking("g", b"room:", term + 1));
    let seen = b.seen();
    assert!(matches!(&seen[..], [Seen::TermEnd { next: 3, .. }, Seen::Ordered { .. }]), "{seen:?}");
}

#[test]
fn what_was_gathered_when_its_term_ends_is_dropped() {
    let (core, [mut a, mut b], _) = members();
    let (at, term) = a.ask("room:", 0).unwrap();
    let payload = message(7);
    a.inbound.message(To::Pid(ours(at)), None, Payload::new(&payload, 0));
    b.ask("room:", term + 1);
    a.inbound.flush();
    assert!(b.ordered().is_empty());
    assert_eq!(core.router.counters().dropped_expired_route, 1);
}

#[test]
fn who_is_not_attached_is_not_heard_and_takes_no_number() {
    let (core, [mut a, mut b], _) = members();
    let (at, term) = a.ask("room:", 0).unwrap();
    let mut stranger = peer(&core, 9, "x@h");
    stranger.send_to(at, 0..5);
    assert_eq!(stranger.ask("room:", 0), None);
    a.request("detach", 1, "g", "a@h");
    a.send_to(at, 5..6);
    b.batches();
    b.send_to(at, 6..7);
    assert_eq!(b.ordered(), [(6, term, 0)]);
    assert_eq!(core.router.counters().dropped_unattached, 6);
}

#[test]
fn who_comes_later_hears_of_the_terms_and_who_is_last_ends_them() {
    let (core, [mut a, b], _) = members();
    let (at, term) = a.ask("room:", 0).unwrap();
    let mut late = peer(&core, 5, "late@h");
    late.request("attach", 2, "g", "late@h");
    let seen = late.seen();
    assert!(
        matches!(&seen[..], [Seen::Members { .. }, Seen::Ordered { at: told, .. }] if *told == at),
        "{seen:?}"
    );
    for mut peer in [a, b, late] {
        peer.inbound.link_down(&DownReason::ClosedByPeer);
    }
    let mut again = peer(&core, 6, "a@h");
    again.attach("g");
    again.send_to(at, 0..1);
    assert!(again.ordered().is_empty(), "its term went with the group");
    assert!(again.ask("room:", 0).unwrap().1 > term);
}

#[test]
fn more_than_a_router_takes_is_refused() {
    let (core, [mut a, _b], _) = members();
    for prefix in 0..64 {
        a.raw(&asking("g", format!("{prefix}").as_bytes(), 0));
    }
    a.seen();
    assert_eq!(a.ask("room:", 0), None);
    a.raw(&asking("g", &[b'x'; 256], 0));
    a.raw(&asking("g", b"1", u64::MAX));
    a.raw(&asking("g", b"1", 1 << 59));
    assert!(a.seen().is_empty());
    assert_eq!(core.figures.refused.load(SeqCst), 4);
    only_the_whole_is_a_request(&asking("g", b"room:", 7));
}

#[test]
fn a_prefix_is_wanted_as_a_whole_and_what_was_missed_comes_first() {
    let (_core, [mut a, mut b, mut c], _) = members();
    let (at, _) = a.ask("room:", 0).unwrap();
    b.want(Some(b"room:"), 0, 0..3);
    c.want(None, 0, 0..3);
    [&b, &c].iter().for_each(|peer| drop(peer.batches()));
    a.send_to(at, 0..4);
    assert_eq!(places(&b.ordered()), [0, 1, 2, 3]);
    assert!(c.ordered().is_empty());
    // From the first stamp on it is there.
    c.want(Some(b"room:"), 0, 1..2);
    a.send_to(at, 4..6);
    assert_eq!(places(&c.ordered()), [0, 1, 2, 3, 4, 5]);
    assert_eq!(places(&a.ordered()).len(), 6, "who has said nothing gets everything");
}

#[test]
fn a_peer_that_lags_gets_them_in_order_with_gaps_and_is_told() {
    let core = core_with(RouterConfig::default());
    let (mut a, mut b) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"));
    a.attach_in(2, "g");
    b.attach_in(2, "g");
    let (at, _) = a.ask("room:", 0).unwrap();
    b.batches();
    b.wire.queued.store(SHARE + 1, SeqCst);
    a.send_to(at, 0..500);
    assert!(b.batches().is_empty());
    let (mut all, mut lost) = (Vec::new(), 0);
    while core.queues()[&PeerId(2)].items > 0 || all.is_empty() {
        b.wire.queued.store(0, SeqCst);
        core.room(&b.wire);
        for seen in b.seen() {
            match seen {
                Seen::Data(term) => total(&term, &mut all),
                Seen::Batch(elements) => elements.iter().for_each(|term| total(term, &mut all)),
                Seen::Lost(of) => lost += of.iter().map(|(_, count)| count).sum::<u64>(),
                other => panic!("{other:?}"),
            }
        }
    }
    a.send_to(at, 500..501);
    all.extend(b.ordered());
    let places = places(&all);
    assert!(places.is_sorted() && places.len() > 10, "{places:?}");
    assert_eq!((lost + places.len() as u64, places[places.len() - 1]), (501, 500));
}

/// Links of several threads, random runs: the same at all targets, in the order of each sender.
#[test]
fn threads_agree_on_the_order() {
    for seed in 0..20 {
        let (_core, mut peers, _) = members::<4>();
        let (at, _) = peers[0].ask("room:", 0).unwrap();
        peers.iter().for_each(|peer| drop(peer.batches()));
        std::thread::scope(|scope| {
            for (sender, peer) in (0_u64..).zip(&mut peers) {
                scope.spawn(move || {
                    let (mut dice, mut sent) = (Dice(seed * 10 + sender), 0);
                    while sent < 400 {
                        let run = 1 + dice.below(9) as u64;
                        peer.send_to(at, (sent..sent + run).map(|number| sender * 1_000 + number));
                        sent += run;
                    }
                });
            }
        });
        let all: Vec<_> = peers.iter().map(Peer::ordered).collect();
        assert_eq!(places(&all[0]), (0..all[0].len() as u64).collect::<Vec<_>>(), "seed {seed}");
        assert!(all[0].len() >= 1_600);
        for other in &all[1..] {
            assert!(*other == all[0], "seed {seed}");
        }
        for sender in 0..4 {
            let of_one: Vec<_> = all[0].iter().filter(|got| got.0 / 1_000 == sender).collect();
            assert!(of_one.is_sorted(), "seed {seed}, sender {sender}");
        }
    }
}
