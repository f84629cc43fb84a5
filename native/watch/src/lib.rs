//! Latency histograms and the figures read from them.
//!
//! # Invariants
//!
//! - Recording never fails and never allocates. What is out of range is counted at the end of the range and as
//!   [`Summary::clamped`].
//! - A figure is within 0.1 % of the recorded value, and never below it.
//! - No lock is held while figures are computed: they come from a copy.
//!
//! # Example
//!
//! ```
//! use outrigger_watch::Histogram;
//!
//! let histogram = Histogram::new();
//! for micros in 1..=1_000 {
//!     histogram.record(micros * 1_000);
//! }
//! let summary = histogram.summary().unwrap();
//! assert_eq!(summary.count, 1_000);
//! assert!((500_000..501_000).contains(&summary.p50));
//! ```
//!
//! # Limits
//!
//! From 1 us to 60 s in nanoseconds. A histogram takes about 150 KB whatever is in it.

mod error;
mod histogram;
mod summary;

pub use error::WatchError;
pub use histogram::Histogram;
pub use summary::Summary;
