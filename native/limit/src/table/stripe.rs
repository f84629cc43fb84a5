//! What groups share in stripes: the lock for new keys, the time of the last eviction, and counters.

use crossbeam::utils::CachePadded;

use super::Usage;
use crate::sync::{AtomicU64, Counter, Mutex, Ordering};

const MAX_STRIPES: usize = 64;

#[derive(Debug)]
pub(super) struct Stripe {
    /// Held by who puts in a new key whose first group is of this stripe.
    pub(super) alone: Mutex<()>,
    /// The latest time at which an entry of these groups was found idle and evicted.
    idle_since: AtomicU64,
    /// Places taken less places freed: it wraps, and only the sum over all stripes means something.
    entries: Counter,
    evicted: Counter,
}

#[derive(Debug)]
pub(super) struct Stripes(Box<[CachePadded<Stripe>]>);

impl Stripes {
    pub(super) fn new(groups: usize) -> Self {
        let stripe = || Stripe {
            alone: Mutex::new(()),
            idle_since: AtomicU64::new(0),
            entries: Counter::new(0),
            evicted: Counter::new(0),
        };
        Self((0..groups.clamp(1, MAX_STRIPES)).map(|_| CachePadded::new(stripe())).collect())
    }

    /// A group's stripe.
    pub(super) fn of(&self, group: usize) -> &Stripe {
        &self.0[group % self.0.len()]
    }

    /// No entry that a key of these groups may have had was found idle after this.
    pub(super) fn idle_since(&self, groups: impl Iterator<Item = usize>) -> u64 {
        groups.fold(0, |latest, group| latest.max(self.of(group).idle_since.load(Ordering::Acquire)))
    }

    pub(super) fn usage(&self) -> Usage {
        let sum = |counter: fn(&Stripe) -> &Counter| {
            self.0.iter().map(|stripe| counter(stripe).load(Ordering::Relaxed)).fold(0, u64::wrapping_add)
        };
        Usage { entries: sum(|stripe| &stripe.entries), evicted: sum(|stripe| &stripe.evicted) }
    }
}

impl Stripe {
    /// Before an entry is evicted: nobody may miss the entry and not see the time.
    pub(super) fn will_evict(&self, now: u64) {
        self.idle_since.fetch_max(now, Ordering::AcqRel);
    }

    pub(super) fn evicted(&self) {
        self.evicted.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn taken(&self) {
        self.entries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn freed(&self) {
        self.entries.fetch_sub(1, Ordering::Relaxed);
    }
}
