//! Who gets several messages in one frame, and who does not.

use super::*;

const ONE: &[u8] = &[97, 1];
const TWO: &[u8] = &[97, 2];
const THREE: &[u8] = &[106];

fn batch(elements: &[&[u8]]) -> Seen {
    Seen::Batch(elements.iter().map(|element| element.to_vec()).collect())
}

fn shared_frames(core: &Core<Wire>) -> u64 {
    core.figures.batches.load(std::sync::atomic::Ordering::Relaxed)
}

#[test]
fn a_run_is_one_frame_shared_by_all_who_take_batches() {
    let core = core_with(RouterConfig::default());
    let (mut a, mut b, mut c) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"), peer(&core, 3, "c@h"));
    a.attach("g");
    b.attach_in(2, "g");
    c.attach_in(2, "g");
    let (route, _) = a.members();
    b.batches();
    for payload in [ONE, TWO, THREE] {
        a.publish(route, payload);
    }
    a.inbound.flush();
    let (to_b, to_c) = (b.batches(), c.batches());
    assert_eq!((to_b.len(), to_b[0].len()), (1, 1), "one send of one buffer");
    assert_eq!(to_b[0][0].as_ptr(), to_c[0][0].as_ptr(), "the same buffer");
    b.wire.send(&to_b[0]);
    assert_eq!(b.seen(), [batch(&[ONE, TWO, THREE])]);
    let counters = core.router.counters();
    assert_eq!((counters.forwarded, counters.copies, shared_frames(&core)), (3, 6, 1));

    a.publish(route, ONE);
    a.inbound.flush();
    assert_eq!(b.seen(), [data(ONE)], "alone as ever");
    assert_eq!(shared_frames(&core), 1);
}

#[test]
fn who_attached_in_version_1_gets_the_same_messages_one_by_one() {
    let core = core_with(RouterConfig::default());
    let (mut a, mut b, mut c) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"), peer(&core, 3, "c@h"));
    a.attach_in(2, "g");
    b.attach_in(2, "g");
    c.attach_in(1, "g");
    // What is said of one group says nothing of another.
    c.attach_in(2, "other");
    let route = a.members().0;
    b.batches();
    c.batches();
    a.publish(route, ONE);
    a.publish(route, TWO);
    a.inbound.flush();
    assert_eq!(b.seen(), [batch(&[ONE, TWO])]);
    assert_eq!(c.seen(), [data(ONE), data(TWO)]);

    // It is upgraded, and then taken back.
    for (version, seen) in [(2, vec![batch(&[TWO, ONE])]), (1, vec![data(TWO), data(ONE)])] {
        c.attach_in(version, "g");
        let (route, _) = a.members();
        a.publish(route, TWO);
        a.publish(route, ONE);
        a.inbound.flush();
        assert_eq!(c.seen(), seen, "version {version}");
    }
}

#[test]
fn a_refused_attachment_leaves_no_note() {
    let mut config = RouterConfig::default();
    config.max_groups = 1;
    let core = core_with(config);
    let mut a = peer(&core, 1, "a@h");
    a.attach_in(1, "g");
    a.request("attach", 1, "second", "a@h");
    a.request("detach", 1, "g", "a@h");
    assert!(core.notes(PeerId(1)).is_empty());
}

#[test]
fn a_list_ends_a_run_and_is_no_element() {
    let core = core_with(RouterConfig::default());
    let (mut a, mut b) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"));
    a.attach_in(2, "g");
    b.attach_in(2, "g");
    let (route, _) = a.members();
    b.batches();
    a.publish(route, ONE);
    a.publish(route, TWO);
    a.request("attach", 2, "g", "a@h");
    let (route, _) = a.members();
    a.publish(route, TWO);
    a.publish(route, ONE);
    a.inbound.flush();
    let seen = b.seen();
    assert_eq!((&seen[0], &seen[2]), (&batch(&[ONE, TWO]), &batch(&[TWO, ONE])));
    assert!(matches!(&seen[1], Seen::Members { version: 3, .. }), "{seen:?}");
}
