//! What can go wrong, and who erred.

use thiserror::Error;

/// The errors of this crate.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The caller asks for a percentile that is not a number from 0 to 100.
    #[error("caller asked for percentile {0}, it has to be from 0 to 100")]
    BadPercentile(f64),
    /// Who counted names a bucket that no histogram has.
    #[error("there is no bucket {index}: a histogram has those from 0 to 1151")]
    BadBucket {
        /// What was named.
        index: u16,
    },
    /// A recording is no window, or is too large.
    #[error("not a window: {problem}")]
    BadWindow {
        /// What is wrong, and where.
        problem: String,
    },
}
