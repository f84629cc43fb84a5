//! The judge can fail: each ledger here has one fault, and the same ledger without it has none.

use super::*;
use crate::journal::{Entry, Id, Incarnation, Message};

const SECOND: Micros = 1_000_000;
/// Publisher on node 1, subscriber and its subscription on node 2.
const PUBLISHER: Id = 0x0001_0001;
const SUBSCRIBER: Id = 0x0002_0001;
const SUBSCRIPTION: Id = 0x0002_0002;

/// The `number`th message; two topics in turn, so its number of the topic is the half.
fn message(number: u32) -> Message {
    Message { publisher: PUBLISHER, number, topic: (number % 2) as u8, of_topic: number.div_ceil(2) }
}

fn at(number: u32) -> Micros {
    100 * SECOND + u64::from(number) * SECOND
}

/// 20 messages, one a second; the subscriber has subscribed to both topics before the first, and the publisher knows.
fn ledger() -> Judge {
    let mut judge = Judge::default();
    judge.started(1, 0);
    judge.started(2, 1);
    for topic in [0, 1] {
        subscribe(&mut judge, SUBSCRIPTION + Id::from(topic), topic, 1, 100 * SECOND);
    }
    for number in 1..=20 {
        judge.take(Entry::Published { message: message(number), at: at(number) });
    }
    judge
}

fn subscribe(judge: &mut Judge, subscription: Id, topic: u8, of_topic: u32, at: Micros) {
    judge.take(Entry::Subscribed { subscriber: SUBSCRIBER, subscription, topic, at });
    judge.take(Entry::Heard { subscription, publisher: PUBLISHER, topic, of_topic });
}

fn deliver(judge: &mut Judge, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        judge.take(Entry::Delivered { subscriber: SUBSCRIBER, message: message(number) });
    }
}

fn numbers(losses: &[Loss]) -> Vec<u32> {
    losses.iter().map(|loss| loss.message.number).collect()
}

fn window(from: Micros, to: Micros, who: Who) -> Window {
    Window { cause: "a fault", from, to, who, told: false }
}

#[test]
fn a_ledger_without_a_fault_is_clean() {
    let mut judge = ledger();
    deliver(&mut judge, 1..=20);
    let verdict = judge.verdict(Micros::MAX);
    assert!(verdict.is_clean() && verdict.explained.is_empty(), "{verdict:?}");
    assert_eq!(judge.totals().delivered, 20);
}

#[test]
fn one_duplicate_is_seen() {
    let mut judge = ledger();
    deliver(&mut judge, (1..=20).chain([20]));
    let verdict = judge.verdict(Micros::MAX);
    assert!(!verdict.is_clean());
    assert_eq!((verdict.duplicates.len(), verdict.reordered.len()), (1, 0));
    assert_eq!(verdict.duplicates[0].message, message(20));
    assert_eq!(verdict.duplicates[0].published, at(20));
}

#[test]
fn one_swap_is_seen_across_topics_and_within_one() {
    for swapped in [[10, 9], [11, 9]] {
        let mut judge = ledger();
        deliver(&mut judge, (1..9).chain(swapped).chain((9..=20).filter(|n| !swapped.contains(n))));
        let verdict = judge.verdict(Micros::MAX);
        assert!(!verdict.is_clean());
        assert_eq!(verdict.reordered[0].message, message(9), "{verdict:?}");
        assert!(verdict.duplicates.is_empty() && verdict.unexplained.is_empty());
    }
}

#[test]
fn one_loss_is_seen_in_the_middle_and_at_the_end() {
    for lost in [7, 19, 20] {
        let mut judge = ledger();
        deliver(&mut judge, (1..=20).filter(|&number| number != lost));
        let verdict = judge.verdict(Micros::MAX);
        assert!(!verdict.is_clean());
        assert_eq!(numbers(&verdict.unexplained), [lost]);
        assert_eq!(judge.verdict(at(lost)).unexplained.len(), 0, "not yet due");
    }
}

#[test]
fn one_late_start_is_seen() {
    // Heard of behind the 10th message: the 11th, topic 1's 6th, has to come, and what was before need not.
    let late = |received: &[u32]| {
        let mut judge = Judge::default();
        judge.started(1, 0);
        judge.started(2, 1);
        for number in 1..=20 {
            judge.take(Entry::Published { message: message(number), at: at(number) });
        }
        subscribe(&mut judge, SUBSCRIPTION, 1, 6, at(10));
        deliver(&mut judge, received.iter().copied());
        judge.verdict(Micros::MAX)
    };
    assert!(late(&[11, 13, 15, 17, 19]).is_clean());
    assert!(late(&[9, 11, 13, 15, 17, 19]).is_clean());
    assert_eq!(numbers(&late(&[13, 15, 17, 19]).unexplained), [11]);
    assert_eq!(numbers(&late(&[]).unexplained), [11, 13, 15, 17, 19]);
}

#[test]
fn a_new_subscription_may_catch_up_behind_other_topics_and_an_old_one_may_not() {
    let mut judge = ledger();
    judge.take(Entry::Unsubscribed { subscription: SUBSCRIPTION + 1, at: at(4) });
    subscribe(&mut judge, SUBSCRIPTION + 2, 1, 6, at(10));
    deliver(&mut judge, [1, 2, 3, 4, 6, 8, 10, 12, 11, 13, 14, 15, 16, 18, 17, 19, 20]);
    let verdict = judge.verdict(Micros::MAX);
    assert_eq!(verdict.late, 1, "11, published just after the subscription");
    assert_eq!(verdict.reordered.len(), 1, "17, published long after it");
    assert_eq!(verdict.reordered[0].message, message(17));
    // While messages are held up, so is the news of the subscription.
    judge.stalled(window(at(9), at(16), Who::All));
    assert_eq!((judge.verdict(Micros::MAX).late, judge.verdict(Micros::MAX).reordered.len()), (2, 0));
}

#[test]
fn a_window_excuses_its_time_and_its_nodes_alone() {
    let verdict = |who, lost: u32| {
        let mut judge = ledger();
        judge.open(window(at(8), at(12), who));
        deliver(&mut judge, (1..=20).filter(|&number| number != lost));
        judge.verdict(Micros::MAX)
    };
    for who in [Who::All, Who::Node(2), Who::Across(vec![2, 3], vec![1]), Who::Among(vec![1, 2, 3])] {
        let excused = verdict(who.clone(), 10);
        assert!(excused.is_clean());
        assert_eq!(excused.explained["a fault"], 1);
        assert!(!verdict(who, 14).is_clean());
    }
    for who in [Who::Node(3), Who::Across(vec![1, 2], vec![3]), Who::Among(vec![1, 3])] {
        assert!(!verdict(who, 10).is_clean());
    }
}

#[test]
fn no_window_excuses_what_is_lost_within_a_node() {
    let mut judge = ledger();
    judge.open(window(0, Micros::MAX, Who::All));
    let (subscriber, subscription) = (0x0001_0005, 0x0001_0006);
    judge.take(Entry::Subscribed { subscriber, subscription, topic: 0, at: at(0) });
    judge.take(Entry::Heard { subscription, publisher: PUBLISHER, topic: 0, of_topic: 1 });
    deliver(&mut judge, 1..=20);
    assert_eq!(judge.verdict(Micros::MAX).unexplained.len(), 10);
}

#[test]
fn what_may_have_been_on_its_way_is_not_lost_and_the_rest_is() {
    // The node ends at 15: 14 and later may have been on their way. 12 may not.
    let verdict = |received: u32, stalls: &[(u32, u32)]| {
        let mut judge = ledger();
        judge.died(2, at(15));
        stalls.iter().for_each(|(from, to)| judge.stalled(window(at(*from), at(*to), Who::Node(1))));
        deliver(&mut judge, 1..=received);
        judge.verdict(Micros::MAX)
    };
    assert!(verdict(13, &[]).is_clean());
    assert_eq!(numbers(&verdict(11, &[]).unexplained), [12, 13]);
    assert_eq!(numbers(&verdict(8, &[(12, 15)]).unexplained), [9], "not near");
    assert!(verdict(10, &[(12, 15)]).is_clean());
    assert!(!verdict(10, &[(5, 11)]).is_clean(), "over before the end");
    // A stall that begins when what another has held up may still be under way goes on with it.
    assert!(verdict(4, &[(9, 13), (4, 6)]).is_clean());
    assert_eq!(numbers(&verdict(4, &[(11, 13), (4, 6)]).unexplained), [5, 6, 7, 8]);
    // What a receiver held back until it gave up an old way came that much later.
    let mut judge = ledger();
    judge.died(2, at(15));
    judge.take(Entry::Unusual { incarnation: 2, what: 1, count: 1, at: at(15) });
    deliver(&mut judge, 1..=7);
    assert!(judge.verdict(Micros::MAX).is_clean());
    let mut judge = ledger();
    judge.died(2, at(15));
    judge.take(Entry::Unusual { incarnation: 2, what: 0, count: 1, at: at(15) });
    deliver(&mut judge, 1..=7);
    assert!(!judge.verdict(Micros::MAX).is_clean());
    // The same with the end of a subscription.
    let mut judge = ledger();
    judge.take(Entry::Unsubscribed { subscription: SUBSCRIPTION, at: at(10) });
    deliver(&mut judge, (1..=20).filter(|n| n % 2 == 1 || *n < 8));
    assert_eq!(numbers(&judge.verdict(Micros::MAX).unexplained), [8]);
}

#[test]
fn announced_losses_have_to_add_up() {
    let verdict = |count| {
        let mut judge = ledger();
        judge.take(Entry::Announced { incarnation: 2, slot: 0, count, at: at(9) });
        deliver(&mut judge, (1..=20).filter(|number| ![5, 6, 7].contains(number)));
        judge.verdict(Micros::MAX)
    };
    assert_eq!(numbers(&verdict(2).unexplained), [5, 6, 7]);
    let enough = verdict(3);
    assert!(enough.is_clean());
    assert_eq!((enough.announced_missing, enough.explained["announced by a router"]), (3, 3));
}

#[test]
fn a_gap_has_to_be_told_of_its_topic_and_in_time() {
    let verdict = |topic, told| {
        let mut judge = ledger();
        judge.take(Entry::Gap { incarnation: 2, topic, at: told });
        deliver(&mut judge, (1..=20).filter(|&number| number != 6));
        judge.verdict(Micros::MAX)
    };
    let told = verdict(0, at(8));
    assert!(told.is_clean());
    assert_eq!(told.explained["told as a gap"], 1);
    for (topic, time) in [(1, at(8)), (0, at(5)), (0, at(15))] {
        assert_eq!(numbers(&verdict(topic, time).unexplained), [6]);
    }
}

#[test]
fn a_message_that_was_refused_is_not_expected() {
    let mut judge = ledger();
    judge.take(Entry::Refused { message: message(3) });
    deliver(&mut judge, (1..=20).filter(|&number| number != 3));
    assert!(judge.verdict(Micros::MAX).is_clean());
    assert_eq!(judge.totals().refused, 1);
}

#[test]
fn what_is_forgotten_was_judged() {
    let cause = || window(at(7), at(8), Who::All);
    for (lost, duplicates, swapped) in
        [(None, 0, false), (Some(7), 0, false), (Some(5), 0, false), (None, 1, false), (None, 0, true)]
    {
        let mut judge = ledger();
        judge.open(cause());
        let mut order: Vec<_> = (1..=20).filter(|number| Some(*number) != lost).collect();
        if swapped {
            order.swap(9, 11);
        }
        deliver(&mut judge, order.into_iter().chain((0..duplicates).map(|_| 20)));
        let before = judge.verdict(Micros::MAX);
        judge.forget(at(20));
        assert_eq!(judge.over.len(), 0, "it has published then");
        judge.forget(at(21));
        assert_eq!(
            (judge.over.len(), judge.publishers.len(), judge.lines.len(), judge.firsts.len()),
            (1, 0, 0, 0)
        );
        assert_eq!(format!("{:?}", judge.verdict(Micros::MAX)), format!("{before:?}"));
        assert_eq!(before.is_clean(), lost != Some(5) && duplicates == 0 && !swapped);
    }
}

#[test]
fn what_comes_of_the_forgotten_came_before() {
    let mut judge = ledger();
    deliver(&mut judge, 1..=20);
    judge.forget(at(21));
    assert!(judge.verdict(Micros::MAX).is_clean());
    deliver(&mut judge, [20]);
    assert_eq!(judge.verdict(Micros::MAX).duplicates.len(), 1);
    judge.forget(at(22));
    assert_eq!(judge.verdict(Micros::MAX).duplicates.len(), 1);
}

#[test]
fn some_windows_excuse_what_was_told_and_no_more() {
    let verdict = |told: &[(Incarnation, u8, u32, Micros)], died: Option<Incarnation>| {
        let mut judge = ledger();
        judge.open(Window { told: true, ..window(at(8), at(12), Who::All) });
        for (incarnation, slot, count, at) in told.iter().copied() {
            judge.take(Entry::Unconfirmed { incarnation, slot, count, at });
        }
        died.into_iter().for_each(|node| judge.died(node, at(21)));
        deliver(&mut judge, (1..=20).filter(|number| ![9, 10, 11].contains(number)));
        let verdict = judge.verdict(Micros::MAX);
        (verdict.explained.get("a fault").copied().unwrap_or(0), numbers(&verdict.unexplained))
    };
    let all = vec![9, 10, 11];
    assert_eq!(verdict(&[], None), (0, all.clone()));
    assert_eq!(verdict(&[(2, 0, 2, at(13))], None), (0, all.clone()));
    assert_eq!(verdict(&[(2, 0, 2, at(13)), (2, 0, 1, at(22))], None), (3, vec![]));
    // Another node's, of another node, before the fault, long after it.
    for other in [(1, 0, 9, at(13)), (2, 1, 9, at(13)), (2, 0, 9, at(7)), (2, 0, 9, at(23))] {
        assert_eq!(verdict(&[other], None), (0, all.clone()));
    }
    for died in [1, 2] {
        assert_eq!(verdict(&[], Some(died)), (3, vec![]), "the dead are not told, and tell nothing");
    }
    // What was held up when it began is more than anybody knows of.
    let mut judge = ledger();
    judge.open(Window { told: true, ..window(at(8), at(12), Who::All) });
    judge.stalled(window(at(6), at(9), Who::All));
    deliver(&mut judge, (1..=20).filter(|number| ![6, 9, 12].contains(number)));
    assert_eq!(numbers(&judge.verdict(Micros::MAX).unexplained), [12]);
}

#[test]
fn what_is_held_up_when_a_fault_begins_is_met_by_it() {
    let verdict = |stall: Option<(u32, u32)>| {
        let mut judge = ledger();
        judge.open(window(at(14), at(16), Who::Node(2)));
        stall.into_iter().for_each(|(from, to)| judge.stalled(window(at(from), at(to), Who::All)));
        deliver(&mut judge, (1..=20).filter(|number| ![10, 11].contains(number)));
        numbers(&judge.verdict(Micros::MAX).unexplained)
    };
    assert_eq!(verdict(None), [10, 11]);
    assert_eq!(verdict(Some((10, 11))), [10, 11], "it was over before");
    assert_eq!(verdict(Some((13, 14))), [10], "it began after 10 must have arrived");
    assert_eq!(verdict(Some((11, 12))), [0; 0]);
}
