//! How a node leaves in good order.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;

/// Whether the first look finds nobody who has still to leave: only then is it asked how much was handed on.
fn waits_for_nobody(core: &Core<Wire>) -> bool {
    let asked = std::cell::Cell::new(false);
    let over = core.leaving.over(|| {
        asked.set(true);
        0
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let polled =
        runtime.block_on(async { pin!(over).as_mut().poll(&mut Context::from_waker(Waker::noop())) });
    assert_eq!(polled, Poll::Pending, "it is quiet only after a while");
    asked.get()
}

#[test]
fn all_members_of_all_groups_are_told_behind_their_data() {
    let (core, [mut a, mut b], route) = members();
    b.attach("other");
    drop(a.batches());
    a.publish(route, b"before");
    a.inbound.flush();
    core.leave();
    assert_eq!(a.seen(), [Seen::Leaving]);
    assert_eq!(b.seen(), [data(b"before"), Seen::Leaving, Seen::Leaving]);
    core.leave();
    assert_eq!(a.seen(), [], "once is enough");
}

#[test]
fn what_is_sent_on_the_way_out_is_handed_on() {
    let (core, [mut a, b], route) = members();
    core.leave();
    a.publish(route, b"last");
    a.request("left", 1, "g", "a@h");
    a.inbound.flush();
    assert_eq!(b.seen(), [Seen::Leaving, data(b"last")]);
}

#[test]
fn who_leaves_the_group_or_the_cluster_is_not_waited_for() {
    let (core, [mut a, mut b, mut c], _route) = members();
    core.leave();
    a.request("left", 1, "g", "a@h");
    assert!(!waits_for_nobody(&core));
    b.request("detach", 1, "g", "b@h");
    assert!(!waits_for_nobody(&core));
    c.request("left", 1, "g", "b@h");
    c.request("left", 1, "another", "c@h");
    assert!(!waits_for_nobody(&core), "that was said for another node, and of another group");
    c.inbound.link_down(&DownReason::ClosedByPeer);
    assert!(waits_for_nobody(&core));
}

#[test]
fn who_attaches_meanwhile_is_asked_to_leave_at_once() {
    let (core, [mut a, mut b], _route) = members();
    core.leave();
    a.request("left", 1, "g", "a@h");
    b.request("left", 1, "g", "b@h");
    let mut late = peer(&core, 3, "c@h");
    late.request("attach", 2, "g", "c@h");
    assert!(matches!(late.seen()[..], [Seen::Members { .. }, Seen::Leaving]));
    assert!(!waits_for_nobody(&core));
    late.request("left", 1, "g", "c@h");
    assert!(waits_for_nobody(&core));
}
