//! The key table: bounded, lock-free to look up and to change, set-associative.
//!
//! One entry is one atomic of 128 bits: 48 bits of the key's hash and 80 bits of state. Both change together, so a
//! compare-and-swap by value is all that is needed: an entry that has the value that was read *is* the key in the state
//! that was read, whatever happened in between.
//!
//! # Invariants
//!
//! - A key stands in one of the 8 places of one of its up to four groups ([`place`]), never twice: only who holds the lock
//!   of the key's first group may put the key in, after it has seen that it is in none.
//! - An entry leaves only by [`Step::Remove`], or for a new key when it is *idle*, which means that its state is that of a
//!   new key. An entry never moves. So who does not find a key has met a moment at which the key was as new.
//! - A clock that lags does not see an evicted key as new too early: the group remembers the latest time at which an
//!   entry was found idle, and new keys of the group start no earlier.
//!
//! # Limits
//!
//! When all 32 places of a new key are in use there is no room ([`Full`]), though there may be elsewhere. With random
//! hashes this happens to the first key when about eight tenths of the table are in use, and to one new key in a thousand
//! at nine tenths.

mod entry;
mod groups;
mod insert;
mod place;
mod stripe;

use entry::Entry;
pub(crate) use entry::State;
use groups::{GROUP_BYTES, Groups};
use place::Place;
use stripe::Stripes;

use crate::backoff::Backoff;
use crate::sync::{AtomicU128, Ordering};
use crate::{Error, KeyHash};

/// What becomes of a key's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It stays as it is. Nothing is written.
    Keep,
    /// It becomes this.
    Put(State),
    /// The key is forgotten.
    Remove,
}

/// There was no room for a new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// How full a table is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Places in use, by idle keys, too.
    pub(crate) entries: u64,
    /// Idle keys that made room.
    pub(crate) evicted: u64,
}

#[derive(Debug)]
pub(crate) struct Table {
    groups: Groups,
    stripes: Stripes,
}

impl Table {
    /// The least and the most that [`Table::new`] takes.
    pub(crate) const MIN_BYTES: usize = GROUP_BYTES;
    pub(crate) const MAX_BYTES: usize = GROUP_BYTES << 31;

    /// A table of at most so many bytes. The operating system gives them as they are needed.
    pub(crate) fn new(memory: usize) -> Result<Self, Error> {
        if memory < Self::MIN_BYTES {
            return Err(Error::MemoryTooSmall { memory, min: Self::MIN_BYTES });
        }
        if memory > Self::MAX_BYTES {
            return Err(Error::MemoryTooLarge { memory, max: Self::MAX_BYTES });
        }
        let count = memory / GROUP_BYTES;
        let groups = Groups::new(count).ok_or(Error::OutOfMemory { memory })?;
        Ok(Self { groups, stripes: Stripes::new(count) })
    }

    /// How many keys fit at most.
    pub(crate) fn capacity(&self) -> u64 {
        (self.groups.len() * groups::WIDTH) as u64
    }

    pub(crate) fn usage(&self) -> Usage {
        self.stripes.usage()
    }

    /// Changes a key's state in one step as others see it, and answers what `f` said with it.
    ///
    /// `f` gets the state and the time to count with: `now`, or a little later where clocks lag. It may be called
    /// several times; only what it returned last counts. `idle` says whether a state is that of a new key at a time.
    ///
    /// # Errors
    /// [`Full`] if `f` wants to put a new key in and there is no room for it.
    #[inline(always)] // So that state and answer stay in registers; all else of this path is.
    pub(crate) fn update<R>(
        &self,
        key: KeyHash,
        now: u64,
        idle: impl Fn(State, u64) -> bool + Copy,
        f: impl Fn(Option<State>, u64) -> (Step, R) + Copy,
    ) -> Result<R, Full> {
        let place = Place::new(key, self.groups.len());
        if let Some((slot, entry)) = self.find_at_start(&place) {
            let (step, answer) = f(Some(entry.state()), now);
            if self.swap(slot, entry, &place, step) {
                return Ok(answer);
            }
        }
        self.update_anywhere(key, now, idle, f)
    }

    /// [`Table::update`] of a key that does not stand where one looks first, or that others change, too. Everything goes
    /// in anew by value: so nothing of the usual case has to lie in memory.
    #[inline(never)]
    fn update_anywhere<R>(
        &self,
        key: KeyHash,
        now: u64,
        idle: impl Fn(State, u64) -> bool,
        f: impl Fn(Option<State>, u64) -> (Step, R),
    ) -> Result<R, Full> {
        let place = Place::new(key, self.groups.len());
        loop {
            if let Some((slot, entry)) = self.find(&place) {
                match self.change(slot, entry, &place, now, &f) {
                    Some(answer) => return Ok(answer),
                    None => continue,
                }
            }
            if let Some(answer) = self.insert(&place, now, &idle, &f)? {
                return Ok(answer);
            }
        }
    }

    /// [`Table::update`] of a key that is left alone if it is not there.
    pub(crate) fn update_known(&self, key: KeyHash, now: u64, f: impl Fn(State, u64) -> Step) {
        let place = Place::new(key, self.groups.len());
        let f = |state: Option<State>, now| (state.map_or(Step::Keep, |state| f(state, now)), ());
        while let Some((slot, entry)) = self.find(&place) {
            if self.change(slot, entry, &place, now, &f).is_some() {
                return;
            }
        }
    }

    /// What `f` makes of a key's state and the time to count with.
    pub(crate) fn read<R>(&self, key: KeyHash, now: u64, f: impl Fn(Option<State>, u64) -> R) -> R {
        let place = Place::new(key, self.groups.len());
        match self.find(&place) {
            Some((_, entry)) => f(Some(entry.state()), now),
            None => f(None, self.time(&place, now)),
        }
    }

    /// The time for a key that was not found: not before it may have been idle.
    fn time(&self, place: &Place, now: u64) -> u64 {
        self.stripes.idle_since(place.groups(self.groups.len())).max(now)
    }

    /// The place where a key stands now.
    #[inline]
    fn find(&self, place: &Place) -> Option<(&AtomicU128, Entry)> {
        self.find_at_start(place)
            .or_else(|| place.groups(self.groups.len()).find_map(|group| self.find_in(group, place)))
    }

    /// The place where one looks first, if the key stands there: most do.
    #[inline(always)]
    fn find_at_start(&self, place: &Place) -> Option<(&AtomicU128, Entry)> {
        let slot = self.groups.slot(place.first, place.start)?;
        let entry = Entry::load(slot);
        (entry.tag() == place.tag).then_some((slot, entry))
    }

    fn find_in(&self, group: usize, place: &Place) -> Option<(&AtomicU128, Entry)> {
        self.groups.from(group, place.start).find_map(|slot| {
            let entry = Entry::load(slot);
            (entry.tag() == place.tag).then_some((slot, entry))
        })
    }

    /// Changes a key where it stands. `None` if it is no longer there.
    #[inline(always)]
    fn change<R>(
        &self,
        slot: &AtomicU128,
        mut entry: Entry,
        place: &Place,
        now: u64,
        f: &impl Fn(Option<State>, u64) -> (Step, R),
    ) -> Option<R> {
        let mut backoff = Backoff::new();
        while entry.tag() == place.tag {
            let (step, answer) = f(Some(entry.state()), now);
            if self.swap(slot, entry, place, step) {
                return Some(answer);
            }
            backoff.wait();
            entry = Entry::load(slot);
        }
        None
    }

    /// Takes a step from an entry of a key, if it is still that entry.
    #[inline(always)]
    fn swap(&self, slot: &AtomicU128, entry: Entry, place: &Place, step: Step) -> bool {
        let next = match step {
            Step::Keep => return true,
            Step::Put(state) => Entry::new(place.tag, state),
            Step::Remove => Entry::EMPTY,
        };
        let swapped = slot.compare_exchange(entry.0, next.0, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if swapped && step == Step::Remove {
            self.stripes.of(place.first).freed();
        }
        swapped
    }
}
