//! The sliding log: the time and cost of every hit that was admitted, so that no interval of a period, wherever it
//! begins, has more than the limit. (Also known as the sliding window log; exact, and paid for in memory.)
//!
//! Denied hits leave nothing behind, so a key has at most `limit` entries of 16 bytes. Logs lie in shards behind locks;
//! the memory of all of them together stays within the budget. A log whose entries are all out of the period is as new:
//! it makes room for others, found by a hand that goes round over the keys of a shard, a few at a time.

mod entries;
mod shard;

use crossbeam::utils::CachePadded;

use crate::sync::{AtomicU64, Mutex, Ordering};
use crate::table::{Full, Usage};
use crate::{CheckedRule, Error, KeyHash, Verdict};
pub(crate) use entries::Entries;
use shard::{KEY_BYTES, Shard};

/// The largest limit.
pub(crate) const MAX_COUNT: u64 = u32::MAX as u64;

const SHARDS: usize = 64;
/// Keys that are looked at for room in the shard of the new entry, and in each of the others.
const LOOKS: usize = 32;
const LOOKS_ELSEWHERE: usize = 4;

#[derive(Debug)]
pub(crate) struct Log {
    shards: Box<[CachePadded<Mutex<Shard>>]>,
    budget: u64,
    used: AtomicU64,
}

/// When somebody asks: the rule, the longest period of this limiter's rules so far, and the time. By value, so that it
/// stays in registers as long as nobody needs it in memory.
#[derive(Clone, Copy)]
pub(crate) struct At {
    pub(crate) rule: CheckedRule,
    pub(crate) longest_ns: u64,
    pub(crate) now: u64,
}

impl Log {
    pub(crate) fn new(memory: usize) -> Result<Self, Error> {
        let min = (KEY_BYTES + Entries::BYTES) as usize;
        if memory < min {
            return Err(Error::MemoryTooSmall { memory, min });
        }
        let shards = (0..SHARDS).map(|_| CachePadded::new(Mutex::new(Shard::default()))).collect();
        Ok(Self { shards, budget: memory as u64, used: AtomicU64::new(0) })
    }

    pub(crate) fn hit(&self, key: KeyHash, cost: u64, at: At) -> Result<Verdict, Full> {
        let mut shard = self.shard(key).lock();
        let at = At { now: shard.time(key, at.now), ..at };
        let verdict = shard.entries(key).decide(cost, at);
        if cost == 0 || !verdict.is_allowed() {
            return Ok(verdict);
        }
        let bytes = shard.growth(key, at);
        if bytes > 0 {
            self.reserve(&mut shard, key, bytes, at)?;
        }
        shard.push(key, cost, at);
        Ok(verdict)
    }

    pub(crate) fn peek(&self, key: KeyHash, cost: u64, at: At) -> Verdict {
        let shard = self.shard(key).lock();
        let (entries, at) = (shard.entries(key), At { now: shard.time(key, at.now), ..at });
        entries.decide(cost, at).before(&entries.decide(0, at))
    }

    /// Takes the latest hits back, as far as they are within the period.
    pub(crate) fn refund(&self, key: KeyHash, cost: u64, at: At) {
        let mut shard = self.shard(key).lock();
        let at = At { now: shard.time(key, at.now), ..at };
        shard.refund(key, cost, at);
    }

    pub(crate) fn reset(&self, key: KeyHash) {
        let freed = self.shard(key).lock().reset(key);
        self.used.fetch_sub(freed, Ordering::Relaxed);
    }

    pub(crate) fn usage(&self) -> Usage {
        self.shards.iter().fold(Usage::default(), |sum, shard| {
            let shard = shard.lock().usage();
            Usage { entries: sum.entries + shard.entries, evicted: sum.evicted + shard.evicted }
        })
    }

    /// How many keys there is room for if each was hit once.
    pub(crate) const fn capacity(&self) -> u64 {
        self.budget / (KEY_BYTES + Entries::BYTES)
    }

    /// Counts bytes as used, for which logs that are as new make room. A log is never taken from the key itself.
    fn reserve(&self, shard: &mut Shard, key: KeyHash, bytes: u64, at: At) -> Result<(), Full> {
        if self.try_reserve(bytes) {
            return Ok(());
        }
        self.free(shard.evict(LOOKS, Some(key), at));
        let own = self.index(key);
        for offset in 1..SHARDS {
            if self.try_reserve(bytes) {
                return Ok(());
            }
            // Two that look for room in each other's shard must not wait for each other.
            if let Some(mut other) = self.shards[(own + offset) % SHARDS].try_lock() {
                self.free(other.evict(LOOKS_ELSEWHERE, None, at));
            }
        }
        if self.try_reserve(bytes) { Ok(()) } else { Err(Full) }
    }

    fn try_reserve(&self, bytes: u64) -> bool {
        let room = |used: u64| used.checked_add(bytes).filter(|used| *used <= self.budget);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok()
    }

    fn free(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn shard(&self, key: KeyHash) -> &Mutex<Shard> {
        &self.shards[self.index(key)]
    }

    const fn index(&self, key: KeyHash) -> usize {
        key.high as usize % SHARDS
    }
}
