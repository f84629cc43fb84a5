//! Whether one sample is shifted against another, and by how much: without a guess about how they are distributed.
//!
//! - [`mann_whitney`]: the probability of ranks as far apart as these if nothing differed. Mann and Whitney, *On a test of
//!   whether one of two random variables is stochastically larger than the other* (1947).
//! - [`hodges_lehmann`]: the shift, as the median of all differences, with a confidence interval. Hodges and Lehmann,
//!   *Estimates of location based on rank tests* (1963).
//! - [`signed_rank`] and [`paired_shift`]: the same for values that come in pairs. Wilcoxon, *Individual comparisons by ranking
//!   methods* (1945); Hodges and Lehmann, as above.
//!
//! # Invariants
//!
//! - The first two take [`Weighted`] samples, so that a histogram of a million durations costs what its buckets cost.
//! - Without ties and with up to 25 values a side the distribution is the exact one; else it is the normal approximation, with
//!   the correction for ties and for continuity. Of pairs it is the exact one, with ties, up to 50.
//! - No value is NaN: [`Weighted::new`] leaves them out.
//!
//! # Example
//!
//! ```
//! use outrigger_watch::stats::{Weighted, hodges_lehmann, mann_whitney};
//!
//! let before = Weighted::new([1.1, 2.0, 3.2, 4.0, 5.1].map(|value| (value, 1)));
//! let now = Weighted::new([11.1, 12.3, 13.0, 14.1, 15.0].map(|value| (value, 1)));
//! let shift = hodges_lehmann(&before, &now, 0.95).unwrap();
//! assert!(mann_whitney(&before, &now).unwrap() < 0.01);
//! assert!((shift.estimate - 10.0).abs() < 0.2 && shift.low > 6.0 && shift.high < 14.1);
//! ```
//!
//! # Limits
//!
//! All take the values for independent. Samples of one run follow each other; the windows of interleaved runs do not. Of pairs only
//! the differences have to be.

mod mann_whitney;
mod normal;
mod shift;
mod signed_rank;
mod weighted;

pub use mann_whitney::{mann_whitney, smallest_p};
pub use shift::{Shift, hodges_lehmann};
pub use signed_rank::{paired_shift, signed_rank, smallest_paired_p};
pub use weighted::Weighted;
