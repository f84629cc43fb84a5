//! What a limiter has done so far.

use std::cell::Cell;

use crossbeam::utils::CachePadded;

use crate::sync::{Counter, Ordering};
use crate::{Outcome, Verdict};

/// What a limiter has done so far, and how full it is. Numbers that are read while others count may miss the last hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Hits that were admitted.
    pub allowed: u64,
    /// Hits that were denied.
    pub denied: u64,
    /// Hits of banned keys.
    pub banned: u64,
    /// Bans that were begun.
    pub bans: u64,
    /// Hits of new keys for which there was no room: the stated policy was applied.
    pub full: u64,
    /// Denials that no ban could count, because there was no room for it.
    pub bans_missed: u64,
    /// Places for keys that are taken, also by keys that are as new.
    pub entries: u64,
    /// Places for keys that there are.
    pub capacity: u64,
    /// Keys that were as new and made room for others.
    pub evicted: u64,
    /// The memory budget.
    pub bytes: u64,
}

/// Threads that count for themselves; all others share one more cell.
const OWN: usize = 63;

/// Counters that threads do not share, as long as there are not more than 63.
#[derive(Debug)]
pub(crate) struct Counters(Box<[CachePadded<Counts>]>);

#[derive(Debug)]
struct Counts {
    allowed: Counter,
    denied: Counter,
    banned: Counter,
    bans: Counter,
    full: Counter,
    bans_missed: Counter,
}

impl Counts {
    fn new() -> Self {
        let zero = || Counter::new(0);
        Self {
            allowed: zero(),
            denied: zero(),
            banned: zero(),
            bans: zero(),
            full: zero(),
            bans_missed: zero(),
        }
    }
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self((0..=OWN).map(|_| CachePadded::new(Counts::new())).collect())
    }

    #[inline]
    pub(crate) fn count(&self, verdict: &Verdict) {
        match verdict.outcome {
            Outcome::Allowed => self.add(|counts| &counts.allowed),
            Outcome::Denied => self.add(|counts| &counts.denied),
            Outcome::Banned => self.add(|counts| &counts.banned),
            Outcome::Full(_) => self.add(|counts| &counts.full),
        }
        if verdict.ban_began {
            self.add(|counts| &counts.bans);
        }
    }

    pub(crate) fn ban_missed(&self) {
        self.add(|counts| &counts.bans_missed);
    }

    #[inline]
    fn add(&self, counter: impl Fn(&Counts) -> &Counter) {
        let cell = cell();
        let Some(counts) = self.0.get(cell) else { return };
        let counter = counter(counts);
        if cell < OWN {
            // Nobody else writes here, so this needs no locked instruction, which would be a third of a hit.
            counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        } else {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The counters alone; the rest is 0.
    pub(crate) fn stats(&self) -> Stats {
        let sum = |counter: fn(&Counts) -> &Counter| {
            self.0.iter().map(|counts| counter(counts).load(Ordering::Relaxed)).fold(0, u64::wrapping_add)
        };
        Stats {
            allowed: sum(|counts| &counts.allowed),
            denied: sum(|counts| &counts.denied),
            banned: sum(|counts| &counts.banned),
            bans: sum(|counts| &counts.bans),
            full: sum(|counts| &counts.full),
            bans_missed: sum(|counts| &counts.bans_missed),
            ..Stats::default()
        }
    }
}

/// The cell of this thread: the first threads that ask get one of their own, for all limiters.
#[inline]
fn cell() -> usize {
    thread_local!(static MINE: Cell<usize> = const { Cell::new(usize::MAX) });
    MINE.with(|mine| match mine.get() {
        usize::MAX => {
            static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
            let taken = NEXT
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| (next < OWN).then_some(next + 1));
            mine.set(taken.unwrap_or(OWN));
            mine.get()
        }
        cell => cell,
    })
}
