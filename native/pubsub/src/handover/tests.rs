//! The rules one by one. `crate::model` has them together.

use super::*;

const ME: &str = "me@h";

fn pid(node: &str, id: u32) -> OwnedPid {
    OwnedPid { node: node.into(), id, serial: 0, creation: 1 }
}

fn publisher() -> OwnedPid {
    pid("a@h", 1)
}

fn way(version: u64) -> Use {
    Use { router: pid("r@h", 1), member: pid("r@h", 2), version }
}

fn list(version: u64, nodes: &[(&str, u32)]) -> List {
    let members = nodes.iter().map(|(node, id)| ((*node).into(), pid("r@h", *id))).collect();
    List { router: pid("r@h", 1), version, route: pid("r@h", 99), members }
}

/// A worker that is attached to the router, as `me@h`, and knows the publisher's node there.
struct Fence {
    handover: Handover<u64>,
    out: Vec<Action<u64>>,
}

impl Fence {
    fn new(messages: usize, bytes: usize) -> Self {
        let mut handover = Handover::new(ME.into(), HoldBounds { ms: 1_000, messages, bytes });
        handover.members(&list(5, &[(ME, 9), ("a@h", 2)]), &mut Vec::new());
        Self { handover, out: Vec::new() }
    }

    fn data(&mut self, epoch: u64, number: u64) {
        self.handover.data(epoch, &publisher(), number, 100, &mut self.out);
    }

    fn begin(&mut self, epoch: u64, uses: Vec<Use>, direct: bool) {
        self.handover.begin(epoch, &publisher(), uses, direct, 0, &mut self.out);
    }

    fn end(&mut self, epoch: u64, way: Way) {
        self.handover.finish(epoch, &publisher(), way, 0, &mut self.out);
    }

    #[track_caller]
    fn delivers(&mut self, numbers: &[u64]) {
        let delivered = self.out.drain(..).filter_map(|action| match action {
            Action::Deliver(number) => Some(number),
            _ => None,
        });
        assert_eq!(delivered.collect::<Vec<_>>(), numbers);
    }
}

#[test]
fn the_new_way_waits_for_the_end_of_the_old_ones() {
    let mut fence = Fence::new(9, 9_999);
    fence.begin(2, vec![way(5)], true);
    fence.data(2, 3);
    fence.data(1, 1);
    fence.delivers(&[1]);
    fence.end(2, Way::Direct);
    fence.data(1, 2);
    fence.delivers(&[2]);
    fence.end(2, Way::Member(pid("r@h", 2)));
    fence.delivers(&[3]);
    assert!(fence.handover.is_idle());
}

#[test]
fn an_end_may_come_before_its_beginning() {
    let mut fence = Fence::new(9, 9_999);
    fence.end(2, Way::Member(pid("r@h", 2)));
    assert!(!fence.handover.is_idle() && fence.handover.waiting() == 0);
    fence.begin(2, vec![way(5)], false);
    fence.data(2, 1);
    fence.delivers(&[1]);
    assert!(fence.handover.is_idle());
}

#[test]
fn a_list_without_the_publishers_node_ends_its_way() {
    let mut fence = Fence::new(9, 9_999);
    fence.begin(2, vec![way(5)], false);
    fence.data(2, 1);
    fence.handover.members(&list(6, &[(ME, 9), ("b@h", 3)]), &mut fence.out);
    fence.delivers(&[1]);
}

#[test]
fn nothing_comes_from_before_this_attachment() {
    let mut fence = Fence::new(9, 9_999);
    fence.handover.members(&list(7, &[(ME, 10), ("a@h", 2)]), &mut fence.out);
    fence.begin(2, vec![way(6)], false);
    assert!(fence.handover.is_idle(), "sent under 6, and the attachment came up in 7");
    fence.begin(3, vec![way(7)], false);
    assert!(!fence.handover.is_idle());
}

#[test]
fn a_router_that_is_not_known_is_waited_for_only_while_it_is_being_asked() {
    let mut fence = Fence::new(9, 9_999);
    fence.handover.node_down("r@h", &mut fence.out);
    fence.begin(2, vec![way(5)], false);
    assert!(fence.handover.is_idle());
    fence.handover.attaching("r@h".into());
    fence.begin(3, vec![way(5)], false);
    fence.data(3, 1);
    fence.delivers(&[]);
    fence.handover.not_attaching("r@h", &mut fence.out);
    fence.delivers(&[1]);
}

#[test]
fn the_end_of_the_publisher_ends_its_direct_way_alone() {
    let mut fence = Fence::new(9, 9_999);
    fence.begin(2, vec![way(5)], true);
    assert_eq!(fence.out, [Action::Monitor(publisher())]);
    fence.data(2, 1);
    fence.handover.publisher_down(&publisher(), &mut fence.out);
    fence.delivers(&[]);
    fence.end(2, Way::Member(pid("r@h", 2)));
    fence.delivers(&[1]);
}

#[test]
fn what_takes_too_long_is_given_up_and_what_is_late_is_dropped() {
    let mut fence = Fence::new(9, 9_999);
    fence.begin(2, vec![way(5)], false);
    fence.data(2, 2);
    fence.handover.timeout(999, &mut fence.out);
    fence.delivers(&[]);
    fence.handover.timeout(1_000, &mut fence.out);
    assert_eq!(fence.out, [Action::GaveUp(publisher(), 1), Action::Deliver(2)]);
    fence.out.clear();
    fence.data(1, 1);
    assert_eq!(fence.out.pop(), Some(Action::Stale(publisher())));
    fence.data(2, 3);
    fence.delivers(&[3]);
    fence.end(2, Way::Member(pid("r@h", 2)));
    fence.data(1, 4);
    fence.delivers(&[4]);
    fence.handover.timeout(2_000, &mut fence.out);
    assert!(fence.handover.is_idle(), "it has really ended");
}

#[test]
fn messages_and_bytes_are_bounded() {
    for (messages, bytes) in [(3, 9_999), (9_999, 399)] {
        let mut fence = Fence::new(messages, bytes);
        fence.begin(2, vec![way(5)], false);
        (1..=3).for_each(|number| fence.data(2, number));
        fence.delivers(&[]);
        fence.data(2, 4);
        assert_eq!(fence.out.first(), Some(&Action::GaveUp(publisher(), 4)));
        fence.delivers(&[1, 2, 3, 4]);
        assert_eq!(fence.handover.held, 0);
    }
}

#[test]
fn what_a_publisher_can_make_a_worker_keep_is_bounded() {
    let mut fence = Fence::new(9, 9_999);
    for epoch in 1..=1_000 {
        fence.begin(epoch, vec![way(5)], false);
        fence.end(1, Way::Member(pid("r@h", 77)));
    }
    let gave_up = fence.out.iter().filter(|action| matches!(action, Action::GaveUp(..))).count();
    assert_eq!(gave_up, 1_000 - 64);
}
