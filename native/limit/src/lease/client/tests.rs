//! A client by itself: the test is the Rust nodes.

use super::super::clock::shorter;
use super::super::clock::{ANSWER, MS, Timing, longer};
use super::super::wire::Poll;
use super::super::wire::{Given, Grant};
use super::super::{Incarnation, View};
use super::config::*;
use super::*;

const KEY: u128 = 9;

fn client(lots: &Arc<Lots>) -> Client {
    let config = ClientConfig {
        node: NodeId(1),
        incarnation: Incarnation(1),
        born_ms: 1,
        electorate: 0,
        rule: LeaseRule::new(LeaseKind::Gcra, 100, 1_000 * MS, 100).unwrap(),
        patience_ns: 500 * MS,
        max_keys: 2,
        max_waiters: 2,
        timing: Timing::default(),
        shares: false,
    };
    Client::new(config, lots.clone(), 0)
}

/// A Rust node of this number polls. What the client says to it.
fn poll(client: &mut Client, node: u64, now: u64) -> Vec<ClientOut> {
    let (id, incarnation, members) = (NodeId(node), Incarnation(node), Vec::new());
    let poll = Poll {
        node: id,
        incarnation,
        number: now,
        electorate: 1,
        rule: None,
        view: View::new([(id, incarnation)]),
        votes: 1,
        in_force: true,
        members,
    };
    let mut out = Vec::new();
    client.receive(&Message::Poll(poll).encode(), now, &mut out).unwrap();
    out
}

/// The client asks for one token at `sent`, and the Rust node grants so many at `now`.
fn grant(client: &mut Client, tokens: u64, sent: u64, now: u64) -> Vec<ClientOut> {
    let mut out = Vec::new();
    client.ask(WaiterId(sent), KEY, 1, sent, &mut out);
    let ask = out.iter().find_map(|out| match out {
        ClientOut::Send { bytes, .. } => match Message::decode(bytes) {
            Ok(Message::Ask(ask)) => Some(ask),
            _ => None,
        },
        ClientOut::Answer { .. } => None,
    });
    let ask = ask.expect("it asks");
    let given = Given { key: KEY, granted: tokens, hold_ns: 700 * MS, ..Given::default() };
    let grant = Grant { incarnation: ask.owner, number: ask.number, closed_ns: 0, given: vec![given] };
    let mut out = Vec::new();
    client.receive(&Message::Grant(grant).encode(), now, &mut out).unwrap();
    out
}

fn allowed(taken: Taken) -> bool {
    matches!(taken, Taken::Allowed { .. })
}

/// When it may vote.
fn start() -> u64 {
    longer(Timing::default().vote_ns)
}

#[test]
fn what_is_granted_is_spent_here() {
    let lots = Arc::new(Lots::default());
    let mut client = client(&lots);
    poll(&mut client, 5, start());
    let answers = grant(&mut client, 3, start(), start() + MS);
    let waiter = WaiterId(start());
    assert!(
        matches!(answers[..], [ClientOut::Answer { waiter: who, taken: Taken::Allowed { .. } }, ..] if who == waiter)
    );
    assert!((0..2).all(|_| allowed(lots.take(KEY, 1, start() + MS))));
    assert!(!allowed(lots.take(KEY, 1, start() + MS)));
}

#[test]
fn a_lease_counts_from_when_it_was_asked_for() {
    let lots = Arc::new(Lots::default());
    let mut client = client(&lots);
    poll(&mut client, 5, start());
    let sent = start();
    grant(&mut client, 3, sent, sent + 200 * MS);
    let end = sent + shorter(700 * MS);
    assert!(allowed(lots.take(KEY, 1, end - 1)));
    assert_eq!(lots.take(KEY, 1, end), Taken::Ask);
}

#[test]
fn with_another_vote_all_leases_are_void() {
    let lots = Arc::new(Lots::default());
    let mut client = client(&lots);
    poll(&mut client, 5, start());
    grant(&mut client, 3, start(), start());
    client.node_down(NodeId(5), start() + MS, &mut Vec::new());
    let later = start() + longer(Timing::default().vote_ns);
    poll(&mut client, 6, later - 1);
    assert!(allowed(lots.take(KEY, 1, later)), "the vote for the first one holds, and so does the lease");
    poll(&mut client, 6, later);
    assert_eq!(lots.take(KEY, 1, later), Taken::Ask);
}

#[test]
fn an_answer_that_comes_too_late_gives_nothing() {
    let lots = Arc::new(Lots::default());
    let mut client = client(&lots);
    poll(&mut client, 5, start());
    let mut out = Vec::new();
    client.ask(WaiterId(1), KEY, 1, start(), &mut out);
    client.tick(start() + ANSWER, &mut out);
    let given = Given { key: KEY, granted: 3, hold_ns: 700 * MS, ..Given::default() };
    let grant = Grant { incarnation: Incarnation(5), number: 1, closed_ns: 0, given: vec![given] };
    client.receive(&Message::Grant(grant).encode(), start() + ANSWER, &mut out).unwrap();
    assert_eq!(lots.take(KEY, 1, start() + ANSWER), Taken::Ask);
}

#[test]
fn nobody_waits_longer_than_patience() {
    let lots = Arc::new(Lots::default());
    let mut client = client(&lots);
    let mut out = Vec::new();
    client.ask(WaiterId(1), KEY, 1, 0, &mut out);
    client.ask(WaiterId(2), KEY, 1, 0, &mut out);
    client.ask(WaiterId(3), KEY, 1, 0, &mut out);
    let lost = |waiter| ClientOut::Answer { waiter: WaiterId(waiter), taken: Taken::Lost };
    assert_eq!(out, [lost(3)], "no room to wait");
    out.clear();
    client.tick(500 * MS, &mut out);
    assert_eq!(out, [lost(1), lost(2)]);
    assert_eq!(client.figures().waiting, 0);
}
