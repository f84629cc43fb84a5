//! What a client is told, what it wants done, what it counts, and its times.

use crate::lease::asks::WaiterId;
use crate::lease::clock::MS;
use crate::lease::lots::Taken;
use crate::lease::{Incarnation, LeaseRule, NodeId, Timing};

/// What a client is told about itself.
#[derive(Clone, Copy, Debug)]
pub struct ClientConfig {
    /// Its node.
    pub node: NodeId,
    /// A new random number with each start.
    pub incarnation: Incarnation,
    /// The wall clock at the start, in milliseconds.
    pub born_ms: u64,
    /// How many app nodes there are, if that is known; 0 if not.
    pub electorate: u32,
    /// The rule.
    pub rule: LeaseRule,
    /// How long a hit waits for the owner.
    pub patience_ns: u64,
    /// Keys that are leased or waited for.
    pub max_keys: usize,
    /// Hits that wait.
    pub max_waiters: usize,
    /// How long things last.
    pub timing: Timing,
    /// Whether hits go on against a share of the limit while no owner is in reach: see [`Client::share`](super::Client::share).
    pub shares: bool,
}

/// What a client wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientOut {
    /// Bytes for the limiter's part of a Rust node.
    Send {
        /// Which one.
        to: NodeId,
        /// A message.
        bytes: Vec<u8>,
    },
    /// A hit that waited is answered.
    Answer {
        /// Which one.
        waiter: WaiterId,
        /// Anything but [`Taken::Ask`].
        taken: Taken,
    },
}

/// What a client has done so far, and how it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientFigures {
    /// Asks sent.
    pub asks: u64,
    /// Wants in them.
    pub wants: u64,
    /// Tokens leased.
    pub granted: u64,
    /// Tokens given back.
    pub returned: u64,
    /// Hits that were answered without the owner.
    pub lost_hits: u64,
    /// Hits among them that found no room to wait.
    pub shed: u64,
    /// Hits that wait now.
    pub waiting: u64,
    /// Keys that are leased or waited for now.
    pub keys: u64,
    /// The view that it votes for has the majority.
    pub in_force: bool,
    /// Rust nodes in reach.
    pub owners: u64,
}

/// What is leased is meant to last so long.
pub(super) const HORIZON: u64 = 100 * MS;
/// Where tokens are scarce, a key is asked for no more often.
pub(super) const PACE: u64 = 10 * MS;
/// Between two looks at the lots.
pub(super) const SWEEP: u64 = 50 * MS;
/// A lot of which nothing is spent for so long is given back.
pub(super) const IDLE: u64 = 200 * MS;
/// What was spent is told at least so often.
pub(super) const REPORT: u64 = 200 * MS;
/// While the owner is lost, hits are answered here for so long before one asks again.
pub(super) const LOST_PAUSE: u64 = 50 * MS;
/// Bursts below this are a matter of single tokens.
pub(super) const SMALL: u64 = 64;
/// Lots looked at in one sweep.
pub(super) const SWEPT: usize = 4_096;
