//! What can be wrong with a configuration. The caller erred, in all of them but the last.

use thiserror::Error;

use crate::Algorithm;

/// Why a rule or a limiter was refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// A limit, burst, period or cost that has to be at least 1.
    #[error("caller gave 0 as {what}, it has to be at least 1")]
    Zero {
        /// `limit`, `period`, `burst`, …
        what: &'static str,
    },
    /// More than this algorithm can count.
    #[error("caller wants a {what} of {value}, {algorithm} counts up to {max}: take a smaller one, or gcra")]
    TooLarge {
        /// `limit`, `burst`, …
        what: &'static str,
        /// What was asked for.
        value: u64,
        /// The most that is possible.
        max: u64,
        /// The algorithm that cannot.
        algorithm: Algorithm,
    },
    /// The period, or the time in which a whole burst comes back, is more than 17 years.
    #[error("caller wants a period or burst that takes more than 17 years to come back, take a shorter one")]
    TooLong,
    /// More than 10^12 hits per second, which is beyond the resolution of time.
    #[error("caller wants more than 1,000 hits per nanosecond, take a lower limit or a longer period")]
    TooFast,
    /// Windows are counted in whole milliseconds.
    #[error("caller wants windows of {period_ns} ns, {algorithm} has whole milliseconds only")]
    NotMillis {
        /// The period asked for.
        period_ns: u64,
        /// `fixed_window`, `own_window` or `sliding_window`
        algorithm: Algorithm,
    },
    /// Only the bucket algorithms have a burst of their own.
    #[error("caller wants a burst, {algorithm} has none: leave it out, or take gcra")]
    NoBurst {
        /// An algorithm whose burst is its limit.
        algorithm: Algorithm,
    },
    /// The memory budget holds no key.
    #[error("caller gave {memory} bytes of memory, the least is {min}")]
    MemoryTooSmall {
        /// What was given.
        memory: usize,
        /// What is needed.
        min: usize,
    },
    /// The memory budget is more than the table can address.
    #[error("caller gave {memory} bytes of memory, the most is {max}")]
    MemoryTooLarge {
        /// What was given.
        memory: usize,
        /// What can be used.
        max: usize,
    },
    /// A rule that was checked for one algorithm was given to a limiter with another.
    #[error("caller gave a rule for {given} to a limiter with {limiter}")]
    OtherAlgorithm {
        /// What the rule was checked for.
        given: Algorithm,
        /// What the limiter does.
        limiter: Algorithm,
    },
    /// The operating system has no such piece of memory.
    #[error("we got no {memory} bytes from the operating system, take a smaller budget")]
    OutOfMemory {
        /// What was asked for.
        memory: usize,
    },
}
