//! Where messages go, in which order, and what requests do.

use super::*;

#[test]
fn a_run_is_one_batch_shared_by_all_targets() {
    let core = core_with(RouterConfig::default());
    let (mut a, mut b, mut c) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"), peer(&core, 3, "c@h"));
    a.attach("g");
    b.attach("g");
    c.attach("g");
    let (route, version) = a.members();
    assert_eq!(version, 3);
    b.batches();

    a.publish(route, b"one");
    a.publish(route, b"two");
    assert!(b.batches().is_empty(), "nothing goes out before the end of the read batch");
    a.inbound.flush();
    let (to_b, to_c) = (b.batches(), c.batches());
    assert_eq!((to_b.len(), to_b[0].len()), (1, 1), "one send of one buffer");
    assert_eq!(to_b[0][0].as_ptr(), to_c[0][0].as_ptr(), "the same buffer");
    b.wire.send(&to_b[0]);
    assert_eq!(b.seen(), [data(b"one"), data(b"two")]);
    assert!(a.batches().is_empty(), "never back to the sender");
    let counters = core.router.counters();
    assert_eq!((counters.forwarded, counters.copies), (2, 4));
    a.inbound.flush();
    assert!(b.batches().is_empty());
}

#[test]
fn order_holds_across_routes_and_requests() {
    let (_core, [mut a, mut b], route) = members();
    let Some(Seen::Members { members, .. }) = ({
        a.request("attach", 1, "other", "a@h");
        b.request("attach", 1, "other", "b@h");
        b.seen().pop()
    }) else {
        panic!("no list");
    };
    let only_b = members.iter().find(|(node, _)| node == "b@h").unwrap().1;
    a.publish(route, b"1");
    a.publish(only_b, b"2");
    a.publish(route, b"3");
    a.request("detach", 1, "g", "a@h");
    a.inbound.flush();
    let seen = b.seen();
    assert_eq!(seen[..3], [data(b"1"), data(b"2"), data(b"3")]);
    assert!(
        matches!(&seen[3], Seen::Members { members, .. } if members.len() == 1),
        "the goodbye is behind the data: {seen:?}"
    );
}

#[test]
fn the_end_of_a_link_is_told_behind_its_data() {
    let (_core, [mut a, b], route) = members();
    a.publish(route, b"last");
    a.inbound.flush();
    a.inbound.link_down(&DownReason::ClosedByPeer);
    let seen = b.seen();
    assert_eq!(seen[0], data(b"last"));
    assert!(matches!(&seen[1], Seen::Members { version: 3, members, .. } if members.len() == 1), "{seen:?}");
}

#[test]
fn an_old_link_is_silent_once_a_new_one_has_its_place() {
    let (core, [mut a, b], route) = members();
    a.publish(route, b"gathered, not handed on");
    let mut again = peer(&core, 3, "a@h");
    again.attach("g");
    a.inbound.flush();
    let seen = b.seen();
    assert!(matches!(seen[..], [Seen::Members { version: 3, .. }]), "{seen:?}");
    assert_eq!(core.router.counters().dropped_unattached, 1);
}

#[test]
fn the_new_member_is_told_first_and_gets_nothing_of_older_lists() {
    let core = core_with(RouterConfig::default());
    let (mut a, mut b, mut c) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"), peer(&core, 3, "c@h"));
    a.attach("g");
    b.attach("g");
    let (old, _) = a.members();
    c.attach("g");
    a.publish(old, b"x");
    a.inbound.flush();
    assert_eq!(b.seen().last(), Some(&data(b"x")));
    assert!(c.batches().is_empty());
}

#[test]
fn a_member_that_attaches_anew_gets_nothing_that_was_gathered_for_its_old_place() {
    let (_core, [mut a, mut b], route) = members();
    a.publish(route, b"for the old place");
    b.request("attach", 1, "g", "b@h");
    a.inbound.flush();
    let seen = b.seen();
    assert!(matches!(seen[..], [Seen::Members { version: 3, .. }]), "{seen:?}");
}

#[test]
fn pids_of_nobody_are_dropped_and_counted() {
    let (core, [mut a, b], route) = members();
    let payload = Bytes::from_static(b"x");
    let mut old = ours(route);
    old.creation += 1;
    a.inbound.message(To::Pid(old), None, Payload::new(&payload, 0));
    a.publish((5, 4_000), b"x");
    a.inbound.flush();
    assert!(b.batches().is_empty());
    assert_eq!(core.router.counters().dropped_unknown_route, 2);
    let mut stranger = peer(&core, 9, "z@h");
    stranger.publish(route, b"x");
    stranger.inbound.flush();
    assert!(b.batches().is_empty());
    assert_eq!(core.router.counters().dropped_unattached, 1);
}

#[test]
fn refusals_say_why() {
    let mut config = RouterConfig::default();
    (config.max_groups, config.max_members) = (1, 1);
    let core = core_with(config);
    let (mut a, mut b) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"));
    a.attach("g");
    a.request("attach", 1, "second", "a@h");
    b.request("attach", 1, "g", "b@h");
    b.request("attach", 7, "g", "b@h");
    let refused = |reason: &str, limit| Seen::Refused { reason: reason.into(), limit };
    assert_eq!(a.seen(), [refused("too_many_groups", 1)]);
    assert_eq!(b.seen(), [refused("too_many_members", 1), refused("version", 2)]);
}

#[test]
fn what_is_malformed_or_about_others_is_counted_and_changes_nothing() {
    let core = core_with(RouterConfig::default());
    let mut a = peer(&core, 1, "a@h");
    a.request("attach", 1, "g", "b@h");
    a.request("attach", 1, "", "a@h");
    a.raw(&Bytes::from_static(b""));
    a.raw(&Bytes::from_static(&[104, 255]));
    a.raw(&term(|writer| writer.atom("hello").unwrap()));
    assert!(a.batches().is_empty());
    assert_eq!(core.router.size(), (0, 0));
    assert_eq!(core.figures.malformed.load(std::sync::atomic::Ordering::Relaxed), 5);
}

#[test]
fn cover_is_for_the_attached() {
    let core = core_with(RouterConfig::default());
    let mut a = peer(&core, 1, "a@h");
    let cover = term(|writer| {
        writer.tuple(4);
        writer.atom("cover").unwrap();
        writer.integer(1);
        writer.atom("g").unwrap();
        writer.list(1);
        writer.atom("b@h").unwrap();
        writer.nil();
    });
    a.raw(&cover);
    assert!(a.asked.0.lock().unwrap().is_empty());
    a.attach("g");
    a.raw(&cover);
    assert_eq!(*a.asked.0.lock().unwrap(), ["g b@h"]);
    a.request("detach", 1, "g", "a@h");
    a.request("detach", 1, "g", "a@h");
    assert_eq!(*a.asked.0.lock().unwrap(), ["g b@h", "g left"]);
}

#[test]
fn a_full_batch_goes_out_at_once() {
    let (_core, [mut a, b], route) = members();
    let large = Bytes::from(vec![1; 200_000]);
    a.inbound.message(To::Pid(ours(route)), None, Payload::new(&large, 0));
    let sent = b.batches();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].iter().any(|buffer| buffer.as_ptr() == large.as_ptr()), "shared, not copied");
}
