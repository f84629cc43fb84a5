//! What the router has done since it was started.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crossbeam::utils::CachePadded;

use crate::Dropped;

/// A reading of the router's counters. They only rise, and are read one by one: a message that is being forwarded may
/// be in one and not yet in another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Messages that were forwarded, also to nobody when the sender is alone.
    pub forwarded: u64,
    /// Copies of them, one per target.
    pub copies: u64,
    /// Messages to a key that was never given out.
    pub dropped_unknown_route: u64,
    /// Messages to a route or member that is gone.
    pub dropped_expired_route: u64,
    /// Messages over a link without a live attachment that the route lists.
    pub dropped_unattached: u64,
}

/// The cells behind [`Counters`]. Padded: the links of several threads raise them with every message.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    forwarded: CachePadded<AtomicU64>,
    copies: CachePadded<AtomicU64>,
    unknown_route: AtomicU64,
    expired_route: AtomicU64,
    unattached: AtomicU64,
}

impl Cells {
    pub(crate) fn forwarded(&self, messages: u64, copies: u64) {
        self.forwarded.fetch_add(messages, Relaxed);
        self.copies.fetch_add(copies, Relaxed);
    }

    pub(crate) fn dropped(&self, why: Dropped, messages: u64) {
        let cell = match why {
            Dropped::UnknownRoute => &self.unknown_route,
            Dropped::ExpiredRoute => &self.expired_route,
            Dropped::Unattached => &self.unattached,
        };
        cell.fetch_add(messages, Relaxed);
    }

    pub(crate) fn read(&self) -> Counters {
        Counters {
            forwarded: self.forwarded.load(Relaxed),
            copies: self.copies.load(Relaxed),
            dropped_unknown_route: self.unknown_route.load(Relaxed),
            dropped_expired_route: self.expired_route.load(Relaxed),
            dropped_unattached: self.unattached.load(Relaxed),
        }
    }
}
