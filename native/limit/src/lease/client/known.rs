//! What this node last heard of each key from its owner: told to the next owner, which so knows what was spent before it.
//!
//! A key is forgotten when it would be as new by then if nobody had spent anything since.
//!
//! Limits: as many keys as are leased at most. One that there is no room for is noted as something that this node does not know.

use std::collections::{HashMap, VecDeque};

use super::super::clock::longer;
use super::super::wire::{Given, Known, MAX_KNOWN};
use super::super::{LeaseRule, NodeId};

/// Keys looked at for each that is new.
const LOOKS: usize = 4;

/// What is known of keys.
#[derive(Debug)]
pub(super) struct Memory {
    keys: HashMap<u128, Entry>,
    round: VecDeque<u128>,
    max_keys: usize,
    /// When something was last forgotten before its time.
    forgot: Option<u64>,
    /// The rule that holds, as owners say.
    pub(super) rule: LeaseRule,
    /// What each owner is still to be told, and the number of the next part.
    told: HashMap<NodeId, (Vec<Known>, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    known: Known,
    at: u64,
    until: u64,
}

/// A part of what an owner is told.
pub(super) struct Part {
    pub(super) number: u32,
    pub(super) last: bool,
    pub(super) quiet_ns: u64,
    pub(super) known: Vec<Known>,
}

impl Memory {
    pub(super) fn new(rule: LeaseRule, max_keys: usize) -> Self {
        Self {
            keys: HashMap::new(),
            round: VecDeque::new(),
            max_keys,
            forgot: None,
            rule,
            told: HashMap::new(),
        }
    }

    /// An owner says how a key stands.
    pub(super) fn note(&mut self, given: &Given, now: u64, lease_ns: u64) {
        let Given { key, left, leased, window, .. } = *given;
        let known = Known { key, left, leased, window, age_ns: 0 };
        self.insert(known, now, given.reset_ns.saturating_add(lease_ns));
    }

    fn insert(&mut self, known: Known, now: u64, counts_ns: u64) {
        self.sweep(now, LOOKS);
        let entry = Entry { known, at: now, until: now.saturating_add(longer(counts_ns)) };
        if let Some(before) = self.keys.get_mut(&known.key) {
            *before = entry;
        } else if self.keys.len() < self.max_keys {
            self.keys.insert(known.key, entry);
            self.round.push_back(known.key);
        } else {
            self.forgot = Some(now);
        }
    }

    /// Forgets what is as new by now.
    pub(super) fn sweep(&mut self, now: u64, most: usize) {
        for _ in 0..most.min(self.round.len()) {
            let Some(key) = self.round.pop_front() else { return };
            if self.keys.get(&key).is_some_and(|entry| entry.until > now) {
                self.round.push_back(key);
            } else {
                self.keys.remove(&key);
            }
        }
    }

    /// Something was spent that this node cannot say of what.
    pub(super) fn forget(&mut self, now: u64) {
        self.forgot = Some(now);
    }

    /// Owners count by another rule from now on: what they said before does not say how a key stands.
    pub(super) fn change_rule(&mut self, rule: LeaseRule, now: u64) {
        self.rule = rule;
        if !self.keys.is_empty() {
            self.forgot = Some(now);
        }
        self.keys.clear();
        self.round.clear();
    }

    /// Another vote: all owners are to be told anew.
    pub(super) fn tell_anew(&mut self) {
        self.told.clear();
    }

    /// An owner may not have heard all.
    pub(super) fn doubt(&mut self, node: NodeId) {
        self.told.remove(&node);
    }

    /// Whether an owner has been told a part and not all.
    pub(super) fn has_rest(&self, node: NodeId) -> bool {
        self.told.get(&node).is_some_and(|(rest, _)| !rest.is_empty())
    }

    /// Whether an owner has not been told all.
    pub(super) fn has_more(&self, node: NodeId) -> bool {
        self.told.get(&node).is_none_or(|(rest, _)| !rest.is_empty())
    }

    /// What an owner is to be told next. `lost`: when this node last knew of somebody who is lost.
    pub(super) fn part(
        &mut self,
        node: NodeId,
        owned: impl Fn(u128) -> bool,
        lost: Option<u64>,
        now: u64,
    ) -> Option<Part> {
        if !self.has_more(node) {
            return None;
        }
        let told = self.told.entry(node).or_insert_with(|| {
            let known = |entry: &Entry| Known { age_ns: now.saturating_sub(entry.at), ..entry.known };
            let counts = self.keys.values().filter(|entry| entry.until > now && owned(entry.known.key));
            (counts.map(known).collect(), 0)
        });
        let rest = told.0.split_off(told.0.len().min(MAX_KNOWN));
        let known = std::mem::replace(&mut told.0, rest);
        let number = told.1;
        told.1 += 1;
        let quiet_ns = lost.max(self.forgot).map_or(u64::MAX, |at| now.saturating_sub(at).min(u64::MAX - 1));
        Some(Part { number, last: told.0.is_empty(), quiet_ns, known })
    }
}
