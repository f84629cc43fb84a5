//! Who is in which group, by the node that told it.
//!
//! Invariants: no group without members, no node without groups. A pid is in a group as often as it joined. What a node tells
//! is bounded by [`PgLimits`] for each node alone: one that tells too much takes no room from others.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::message::Group;
use crate::OwnedPid;

/// Bounds on what each node, ours included, may have in one scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PgLimits {
    /// Groups with members of that node. Default: 100,000.
    pub groups: usize,
    /// Memberships: a pid in two groups, or twice in one, counts twice. Default: 1,000,000.
    pub members: usize,
    /// Bytes of one group's term. Default: 4 KiB.
    pub group_bytes: usize,
}

impl Default for PgLimits {
    fn default() -> Self {
        Self { groups: 100_000, members: 1_000_000, group_bytes: 4096 }
    }
}

/// A snapshot of one scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PgFigures {
    /// Scope processes of other nodes that are known.
    pub peers: usize,
    /// Groups with members.
    pub groups: usize,
    /// Memberships in all groups.
    pub members: usize,
    /// Parts of messages that were not taken: beyond a bound, or about pids of other nodes.
    pub refused: u64,
    /// Messages that were not taken at all.
    pub broken: u64,
}

/// The members of one node in one group, and how often each of them joined.
pub(super) type Members = HashMap<OwnedPid, usize>;

#[derive(Debug)]
pub(super) struct Table {
    limits: PgLimits,
    groups: HashMap<Group, HashMap<Arc<str>, Members>>,
    told: HashMap<Arc<str>, Told>,
    pub(super) refused: u64,
}

/// What one node has told.
#[derive(Debug, Default)]
struct Told {
    groups: HashSet<Group>,
    members: usize,
}

impl Table {
    pub(super) fn new(limits: PgLimits) -> Self {
        Self { limits, groups: HashMap::new(), told: HashMap::new(), refused: 0 }
    }

    /// Adds members that `node` told. Those that were added; the rest is beyond a bound.
    pub(super) fn join(&mut self, node: &Arc<str>, group: &Group, mut pids: Vec<OwnedPid>) -> Vec<OwnedPid> {
        let room = self.room(node, group);
        if pids.len() > room {
            self.refused += (pids.len() - room) as u64;
            pids.truncate(room);
        }
        if !pids.is_empty() {
            let told = self.told.entry(node.clone()).or_default();
            told.members += pids.len();
            told.groups.insert(group.clone());
            let members = self.groups.entry(group.clone()).or_default().entry(node.clone()).or_default();
            pids.iter().for_each(|pid| *members.entry(pid.clone()).or_default() += 1);
        }
        pids
    }

    /// How many more members `node` may have in a group.
    pub(super) fn room(&self, node: &str, group: &Group) -> usize {
        let Some(told) = self.told.get(node) else {
            return if self.limits.groups > 0 { self.limits.members } else { 0 };
        };
        match told.groups.contains(group) || told.groups.len() < self.limits.groups {
            true => self.limits.members.saturating_sub(told.members),
            false => 0,
        }
    }

    /// Takes out each pid once. Those that were there.
    pub(super) fn leave(&mut self, node: &Arc<str>, group: &Group, pids: &[OwnedPid]) -> Vec<OwnedPid> {
        let Some(members) = self.groups.get_mut(group).and_then(|nodes| nodes.get_mut(node)) else {
            return Vec::new();
        };
        let mut left = Vec::new();
        for pid in pids {
            let Some(times) = members.get_mut(pid) else { continue };
            *times -= 1;
            if *times == 0 {
                members.remove(pid);
            }
            left.push(pid.clone());
        }
        self.forget(node, group, left.len());
        left
    }

    /// Makes what `node` has told of a group exactly this. Those who joined by that, and those who left.
    pub(super) fn set(
        &mut self,
        node: &Arc<str>,
        group: &Group,
        pids: Vec<OwnedPid>,
    ) -> (Vec<OwnedPid>, Vec<OwnedPid>) {
        let mut gone = self.of_node(node, group).cloned().unwrap_or_default();
        let mut new = Vec::new();
        for pid in pids {
            match gone.get_mut(&pid).filter(|times| **times > 0) {
                Some(times) => *times -= 1,
                None => new.push(pid),
            }
        }
        let left = self.leave(node, group, &each(&gone));
        (self.join(node, group, new), left)
    }

    /// Counts members off that are gone, and removes what is empty by that.
    fn forget(&mut self, node: &Arc<str>, group: &Group, gone: usize) {
        let Some(nodes) = self.groups.get_mut(group) else { return };
        let empty = nodes.get(node).is_some_and(Members::is_empty);
        if empty {
            nodes.remove(node);
            if nodes.is_empty() {
                self.groups.remove(group);
            }
        }
        let Some(told) = self.told.get_mut(node) else { return };
        told.members = told.members.saturating_sub(gone);
        if empty {
            told.groups.remove(group);
            if told.groups.is_empty() {
                self.told.remove(node);
            }
        }
    }

    /// Takes out all that `node` has told.
    pub(super) fn drop_node(&mut self, node: &str) -> Vec<(Group, Vec<OwnedPid>)> {
        let Some(told) = self.told.remove(node) else { return Vec::new() };
        let mut gone = Vec::with_capacity(told.groups.len());
        for group in told.groups {
            let Some(nodes) = self.groups.get_mut(&group) else { continue };
            let members = nodes.remove(node).unwrap_or_default();
            if nodes.is_empty() {
                self.groups.remove(&group);
            }
            gone.push((group, each(&members)));
        }
        gone
    }

    /// The groups that `node` has told of.
    pub(super) fn groups_of(&self, node: &str) -> impl Iterator<Item = &Group> {
        self.told.get(node).into_iter().flat_map(|told| &told.groups)
    }

    /// The members that `node` has told of.
    pub(super) fn of_node(&self, node: &str, group: &[u8]) -> Option<&Members> {
        self.groups.get(group).and_then(|nodes| nodes.get(node))
    }

    pub(super) fn members(&self, group: &[u8]) -> Vec<OwnedPid> {
        self.groups.get(group).into_iter().flat_map(HashMap::values).flat_map(each).collect()
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.keys()
    }

    pub(super) fn member_count(&self) -> usize {
        self.told.values().map(|told| told.members).sum()
    }

    pub(super) fn limits(&self) -> &PgLimits {
        &self.limits
    }
}

/// Each member as often as it joined.
pub(super) fn each(members: &Members) -> Vec<OwnedPid> {
    members.iter().flat_map(|(pid, times)| std::iter::repeat_n(pid.clone(), *times)).collect()
}
