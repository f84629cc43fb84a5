//! Terms, step by step: who votes when, and what may be granted.

use super::*;
use crate::lease::clock::MS;
use crate::lease::{LeaseKind, LeaseRule};

const OWN: (NodeId, Incarnation) = (NodeId(100), Incarnation(7));

fn terms() -> Terms {
    Terms::new(OWN.0, OWN.1, Timing::default())
}

fn ours() -> View {
    View::new([OWN])
}

/// App node `node` of three answers a poll. Epochs count the views that it has voted for.
fn status(node: u64, answers: u64, epoch: u64, view: View) -> Status {
    Status {
        node: NodeId(node),
        incarnation: Incarnation(node),
        born_ms: 1,
        answers,
        epoch,
        shares: false,
        electorate: 3,
        rule: LeaseRule::new(LeaseKind::Gcra, 1, 1, 1).unwrap(),
        view,
        members: Vec::new(),
    }
}

fn vote(terms: &mut Terms, nodes: impl IntoIterator<Item = u64>, epoch: u64, view: &View, now: u64) -> Turn {
    let poll = terms.poll(now);
    nodes.into_iter().for_each(|node| {
        terms.status(&status(node, poll, epoch, view.clone()), now);
    });
    count(terms, epoch, now)
}

/// All have reported under the vote that they give.
fn count(terms: &mut Terms, epoch: u64, now: u64) -> Turn {
    let word = |node: NodeId| Word { incarnation: Incarnation(node.0), epoch, view: ours().digest() };
    terms.count(|node| Some(word(node)), now)
}

fn lease() -> u64 {
    longer(Timing::default().lease_ns)
}

#[test]
fn everybody_together_opens_a_term_at_once() {
    let mut terms = terms();
    assert_eq!(vote(&mut terms, [1], 1, &ours(), 0), Turn::Same);
    assert_eq!(terms.in_force(), None);
    assert_eq!(vote(&mut terms, [1, 2, 3], 1, &ours(), MS), Turn::Open { reported: true });
    vote(&mut terms, [1, 2, 3], 1, &ours(), MS);
    assert!(terms.grants(NodeId(1), ours().digest(), MS).is_ok());
    assert!(terms.grants(NodeId(1), 0, MS).is_err(), "tokens of another view");
}

#[test]
fn a_majority_waits_until_old_leases_are_over() {
    let mut terms = terms();
    assert_eq!(vote(&mut terms, [1, 2], 1, &ours(), 0), Turn::Same);
    let mut now = 0;
    while now + 100 * MS < lease() {
        now += 100 * MS;
        assert_eq!(vote(&mut terms, [1, 2], 1, &ours(), now), Turn::Same);
        assert!(terms.grants(NodeId(1), ours().digest(), now).is_err());
    }
    assert_eq!(vote(&mut terms, [1, 2], 1, &ours(), lease()), Turn::Open { reported: false });
}

#[test]
fn a_term_waits_for_what_its_voters_report() {
    let mut terms = terms();
    let poll = terms.poll(0);
    for node in 1..=3 {
        terms.status(&status(node, poll, 1, ours()), 0);
    }
    assert_eq!(count(&mut terms, 7, 0), Turn::Same, "they reported under another vote");
    assert_eq!(count(&mut terms, 1, 0), Turn::Open { reported: true });
}

#[test]
fn votes_count_from_when_the_poll_was_sent() {
    let mut terms = terms();
    let poll = terms.poll(0);
    let sent = Timing::default().vote_ns;
    for node in 1..=3 {
        terms.status(&status(node, poll, 1, ours()), sent - 1);
    }
    count(&mut terms, 1, sent - 1);
    assert!(terms.in_force().is_some());
    count(&mut terms, 1, sent);
    assert!(terms.in_force().is_none());
}

#[test]
fn a_term_goes_on_if_no_other_view_can_have_been_in_force() {
    let mut terms = terms();
    vote(&mut terms, [1, 2, 3], 1, &ours(), 0);
    let later = 2 * Timing::default().vote_ns;
    count(&mut terms, 1, later);
    assert_eq!(terms.in_force(), None);
    assert_eq!(vote(&mut terms, [1, 2], 1, &ours(), later), Turn::Same);
    assert_eq!(terms.in_force(), Some(&ours()));
    assert!(terms.grants(NodeId(1), ours().digest(), later).is_ok(), "it never stopped being open");
}

#[test]
fn voters_that_were_elsewhere_make_it_a_new_term_that_waits_for_those_who_were_not() {
    let mut terms = terms();
    vote(&mut terms, [1, 2, 3], 1, &ours(), 0);
    let later = Timing::default().vote_ns + 50 * MS;
    count(&mut terms, 1, later);
    // Two of three have voted for another view, the third holds leases of this one.
    let poll = terms.poll(later);
    terms.status(&status(1, poll, 3, ours()), later);
    terms.status(&status(2, poll, 3, ours()), later);
    terms.status(&status(3, poll, 1, ours()), later);
    assert_eq!(count(&mut terms, 1, later), Turn::Same);
    assert!(terms.grants(NodeId(1), ours().digest(), later).is_err());
    assert_eq!(vote(&mut terms, [1, 2, 3], 3, &ours(), later + lease()), Turn::Open { reported: false });
}

#[test]
fn a_node_that_the_majority_has_not_heard_of_gets_nothing() {
    let mut terms = terms();
    vote(&mut terms, [1, 2, 3], 1, &ours(), 0);
    vote(&mut terms, [1, 2, 3], 1, &ours(), MS);
    let poll = terms.poll(2 * MS);
    terms.status(&status(4, poll, 1, ours()), 2 * MS);
    assert!(terms.grants(NodeId(1), ours().digest(), 2 * MS).is_ok());
    assert!(terms.grants(NodeId(4), ours().digest(), 2 * MS).is_err());
    vote(&mut terms, [1, 2, 3, 4], 1, &ours(), 3 * MS);
    assert!(terms.grants(NodeId(4), ours().digest(), 3 * MS).is_ok());
}
