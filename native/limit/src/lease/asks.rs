//! What an app node asks of whom: hits that wait, keys that are to be asked for, and the one ask that is under way to each Rust node.

use std::collections::{HashMap, VecDeque};

use super::wire::MAX_ENTRIES;
use super::{Incarnation, NodeId};

/// A hit that waits, as the carrier counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaiterId(pub u64);

/// What somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To take.
    Hit,
    /// To know what a hit would get.
    Peek,
    /// For the key to be as new.
    Reset,
}

/// A hit that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiter {
    pub(super) id: WaiterId,
    pub(super) cost: u64,
    pub(super) since: u64,
    pub(super) purpose: Purpose,
}

/// A key of which something is leased, or wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyState {
    pub(super) waiters: VecDeque<Waiter>,
    /// In the queue of a way.
    pub(super) queued: bool,
    /// To be given back with the next ask.
    pub(super) back: u64,
    /// Spent and not needed after all: to be told with the next ask.
    pub(super) refund: u64,
    pub(super) asked_at: u64,
    /// What it wanted to have when it asked last.
    pub(super) wanted: u64,
    /// What `least` was then.
    pub(super) least: u64,
    /// When something was last spent.
    pub(super) active: u64,
}

/// An ask under way.
#[derive(Clone, Debug)]
pub(super) struct InFlight {
    pub(super) number: u64,
    pub(super) sent: u64,
    pub(super) owner: Incarnation,
    pub(super) keys: Vec<u128>,
}

/// The way to one Rust node.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    pub(super) in_flight: Option<InFlight>,
    pub(super) queue: VecDeque<u128>,
    /// It said that it grants nothing until then.
    pub(super) closed_until: u64,
    /// Since when nothing was granted that was asked for.
    pub(super) lost_since: Option<u64>,
}

impl Way {
    /// The next keys to ask for.
    pub(super) fn batch(&mut self) -> Vec<u128> {
        let count = self.queue.len().min(MAX_ENTRIES);
        self.queue.drain(..count).collect()
    }
}

/// The ways to all Rust nodes.
pub(super) type Ways = HashMap<NodeId, Way>;

impl KeyState {
    /// The smallest hit that waits, and all of them. If none does, what somebody wants to know of, and nothing.
    pub(super) fn need(&self) -> (u64, u64) {
        let of = |purpose| self.waiters.iter().filter(move |waiter| waiter.purpose == purpose);
        let least = of(Purpose::Hit).chain(of(Purpose::Peek).filter(|_| of(Purpose::Hit).next().is_none()));
        let least = least.map(|waiter| waiter.cost).min().unwrap_or(0);
        (least, of(Purpose::Hit).fold(0, |sum, waiter| sum.saturating_add(waiter.cost)))
    }
}
