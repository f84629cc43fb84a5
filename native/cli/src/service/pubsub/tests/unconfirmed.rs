//! What a node may have missed when its link broke, and who hears of it.

use super::interest::Say;
use super::traffic::message;
use super::*;

/// Breaks the link of `b`, and has its node attach again as this VM. What it is told besides the list.
fn comes_back(core: &Arc<Core<Wire>>, b: &mut Peer, creation: i64) -> Vec<Seen> {
    b.inbound.link_down(&DownReason::ClosedByPeer);
    let mut again = peer(core, 9, "b@h");
    let attach = term(|writer| {
        writer.tuple(4);
        writer.atom("attach").unwrap();
        writer.integer(2);
        writer.atom("g").unwrap();
        let creation = u32::try_from(creation).unwrap();
        writer.pid(&Pid { node: Atom::Utf8("b@h"), id: 9, serial: 0, creation }).unwrap();
    });
    again.raw(&attach);
    let mut seen = again.seen();
    assert!(matches!(seen.remove(0), Seen::Members { .. }), "the list comes first");
    seen
}

#[test]
fn what_came_behind_the_last_answer_that_was_asked_about_is_told() {
    let (core, [mut a, mut b, mut c], route) = members();
    b.list(&["t"]);
    a.send(route, &(0..4).map(|n| message("t", n)).collect::<Vec<_>>());
    b.ask_again(4);
    b.ask_again(5);
    a.send(route, &(0..3).map(|n| message("t", n)).collect::<Vec<_>>());
    b.ask_again(6);
    a.send(route, &[message("t", 1), message("not wanted", 1)]);
    c.send(route, &[message("t", 1)]);
    assert_eq!(comes_back(&core, &mut b, 1), [Seen::Unconfirmed(vec![("a@h".into(), 4), ("c@h".into(), 1)])]);
}

#[test]
fn what_waits_for_a_peer_that_lags_counts_as_well() {
    let (core, [mut a, mut b], route) = members();
    b.list(&["t"]);
    b.ask_again(4);
    b.wire.queued.store(usize::MAX, SeqCst);
    a.send(route, &(0..5).map(|n| message("t", n)).collect::<Vec<_>>());
    assert_eq!(b.batches().len(), 0, "it lags");
    assert_eq!(comes_back(&core, &mut b, 1), [Seen::Unconfirmed(vec![("a@h".into(), 5)])]);
}

#[test]
fn nobody_else_hears_of_it_and_nobody_twice() {
    for creation in [1, 2] {
        let (core, [mut a, mut b], route) = members();
        b.list(&["t"]);
        a.send(route, &[message("t", 1)]);
        let told = comes_back(&core, &mut b, creation);
        assert_eq!(told.len(), usize::from(creation == 1), "another VM has missed nothing: {told:?}");
        let mut again = peer(&core, 10, "b@h");
        again.attach_in(2, "g");
        assert_eq!(again.seen(), []);
    }
}

#[test]
fn who_has_no_teller_is_told_nothing() {
    let (core, [mut a, mut b], route) = members();
    a.send(route, &[message("t", 1)]);
    assert_eq!(comes_back(&core, &mut b, 1), []);
}

#[test]
fn what_came_for_it_when_its_link_was_gone_is_told_too() {
    let (core, [mut a, mut b, mut c], route) = members();
    b.list(&["t"]);
    a.send(route, &[message("t", 1)]);
    b.inbound.link_down(&DownReason::ClosedByPeer);
    // Neither has read the list that says so.
    a.send(route, &[message("t", 2), message("t", 3)]);
    c.send(route, &[message("t", 1)]);
    assert_eq!(comes_back(&core, &mut b, 1), [Seen::Unconfirmed(vec![("a@h".into(), 3), ("c@h".into(), 1)])]);
}

#[test]
fn what_comes_when_it_is_back_by_who_still_thinks_of_the_old_link_is_told_with_the_next_answer() {
    let (core, [mut a, mut b], route) = members();
    b.list(&["t"]);
    b.inbound.link_down(&DownReason::ClosedByPeer);
    let mut again = peer(&core, 9, "b@h");
    again.attach_in(2, "g");
    again.seen();
    a.send(route, &[message("t", 1)]);
    for told in [1, 0] {
        again.tell(1, "g", &Say::Reset(0));
        let seen = again.seen();
        let unconfirmed = Seen::Unconfirmed(vec![("a@h".into(), 1)]);
        assert_eq!(seen.iter().filter(|seen| **seen == unconfirmed).count(), told, "{seen:?}");
    }
}

#[test]
fn who_has_left_in_good_order_misses_nothing() {
    let (core, [mut a, mut b], route) = members();
    b.list(&["t"]);
    b.ask_again(4);
    b.request("detach", 1, "g", "b@h");
    a.send(route, &[message("t", 1)]);
    assert_eq!(comes_back(&core, &mut b, 1), []);
}
