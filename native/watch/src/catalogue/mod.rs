//! The catalogue: every metric by its name, with its unit and how it is read.
//!
//! A name is looked up with [`find`]; [`nearest`] says what somebody may have meant who wrote another one.
//!
//! ```
//! use outrigger_watch::catalogue::{self, Kind};
//!
//! let latency = catalogue::find("phoenix.endpoint").unwrap();
//! assert_eq!(latency.kind, Kind::Histogram);
//! assert_eq!(catalogue::nearest("pool.queue_length"), Some("pool.queue_len"));
//! ```

mod metric;
mod table;

pub use metric::{Kind, Metric, Read, Unit};
pub use table::METRICS;

/// The metric of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

/// The name of the metric that is written most like this one, if one is near enough to be meant.
#[must_use]
pub fn nearest(name: &str) -> Option<&'static str> {
    crate::nearest::nearest(name, METRICS.iter().map(|metric| metric.name))
}
