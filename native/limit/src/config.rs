//! How a limiter is set up.

use std::fmt;

use crate::Rule;

/// How hits are counted.
// As wide as its neighbour in a checked rule: bytes of padding beside it would be copied with it, after a store that did not
// write them, and waited for.
#[repr(u32)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// Generic cell rate algorithm: a token bucket in one word. The default.
    #[default]
    Gcra,
    /// A leaky bucket as a meter: the same decisions, and how long to wait for an even flow.
    LeakyBucket,
    /// A counter that starts again with every period.
    FixedWindow,
    /// A counter that starts again with the first hit after a period: each key has windows of its own.
    OwnWindow,
    /// Two counters, the older one weighted by how much of it is still within the period.
    SlidingWindow,
    /// The time of every hit: exact over every interval of a period. 16 bytes per hit, and 160 per key.
    SlidingLog,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gcra => "gcra",
            Self::LeakyBucket => "leaky_bucket",
            Self::FixedWindow => "fixed_window",
            Self::OwnWindow => "own_window",
            Self::SlidingWindow => "sliding_window",
            Self::SlidingLog => "sliding_log",
        })
    }
}

/// What becomes of a new key when the table has no room and no key in it is as new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WhenFull {
    /// It is denied.
    #[default]
    Deny,
    /// It is admitted and not counted.
    Allow,
}

/// Keys that go on after they were denied are shut out for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ban {
    /// So many denials …
    pub denials: u32,
    /// … within so many nanoseconds of the first of them …
    pub within_ns: u64,
    /// … ban the key for so many nanoseconds.
    pub for_ns: u64,
}

/// All of a limiter's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How hits are counted.
    pub algorithm: Algorithm,
    /// How many.
    pub rule: Rule,
    /// Bytes for keys, taken as they are needed. A key takes 16 (in a sliding log more, see there); with a ban, a quarter of the budget is for bans.
    pub memory: usize,
    /// What becomes of a new key when there is no room.
    pub when_full: WhenFull,
    /// Whether those who go on are shut out.
    pub ban: Option<Ban>,
}

impl Config {
    /// GCRA with this rule, in 16 MiB, a million keys; new keys are denied when there is no room, and nobody is banned.
    #[must_use]
    pub const fn of(rule: Rule) -> Self {
        Self { algorithm: Algorithm::Gcra, rule, memory: 16 << 20, when_full: WhenFull::Deny, ban: None }
    }
}
