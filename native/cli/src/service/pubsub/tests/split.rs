//! Several messages that a publisher sends as one.

use std::sync::atomic::Ordering::Relaxed;

use super::traffic::{Got, got, marker, message, numbers};
use super::*;

fn as_one(elements: &[Bytes]) -> Bytes {
    super::as_one(elements).into()
}

fn messages(numbers: std::ops::RangeInclusive<u64>) -> Vec<Bytes> {
    numbers.map(|number| message("t", number)).collect()
}

#[test]
fn they_are_passed_on_and_counted_as_if_each_had_come_alone() {
    // `b` takes one message a frame, `c` several.
    let world = || {
        let (core, mut peers, _) = members::<3>();
        peers[2].attach_in(2, "g");
        let route = peers[0].members().0;
        peers.iter().for_each(|peer| drop(peer.batches()));
        (core, peers, route)
    };
    let ((core, peers, route), (alone, mut single, same)) = (world(), world());
    let [mut a, b, c] = peers;
    a.send(route, &[message("t", 1), as_one(&messages(2..=9)), message("t", 10)]);
    single[0].send(same, &messages(1..=10));
    let seen = b.seen();
    assert!(seen.len() == 10 && seen.iter().all(|seen| matches!(seen, Seen::Data(_))), "{seen:?}");
    assert_eq!(seen, single[1].seen());
    let seen = c.seen();
    assert!(matches!(&seen[..], [Seen::Batch(elements)] if elements.len() == 10), "{seen:?}");
    assert_eq!(seen, single[2].seen());
    assert_eq!(core.router.counters(), alone.router.counters());
    assert_eq!(core.figures.malformed.load(Relaxed), 0);
}

#[test]
fn each_goes_to_those_who_want_it() {
    let (_core, mut peers, route) = members::<3>();
    peers[1].list(&["x"]);
    peers[2].list(&["x", "y"]);
    let all = [message("x", 1), message("y", 2), message("z", 3), message("x", 4)];
    peers[0].send(route, &[as_one(&all)]);
    assert_eq!(numbers(&got(&peers[1])), [1, 4]);
    assert_eq!(numbers(&got(&peers[2])), [1, 2, 4]);
}

#[test]
fn a_full_batch_in_the_middle_of_one_loses_nothing() {
    let (_core, [mut a, b], route) = members();
    let large: Vec<_> = (1..=100).map(|number| message(&"t".repeat(5_000), number)).collect();
    a.send(route, &[as_one(&large)]);
    assert_eq!(numbers(&got(&b)), (1..=100).collect::<Vec<_>>());
}

#[test]
fn what_is_no_message_is_counted_and_left_out() {
    let (core, [mut a, b], route) = members();
    let elements = [message("t", 1), marker(2), as_one(&messages(3..=4)), message("t", 5)];
    a.send(route, &[as_one(&elements)]);
    assert_eq!(got(&b), [Got::Message(1), Got::Message(5)]);
    assert_eq!(core.figures.malformed.load(Relaxed), 2);
    let whole = as_one(&messages(1..=3));
    a.send(route, &[whole.slice(..whole.len() - 1), as_one(&messages(1..=129)), message("t", 6)]);
    assert_eq!(got(&b), [Got::Message(6)]);
    assert_eq!(core.figures.malformed.load(Relaxed), 4);
    assert_eq!(core.router.counters().forwarded, 3);
}

#[test]
fn to_a_pid_of_nobody_all_are_dropped_and_counted() {
    let (core, [_, b], route) = members();
    let mut stranger = peer(&core, 9, "z@h");
    stranger.send(route, &[as_one(&messages(1..=3))]);
    assert!(b.batches().is_empty());
    assert_eq!(core.router.counters().dropped_unattached, 3);
}
