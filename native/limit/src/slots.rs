//! Concurrency slots: how much of a key is in somebody's hands, not how much was taken in a time.
//!
//! A holder belongs to an owner, which is what dies as a whole: the door ties an owner to a process or a node and calls
//! [`Slots::release_all`] when it is gone. There is no clock in here: what is not released is held.
//!
//! # Invariants
//!
//! - What is held of a key is at most the limit that was in force when the last of it was acquired.
//! - A holder holds one thing. What is released twice is given back once.
//! - An owner's lock is taken before a key's, so acquiring and releasing are one step as others see it.
//!
//! # Example
//!
//! ```
//! use outrigger_limit::{Holder, KeyHash, SlotOutcome, Slots};
//!
//! let slots = Slots::new(2, 1 << 20)?;
//! let key = KeyHash::of([1, 2], b"upstream");
//! let holder = |id| Holder { owner: 7, id };
//! assert_eq!(slots.acquire(key, 2, holder(1)).outcome, SlotOutcome::Acquired);
//! assert_eq!(slots.acquire(key, 1, holder(2)).outcome, SlotOutcome::Taken);
//! assert_eq!(slots.release_all(7), 1);
//! assert_eq!(slots.acquire(key, 1, holder(2)).remaining, 1);
//! # Ok::<(), outrigger_limit::Error>(())
//! ```
//!
//! # Limits
//!
//! So many holders as the memory budget has room for, at 160 bytes each with their key.

use std::collections::BTreeMap;

use crossbeam::utils::CachePadded;

use crate::identity::KeyMap;
use crate::sync::{AtomicU64, Mutex, Ordering};
use crate::{Error, KeyHash};

/// What a holder and its key take in the maps, with the room that maps keep free.
const HOLDER_BYTES: usize = 160;
const SHARDS: usize = 16;

/// Who holds something: an owner, and the number by which it tells what it holds apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holder {
    /// What dies as a whole: a process, a node.
    pub owner: u64,
    /// The owner's number for this.
    pub id: u64,
}

/// The answer to [`Slots::acquire`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlotVerdict {
    /// Acquired or not, and why.
    pub outcome: SlotOutcome,
    /// The limit in force.
    pub limit: u64,
    /// What is left of the key after this.
    pub remaining: u64,
}

/// Acquired or not, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotOutcome {
    /// Held until it is released.
    Acquired,
    /// Others hold too much of it now.
    Taken,
    /// More than the limit: it will never be acquired.
    Never,
    /// This holder holds something already.
    Held,
    /// There is no memory for another holder.
    Full,
}

/// What is held now, and what was answered so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlotStats {
    /// Holders now.
    pub holders: u64,
    /// Holders for which there is room.
    pub capacity: u64,
    /// Acquisitions.
    pub acquired: u64,
    /// Refusals of any kind.
    pub refused: u64,
}

type Shards<T> = Box<[CachePadded<Mutex<T>>]>;

/// What every holder holds; those of one owner lie beside each other.
type Holds = BTreeMap<Holder, Hold>;

#[derive(Clone, Copy, Debug)]
struct Hold {
    key: KeyHash,
    weight: u64,
}

/// Slots of many keys under one limit. All calls take `&self` and may come from any thread.
#[derive(Debug)]
pub struct Slots {
    limit: AtomicU64,
    capacity: u64,
    holders: AtomicU64,
    acquired: AtomicU64,
    refused: AtomicU64,
    owners: Shards<Holds>,
    keys: Shards<KeyMap<u64>>,
}

impl Slots {
    /// So many slots per key, and holders within so many bytes.
    ///
    /// # Errors
    /// A limit of 0, or memory for no holder.
    pub fn new(limit: u64, memory: usize) -> Result<Self, Error> {
        if memory < HOLDER_BYTES {
            return Err(Error::MemoryTooSmall { memory, min: HOLDER_BYTES });
        }
        let slots = Self {
            limit: AtomicU64::new(1),
            capacity: (memory / HOLDER_BYTES) as u64,
            holders: AtomicU64::new(0),
            acquired: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            owners: shards(Holds::new),
            keys: shards(KeyMap::default),
        };
        slots.update(limit)?;
        Ok(slots)
    }

    /// Takes `weight` of a key for a holder. Weight 0 holds nothing and is always acquired.
    pub fn acquire(&self, key: KeyHash, weight: u64, holder: Holder) -> SlotVerdict {
        let verdict = self.take(key, weight, holder);
        let counter = if verdict.outcome == SlotOutcome::Acquired { &self.acquired } else { &self.refused };
        counter.fetch_add(1, Ordering::Relaxed);
        verdict
    }

    fn take(&self, key: KeyHash, weight: u64, holder: Holder) -> SlotVerdict {
        let limit = self.limit.load(Ordering::Relaxed);
        let mut held = self.owner(holder.owner).lock();
        let mut keys = self.key(key).lock();
        let used = keys.get(&key).copied().unwrap_or(0);
        let left = limit.saturating_sub(used);
        let answer = |outcome, remaining| SlotVerdict { outcome, limit, remaining };
        if weight == 0 {
            return answer(SlotOutcome::Acquired, left);
        }
        if held.contains_key(&holder) {
            return answer(SlotOutcome::Held, left);
        }
        if weight > left {
            let outcome = if weight > limit { SlotOutcome::Never } else { SlotOutcome::Taken };
            return answer(outcome, left);
        }
        let room = |holders| (holders < self.capacity).then_some(holders + 1);
        if self.holders.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_err() {
            return answer(SlotOutcome::Full, left);
        }
        keys.insert(key, used + weight);
        held.insert(holder, Hold { key, weight });
        answer(SlotOutcome::Acquired, left - weight)
    }

    /// Gives back what a holder holds. `false` if that was nothing.
    pub fn release(&self, holder: Holder) -> bool {
        let mut held = self.owner(holder.owner).lock();
        let hold = held.remove(&holder);
        if let Some(hold) = hold {
            self.give_back(hold);
        }
        hold.is_some()
    }

    /// Gives back all that an owner holds, and answers how many holders that were.
    pub fn release_all(&self, owner: u64) -> usize {
        let of_owner = Holder { owner, id: 0 }..=Holder { owner, id: u64::MAX };
        let mut released = 0;
        // One at a time: others of the shard need not wait for all of it.
        loop {
            let mut held = self.owner(owner).lock();
            let Some(holder) = held.range(of_owner.clone()).next().map(|(holder, _)| *holder) else {
                return released;
            };
            if let Some(hold) = held.remove(&holder) {
                self.give_back(hold);
                released += 1;
            }
        }
    }

    /// Whether a holder holds something.
    pub fn holds(&self, holder: Holder) -> bool {
        self.owner(holder.owner).lock().contains_key(&holder)
    }

    /// How much of a key is held.
    pub fn used(&self, key: KeyHash) -> u64 {
        self.key(key).lock().get(&key).copied().unwrap_or(0)
    }

    /// Another limit from now on. What is held stays held.
    ///
    /// # Errors
    /// A limit of 0.
    pub fn update(&self, limit: u64) -> Result<(), Error> {
        if limit == 0 {
            return Err(Error::Zero { what: "limit" });
        }
        self.limit.store(limit, Ordering::Relaxed);
        Ok(())
    }

    /// What is held now, and what was answered so far.
    pub fn stats(&self) -> SlotStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        SlotStats {
            holders: read(&self.holders),
            capacity: self.capacity,
            acquired: read(&self.acquired),
            refused: read(&self.refused),
        }
    }

    /// The lock of the holder's owner is held.
    fn give_back(&self, hold: Hold) {
        let mut keys = self.key(hold.key).lock();
        if let Some(used) = keys.get_mut(&hold.key) {
            *used = used.saturating_sub(hold.weight);
            if *used == 0 {
                keys.remove(&hold.key);
            }
        }
        self.holders.fetch_sub(1, Ordering::Relaxed);
    }

    fn owner(&self, owner: u64) -> &Mutex<Holds> {
        // Owners may be numbers in a row or pointers: Fibonacci hashing (Knuth, TAOCP 3, 6.4) spreads both.
        let spread = owner.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        &self.owners[spread as usize % SHARDS]
    }

    fn key(&self, key: KeyHash) -> &Mutex<KeyMap<u64>> {
        &self.keys[key.high as usize % SHARDS]
    }
}

fn shards<T>(empty: impl Fn() -> T) -> Shards<T> {
    (0..SHARDS).map(|_| CachePadded::new(Mutex::new(empty()))).collect()
}
