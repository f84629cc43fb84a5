//! The wants of all groups that have members.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use crossbeam::sync::ShardedLock;
use outrigger_fanout::{Change, PeerId};

use super::wants::Wants;

/// By group. Changed only by who holds the right to change lists; looked up by everybody.
#[derive(Debug, Default)]
pub(in super::super) struct Groups(ShardedLock<HashMap<Arc<str>, Arc<Wants>>>);

impl Groups {
    /// The wants of a group, if it has members.
    pub(in super::super) fn get(&self, group: &str) -> Option<Arc<Wants>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(group).cloned()
    }

    /// Has a link want everything of a group. Whether it was a member before.
    pub(in super::super) fn join(&self, peer: PeerId, group: &str) -> bool {
        let mut groups = self.0.write().unwrap_or_else(PoisonError::into_inner);
        groups.entry(group.into()).or_default().join(peer)
    }

    /// Takes that back.
    pub(in super::super) fn leave(&self, peer: PeerId, group: &str) {
        self.keep(group, |other| other != peer);
    }

    /// Who is no member any more wants nothing.
    pub(in super::super) fn follow(&self, change: &Change) {
        self.keep(&change.group, |peer| change.members.iter().any(|member| member.peer == peer));
    }

    fn keep(&self, group: &str, stays: impl Fn(PeerId) -> bool) {
        let mut groups = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if groups.get(group).is_some_and(|wants| !wants.keep_members(stays)) {
            groups.remove(group);
        }
    }

    /// How many groups there are.
    #[cfg(test)]
    pub(in super::super) fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}
