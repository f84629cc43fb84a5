//! What can go wrong, and who erred.

use thiserror::Error;

/// The errors of this crate.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The caller asks for a percentile that is not a number from 0 to 100.
    #[error("caller asked for percentile {0}, it has to be from 0 to 100")]
    BadPercentile(f64),
}
