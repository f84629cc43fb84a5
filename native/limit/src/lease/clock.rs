//! Times of the protocol, all in nanoseconds of somebody's monotonic clock.
//!
//! No time of one node is ever compared with one of another. A promise is counted by who made it from a moment that is
//! later, by who relies on it from one that is earlier, and the first one adds the drift that clocks may have.

/// Milliseconds in nanoseconds.
pub(super) const MS: u64 = 1_000_000;

/// An ask is answered in this time, or lost.
pub(super) const ANSWER: u64 = 300 * MS;

/// How long things last. All nodes of a cluster have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long a vote holds.
    pub vote_ns: u64,
    /// Between two polls of the owner: a few in each `vote_ns`.
    pub poll_ns: u64,
    /// How long a lease holds.
    pub lease_ns: u64,
    /// How long a node that is not heard of counts as one of the electorate.
    pub member_ns: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self { vote_ns: 600 * MS, poll_ns: 150 * MS, lease_ns: 700 * MS, member_ns: 300_000 * MS }
    }
}

/// `ns` by a clock that may be fast, in which at least `ns` really pass.
pub(super) fn longer(ns: u64) -> u64 {
    ns.saturating_add(ns / 64).saturating_add(1)
}

/// `ns` by a clock that may be slow, in which at most `ns` really pass.
pub(super) fn shorter(ns: u64) -> u64 {
    ns - ns.div_ceil(64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_covers_a_drift_of_one_percent() {
        for ns in [0, 1, 63, 64, 600 * MS, 1_000 * MS] {
            assert!(shorter(ns) <= ns - ns / 100 && longer(ns) > ns + ns / 100);
        }
    }
}
