//! The rules of an account one by one. `super::model` has them under random schedules.

use outrigger_node::OwnedPid;
use tokio::sync::oneshot;

use super::{Action, Answer, Gap, Request, State, Teller};
use crate::pattern::Pattern;

fn pid(node: &str, id: u32) -> OwnedPid {
    OwnedPid { node: node.into(), id, serial: 0, creation: 1 }
}

fn topic(number: usize) -> Pattern {
    Pattern::Topic(format!("t{number:05}").into())
}

/// A teller and what it has said last to one router.
struct Told {
    teller: Teller,
    said: Option<(u64, Request)>,
    gaps: Vec<Gap>,
}

impl Told {
    fn new(topics: usize) -> Self {
        let mut told = Self { teller: Teller::default(), said: None, gaps: Vec::new() };
        (0..topics).for_each(|number| drop(told.teller.register(&topic(number), 0)));
        let actions = told.teller.attached(&pid("r@h", 1), &pid("r@h", 2), 0);
        told.take(actions);
        told
    }

    fn take(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send { number, request, .. } => self.said = Some((number, request)),
                Action::Gap { gap, .. } => self.gaps.push(gap),
            }
        }
    }

    /// The router's answer to what was said last; what is said next.
    fn answer(&mut self, state: State, stamp: u64, complete: bool, now: u64) -> Option<Request> {
        let (number, _) = self.said.take().expect("something was said");
        let actions = self.teller.answer(&pid("r@h", 1), &Answer { number, state, stamp, complete }, now);
        self.take(actions);
        self.said.as_ref().map(|(_, request)| request.clone())
    }

    /// As far as `listed`.
    fn listed(topics: usize) -> Self {
        let mut told = Self::new(topics);
        while !matches!(told.said, Some((_, Request::Listed { .. }))) {
            told.answer(State::Open, 5, true, 0);
        }
        assert_eq!(told.answer(State::Listed, 5, true, 0), None);
        told
    }
}

#[test]
fn a_router_is_told_all_in_portions_and_then_their_digest() {
    let mut told = Told::new(2_500);
    assert_eq!(told.said, Some((1, Request::Reset { since: 0 })));
    let mut portions = Vec::new();
    let digest = loop {
        match told.answer(State::Open, 1, true, 0) {
            Some(Request::Change { since: 0 | 1, wanted, unwanted }) if unwanted.is_empty() => {
                portions.push(wanted.len());
            }
            Some(Request::Listed { count, sum }) => break (count, sum),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(portions, [1_000, 1_000, 500]);
    let sum = (0..2_500).map(|number| u64::from(crc32fast::hash(topic(number).text().as_bytes()))).sum();
    assert_eq!(digest, (2_500, sum));
}

#[test]
fn one_message_is_under_way_and_what_is_new_goes_with_the_next_and_the_oldest_stamp() {
    let mut told = Told::listed(0);
    let actions = told.teller.register(&topic(1), 10);
    told.take(actions);
    assert!(
        matches!(&told.said, Some((_, Request::Change { since: 5, wanted, .. })) if *wanted == [topic(1)])
    );
    for number in 2..4 {
        assert_eq!(told.teller.register(&topic(number), 11), [], "one is under way");
    }
    let next = told.answer(State::Listed, 9, true, 12);
    assert_eq!(
        next,
        Some(Request::Change { since: 5, wanted: vec![topic(2), topic(3)], unwanted: vec![] }),
        "the stamp of before they were wanted"
    );
    assert_eq!(told.answer(State::Listed, 12, true, 13), None);
    let actions = told.teller.tick(300);
    told.take(actions);
    assert_eq!(
        told.said.map(|(_, request)| request),
        Some(Request::Change { since: 12, wanted: vec![], unwanted: vec![] }),
        "a new stamp now and then"
    );
}

#[test]
fn what_does_not_fit_into_a_message_keeps_its_stamp() {
    let mut told = Told::listed(0);
    for number in 0..=2_500 {
        let actions = told.teller.register(&topic(number), 10);
        told.take(actions);
    }
    let length = |next: Option<Request>, of: u64| match next {
        Some(Request::Change { since, wanted, .. }) if since == of => wanted.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(length(told.answer(State::Listed, 9, true, 11), 5), 2_000);
    assert_eq!(told.teller.register(&topic(9_999), 12), []);
    assert_eq!(length(told.answer(State::Listed, 12, true, 13), 5), 501, "some of them are of before 9");
}

#[test]
fn what_is_not_complete_is_a_gap() {
    let mut told = Told::listed(0);
    let actions = told.teller.register(&topic(1), 10);
    told.take(actions);
    told.answer(State::Listed, 9, false, 11);
    assert_eq!(told.gaps, [Gap::Patterns(vec![topic(1)])]);
    let mut told = Told::new(3);
    while told.answer(State::Open, 5, false, 0).is_some_and(|next| !matches!(next, Request::Listed { .. })) {}
    assert_eq!(told.gaps, [], "who gets everything has missed nothing");
}

#[test]
fn a_router_that_means_another_set_is_told_anew_after_a_pause() {
    let mut told = Told::listed(3);
    let actions = told.teller.register(&topic(9), 10);
    told.take(actions);
    // It has opened us, since a bound was passed. What was asked for late is asked for again.
    assert_eq!(told.answer(State::Open, 9, true, 100), Some(Request::Reset { since: 5 }));
    assert_eq!(told.answer(State::Open, 10, true, 101), None, "it sends everything: there is time");
    assert!(told.teller.tick(1_099).is_empty());
    let actions = told.teller.tick(1_100);
    told.take(actions);
    assert!(matches!(&told.said, Some((_, Request::Change { wanted, .. })) if wanted.len() == 4));
}

#[test]
fn what_had_no_room_is_said_again() {
    let mut told = Told::new(0);
    told.teller.unsent(&pid("r@h", 1));
    let actions = told.teller.tick(200);
    let again = Action::Send { router: pid("r@h", 1), number: 1, request: Request::Reset { since: 0 } };
    assert_eq!(actions, [again]);
    assert_eq!(told.teller.tick(400), [], "once");
}

#[test]
fn a_confirmation_waits_for_each_router_that_is_there() {
    let mut told = Told::listed(0);
    let confirm = |told: &mut Told, number| {
        let (done, confirmed) = oneshot::channel();
        told.teller.confirm(&topic(number), done);
        confirmed
    };
    let actions = told.teller.register(&topic(1), 10);
    told.take(actions);
    let mut first = confirm(&mut told, 1);
    assert!(first.try_recv().is_err(), "it is under way");
    told.answer(State::Listed, 9, true, 11);
    assert!(first.try_recv().is_ok());
    let actions = told.teller.register(&topic(2), 12);
    told.take(actions);
    let mut second = confirm(&mut told, 2);
    told.teller.down("r@h");
    assert!(second.try_recv().is_ok(), "it is gone");
    assert!(confirm(&mut told, 3).try_recv().is_ok(), "there is none");
}
