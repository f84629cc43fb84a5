//! What nodes may have missed when their links broke, until they come back and are told.
//!
//! ```
//! use outrigger_fanout::{Incarnation, PeerId, Untold};
//!
//! let mut untold = Untold::new(100);
//! let vm = Incarnation { node: "a@host".into(), creation: 7 };
//! untold.keep(vm.clone(), "chat".into(), vec![("b@host".into(), 3)]);
//! assert_eq!(untold.take(&vm, "chat"), [("b@host".into(), 3)]);
//! assert!(untold.take(&vm, "chat").is_empty());
//! // Somebody has not heard yet that its link broke.
//! untold.broke(PeerId(1), vm.clone(), ["chat".into()].into());
//! untold.missed(PeerId(1), &"chat".into(), "b@host", 2);
//! assert_eq!(untold.take(&vm, "chat"), [("b@host".into(), 2)]);
//! ```
//!
//! Invariants: told once, and only to the VM that has missed it: one that was started anew has missed nothing.
//!
//! Limits: bounded; the oldest goes first. Who does not come back here is not told.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::PeerId;

/// A node's VM between its start and its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incarnation {
    /// The node's full name.
    pub node: Arc<str>,
    /// Differs with each start.
    pub creation: u32,
}

/// Counts of messages by publisher's node.
pub type Counts = Vec<(Arc<str>, u64)>;

/// What nodes may have missed. See the module.
#[derive(Debug)]
pub struct Untold {
    most: usize,
    /// Oldest first.
    kept: VecDeque<(Incarnation, Arc<str>, Counts)>,
    /// Oldest first.
    broken: VecDeque<Broken>,
}

/// A link that is no more.
#[derive(Debug)]
struct Broken {
    peer: PeerId,
    vm: Incarnation,
    /// Those that hear what they miss.
    groups: HashSet<Arc<str>>,
}

impl Untold {
    /// Keeps `most` pairs of node and group, and as many links.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, kept: VecDeque::new(), broken: VecDeque::new() }
    }

    /// A link to a VM breaks, whose workers of `groups` hear what they miss.
    pub fn broke(&mut self, peer: PeerId, vm: Incarnation, groups: HashSet<Arc<str>>) {
        self.forget_earlier(&vm);
        self.broken.push_back(Broken { peer, vm, groups });
        self.broken.drain(..self.broken.len().saturating_sub(self.most));
    }

    /// Messages of `node` have come for the VM behind a link that broke, from somebody who did not know it yet.
    pub fn missed(&mut self, peer: PeerId, group: &Arc<str>, node: &str, messages: u64) {
        let broken = self.broken.iter().find(|broken| broken.peer == peer && broken.groups.contains(group));
        if let Some(vm) = broken.map(|broken| broken.vm.clone()) {
            self.keep(vm, group.clone(), vec![(node.into(), messages)]);
        }
    }

    /// Keeps what a node may have missed of a group, beside what it has not been told yet.
    pub fn keep(&mut self, vm: Incarnation, group: Arc<str>, counts: Counts) {
        let mut sums: BTreeMap<_, u64> = self.take(&vm, &group).into_iter().collect();
        for (node, count) in counts {
            *sums.entry(node).or_default() += count;
        }
        if !sums.is_empty() {
            self.kept.push_back((vm, group, sums.into_iter().collect()));
        }
        self.kept.drain(..self.kept.len().saturating_sub(self.most));
    }

    /// What `vm` is to be told of a group. What an earlier VM of that name has missed is forgotten.
    pub fn take(&mut self, vm: &Incarnation, group: &str) -> Counts {
        self.forget_earlier(vm);
        let at = self.kept.iter().position(|(kept, name, _)| kept.node == vm.node && **name == *group);
        match at.and_then(|at| self.kept.remove(at)) {
            Some((kept, _, counts)) if kept == *vm => counts,
            _ => Counts::new(),
        }
    }

    /// The links of earlier VMs of that name: nobody is left who could miss anything.
    fn forget_earlier(&mut self, vm: &Incarnation) {
        self.broken.retain(|broken| broken.vm.node != vm.node || broken.vm == *vm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vm(node: &str, creation: u32) -> Incarnation {
        Incarnation { node: node.into(), creation }
    }

    fn counts(counts: &[(&str, u64)]) -> Counts {
        counts.iter().map(|(node, count)| ((*node).into(), *count)).collect()
    }

    #[test]
    fn what_was_not_told_adds_up() {
        let mut untold = Untold::new(10);
        untold.keep(vm("a@h", 1), "g".into(), counts(&[("b@h", 1), ("c@h", 2)]));
        untold.keep(vm("a@h", 1), "other".into(), counts(&[("b@h", 10)]));
        untold.keep(vm("a@h", 1), "g".into(), counts(&[("c@h", 4)]));
        assert_eq!(untold.take(&vm("a@h", 1), "g"), counts(&[("b@h", 1), ("c@h", 6)]));
        assert_eq!(untold.take(&vm("a@h", 1), "g"), []);
        assert_eq!(untold.take(&vm("a@h", 1), "other"), counts(&[("b@h", 10)]));
    }

    #[test]
    fn a_vm_that_was_started_anew_has_missed_nothing() {
        let mut untold = Untold::new(10);
        untold.keep(vm("a@h", 1), "g".into(), counts(&[("b@h", 1)]));
        assert_eq!(untold.take(&vm("a@h", 2), "g"), []);
        assert_eq!(untold.kept.len(), 0, "and nobody else asks for it");
        untold.keep(vm("a@h", 2), "g".into(), counts(&[("b@h", 3)]));
        untold.keep(vm("a@h", 3), "g".into(), counts(&[("b@h", 4)]));
        assert_eq!(untold.take(&vm("a@h", 3), "g"), counts(&[("b@h", 4)]));
    }

    #[test]
    fn the_oldest_goes_first_and_nothing_is_not_kept() {
        let mut untold = Untold::new(2);
        for node in ["a@h", "b@h", "c@h"] {
            untold.keep(vm(node, 1), "g".into(), counts(&[("x@h", 1)]));
        }
        untold.keep(vm("d@h", 1), "g".into(), Counts::new());
        assert_eq!(untold.take(&vm("a@h", 1), "g"), []);
        assert_eq!(untold.take(&vm("b@h", 1), "g"), counts(&[("x@h", 1)]));
        assert_eq!(untold.take(&vm("c@h", 1), "g"), counts(&[("x@h", 1)]));
    }

    #[test]
    fn who_sends_over_a_link_that_broke_is_counted_for_the_groups_that_were_told() {
        let mut untold = Untold::new(2);
        let group: Arc<str> = "g".into();
        untold.missed(PeerId(1), &group, "b@h", 1);
        assert_eq!(untold.take(&vm("a@h", 1), "g"), [], "it did not break");
        untold.broke(PeerId(1), vm("a@h", 1), [group.clone()].into());
        untold.missed(PeerId(1), &group, "b@h", 2);
        untold.missed(PeerId(1), &group, "b@h", 3);
        untold.missed(PeerId(1), &"other".into(), "b@h", 4);
        untold.missed(PeerId(2), &group, "b@h", 8);
        assert_eq!(untold.take(&vm("a@h", 1), "other"), []);
        assert_eq!(untold.take(&vm("a@h", 1), "g"), counts(&[("b@h", 5)]));
        untold.missed(PeerId(1), &group, "b@h", 16);
        assert_eq!(untold.take(&vm("a@h", 1), "g"), counts(&[("b@h", 16)]), "also when it is back");
        assert_eq!(untold.take(&vm("a@h", 2), "g"), []);
        untold.missed(PeerId(1), &group, "b@h", 32);
        assert_eq!(untold.kept.len(), 0, "nobody is left who misses it");
    }

    #[test]
    fn links_are_bounded() {
        let mut untold = Untold::new(2);
        for peer in 1..=3 {
            untold.broke(PeerId(peer), vm(&format!("{peer}@h"), 1), ["g".into()].into());
            untold.missed(PeerId(1), &"g".into(), "b@h", 1);
        }
        assert_eq!(untold.take(&vm("1@h", 1), "g"), counts(&[("b@h", 2)]));
        assert_eq!(untold.broken.len(), 2);
    }
}
