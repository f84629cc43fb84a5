//! Slots that app nodes hold, as the owner of their keys has heard: a node's word on what its processes hold is the truth.
//!
//! Invariants: what a node may hold is never more than what is noted here, as long as it is not cut off: a grant is noted when
//! it is made, and a word that replaces it comes over the same way after it. A node that is gone is forgotten a while later.
//!
//! Limits: so many entries (a node and a key) as there is room for.

use std::collections::HashMap;

use super::term::learn::Word;
use super::{Incarnation, NodeId};

/// The slots of one limiter.
#[derive(Debug)]
pub(super) struct Tenants {
    nodes: HashMap<NodeId, Tenant>,
    /// What all nodes together hold.
    used: HashMap<u128, u64>,
    entries: usize,
    max_entries: usize,
    pub(super) refused: u64,
}

#[derive(Debug)]
struct Tenant {
    word: Word,
    held: HashMap<u128, u64>,
    /// It is gone, and forgotten then.
    forget_at: Option<u64>,
}

impl Tenants {
    pub(super) fn new(max_entries: usize) -> Self {
        Self { nodes: HashMap::new(), used: HashMap::new(), entries: 0, max_entries, refused: 0 }
    }

    /// Keys of which something is held.
    pub(super) fn keys(&self) -> usize {
        self.used.len()
    }

    /// What all nodes together hold of a key.
    pub(super) fn used(&self, key: u128) -> u64 {
        self.used.get(&key).copied().unwrap_or(0)
    }

    /// Under which vote a node last reported.
    pub(super) fn word(&self, node: NodeId) -> Option<Word> {
        self.nodes.get(&node).map(|tenant| tenant.word)
    }

    /// A node says all that it holds. It is not taken if there is no room.
    pub(super) fn report(&mut self, node: NodeId, word: Word, held: &[(u128, u64)]) {
        self.forget(node);
        if self.entries + held.len() > self.max_entries {
            self.refused += 1;
            return;
        }
        self.nodes.insert(node, Tenant { word, held: HashMap::new(), forget_at: None });
        for (key, held) in held {
            self.note(node, *key, *held);
        }
    }

    /// A node that has reported holds so many of a key from now on. `false`: there is no room for it.
    pub(super) fn note(&mut self, node: NodeId, key: u128, held: u64) -> bool {
        let Some(tenant) = self.nodes.get_mut(&node) else { return false };
        let before = tenant.held.get(&key).copied().unwrap_or(0);
        if before == 0 && held > 0 && self.entries >= self.max_entries {
            self.refused += 1;
            return false;
        }
        if held > 0 {
            tenant.held.insert(key, held)
        } else {
            tenant.held.remove(&key)
        };
        self.entries = self.entries + usize::from(held > 0) - usize::from(before > 0);
        // Nodes may name any numbers: the sum is that of those that are noted, as far as it goes.
        let used = self.used(key).saturating_sub(before).saturating_add(held);
        if used > 0 {
            self.used.insert(key, used)
        } else {
            self.used.remove(&key)
        };
        true
    }

    /// A node is here. In another incarnation it holds nothing of what it held.
    pub(super) fn came(&mut self, node: NodeId, incarnation: Incarnation) {
        let Some(tenant) = self.nodes.get_mut(&node) else { return };
        if tenant.word.incarnation == incarnation {
            tenant.forget_at = None;
        } else {
            self.forget(node);
        }
    }

    /// A node is gone.
    pub(super) fn gone(&mut self, node: NodeId, forget_at: u64) {
        if let Some(tenant) = self.nodes.get_mut(&node) {
            tenant.forget_at = Some(forget_at);
        }
    }

    /// Frees all that a node holds.
    pub(super) fn forget(&mut self, node: NodeId) {
        let keys: Vec<u128> =
            self.nodes.get(&node).into_iter().flat_map(|tenant| tenant.held.keys().copied()).collect();
        keys.into_iter().for_each(|key| {
            self.note(node, key, 0);
        });
        self.nodes.remove(&node);
    }

    /// Forgets those that have been gone for long enough.
    pub(super) fn expire(&mut self, now: u64) {
        let over = |tenant: &Tenant| tenant.forget_at.is_some_and(|at| at <= now);
        let over: Vec<NodeId> =
            self.nodes.iter().filter(|(_, tenant)| over(tenant)).map(|(node, _)| *node).collect();
        over.into_iter().for_each(|node| self.forget(node));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(1);
    const B: NodeId = NodeId(2);

    fn word(incarnation: u64) -> Word {
        Word { incarnation: Incarnation(incarnation), epoch: 1, view: 1 }
    }

    fn tenants() -> Tenants {
        let mut tenants = Tenants::new(3);
        tenants.report(A, word(1), &[(7, 2), (8, 1)]);
        tenants.report(B, word(2), &[]);
        tenants.note(B, 7, 3);
        tenants
    }

    #[test]
    fn a_report_stands_in_the_place_of_all_before() {
        let mut tenants = tenants();
        assert_eq!((tenants.used(7), tenants.used(8), tenants.keys()), (5, 1, 2));
        tenants.report(A, word(1), &[(7, 1)]);
        assert_eq!((tenants.used(7), tenants.used(8), tenants.keys()), (4, 0, 1));
    }

    #[test]
    fn who_is_gone_is_forgotten_a_while_later_unless_it_is_back() {
        let mut tenants = tenants();
        tenants.gone(A, 10);
        tenants.gone(B, 10);
        tenants.expire(9);
        tenants.came(B, Incarnation(2));
        assert_eq!(tenants.used(7), 5);
        tenants.expire(10);
        assert_eq!((tenants.used(7), tenants.used(8)), (3, 0));
        tenants.came(B, Incarnation(3));
        assert_eq!((tenants.used(7), tenants.entries), (0, 0));
    }

    #[test]
    fn there_is_room_for_so_many() {
        let mut tenants = tenants();
        assert!(!tenants.note(B, 9, 1));
        tenants.note(B, 7, 0);
        assert!(tenants.note(B, 9, 1));
        tenants.report(A, word(1), &[(1, 1), (2, 1), (3, 1)]);
        assert_eq!((tenants.word(A), tenants.refused, tenants.entries), (None, 2, 1));
    }
}
