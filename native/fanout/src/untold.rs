//! What nodes may have missed when their links broke, until they come back and are told.
//!
//! ```
//! use outrigger_fanout::{Incarnation, Untold};
//!
//! let mut untold = Untold::new(100);
//! let vm = Incarnation { node: "a@host".into(), creation: 7 };
//! untold.keep(vm.clone(), "chat".into(), vec![("b@host".into(), 3)]);
//! assert_eq!(untold.take(&vm, "chat"), [("b@host".into(), 3)]);
//! assert!(untold.take(&vm, "chat").is_empty());
//! ```
//!
//! Invariants: told once, and only to the VM that has missed it: one that was started anew has missed nothing.
//!
//! Limits: bounded; the oldest goes first. Who does not come back here is not told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

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
}

impl Untold {
    /// Keeps `most` pairs of node and group.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, kept: VecDeque::new() }
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
        let at = self.kept.iter().position(|(kept, name, _)| kept.node == vm.node && **name == *group);
        match at.and_then(|at| self.kept.remove(at)) {
            Some((kept, _, counts)) if kept == *vm => counts,
            _ => Counts::new(),
        }
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
}
