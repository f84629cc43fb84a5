//! What is seen of BEAM nodes, and what it means: histograms, windows of figures, the catalogue of metrics.
//!
//! - [`Histogram`] counts durations from many threads, to within 0.1 %.
//! - [`LogLinear`] is what a BEAM node counts by itself, to within 1.6 %; merged over nodes without loss.
//! - [`Window`] is what was seen of nodes from one moment to another, and the format of a recording.
//! - [`catalogue`] says what each metric is.
//! - [`flame`] shows where processes spend their time.
//! - [`tree`] shows who has started whom.
//!
//! # Invariants
//!
//! - Recording never fails, and into a [`Histogram`] it never allocates. What is out of range is counted at the end of the
//!   range and as clamped.
//! - No lock is held while figures are computed: they come from a copy.
//! - No clock, no file, no socket: time and bytes are arguments.
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
//! A [`Histogram`] is from 1 us to 60 s and takes about 150 KB whatever is in it; a [`LogLinear`] is from 0 to 18 minutes and
//! takes some 20 bytes for each bucket that counts something.

pub mod catalogue;
mod error;
pub mod evidence;
pub mod flame;
pub mod gate;
mod histogram;
mod log_linear;
mod nearest;
pub mod report;
pub mod stats;
mod summary;
pub mod tree;
pub mod window;

pub use catalogue::Unit;
pub use error::WatchError;
pub use histogram::Histogram;
pub use log_linear::{Bucket, LogLinear};
pub use summary::Summary;
pub use window::{Key, NodeWindow, Number, Sample, Series, Window};
