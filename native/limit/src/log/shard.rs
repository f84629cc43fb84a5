//! A part of the keys, behind one lock.

use std::collections::VecDeque;

use super::{At, Entries};
use crate::KeyHash;
use crate::identity::KeyMap;
use crate::table::Usage;

/// A key without entries: its place in the map and in the ring, with the room that both keep free.
pub(super) const KEY_BYTES: u64 = 160;

#[derive(Debug, Default)]
pub(super) struct Shard {
    logs: KeyMap<Entries>,
    /// Every key of `logs` once: the hand goes round.
    ring: VecDeque<KeyHash>,
    /// The latest time at which a log was found idle and evicted: clocks that lag count from here.
    idle_since: u64,
    evicted: u64,
}

impl Shard {
    /// The time to count with: no earlier than what is known of the key.
    pub(super) fn time(&self, key: KeyHash, now: u64) -> u64 {
        let known = self.logs.get(&key).map_or(self.idle_since, |log| log.last().unwrap_or(self.idle_since));
        now.max(known)
    }

    pub(super) fn entries(&self, key: KeyHash) -> &Entries {
        self.logs.get(&key).unwrap_or(Entries::NONE)
    }

    /// Bytes that one more entry of a key takes.
    pub(super) fn growth(&mut self, key: KeyHash, at: At) -> u64 {
        let Some(log) = self.logs.get_mut(&key) else { return KEY_BYTES + Entries::BYTES };
        log.forget(at);
        log.next_capacity(at.now) as u64 * Entries::BYTES - log.bytes()
    }

    /// Adds an entry for which [`Shard::growth`] was reserved.
    pub(super) fn push(&mut self, key: KeyHash, cost: u64, at: At) {
        let log = self.logs.entry(key).or_insert_with(|| {
            self.ring.push_back(key);
            Entries::default()
        });
        log.grow(log.next_capacity(at.now));
        log.push(cost, at.now);
    }

    pub(super) fn refund(&mut self, key: KeyHash, cost: u64, at: At) {
        if let Some(log) = self.logs.get_mut(&key) {
            log.refund(cost, at);
        }
    }

    /// Empties a log and answers the bytes that are free. The hand will find it idle.
    pub(super) fn reset(&mut self, key: KeyHash) -> u64 {
        self.logs.get_mut(&key).map_or(0, |log| std::mem::take(log).bytes())
    }

    /// Looks at so many keys, forgets those that are as new, and answers the bytes that are free.
    pub(super) fn evict(&mut self, looks: usize, except: Option<KeyHash>, at: At) -> u64 {
        let mut freed = 0;
        for _ in 0..looks.min(self.ring.len()) {
            let Some(key) = self.ring.pop_front() else { break };
            let idle = self.logs.get(&key).is_none_or(|log| log.is_idle(at.longest_ns, at.now));
            if !idle || except == Some(key) {
                self.ring.push_back(key);
                continue;
            }
            if let Some(log) = self.logs.remove(&key) {
                freed += log.bytes() + KEY_BYTES;
                self.idle_since = self.idle_since.max(at.now);
                self.evicted += 1;
            }
        }
        freed
    }

    pub(super) fn usage(&self) -> Usage {
        Usage { entries: self.logs.len() as u64, evicted: self.evicted }
    }
}
