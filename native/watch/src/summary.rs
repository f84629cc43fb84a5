//! The figures one usually wants, read at one moment.

use crate::histogram::{Counts, figure};

/// A reading of a histogram that is not empty. Durations are in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// Recorded durations.
    pub count: u64,
    /// Those of them that were longer than [`Histogram::MAX`](crate::Histogram::MAX) and are counted as that.
    pub clamped: u64,
    /// The shortest.
    pub min: u64,
    /// The longest.
    pub max: u64,
    /// The arithmetic mean.
    pub mean: f64,
    /// Half of all took no longer.
    pub p50: u64,
    /// 90 % took no longer.
    pub p90: u64,
    /// 99 % took no longer.
    pub p99: u64,
    /// 99.9 % took no longer.
    pub p999: u64,
}

impl Summary {
    pub(crate) fn of(counts: &Counts, clamped: u64) -> Option<Self> {
        if counts.is_empty() {
            return None;
        }
        let at = |percentile| figure(counts.value_at_percentile(percentile));
        Some(Self {
            count: counts.len(),
            clamped,
            min: counts.min(),
            max: figure(counts.max()),
            mean: counts.mean(),
            p50: at(50.0),
            p90: at(90.0),
            p99: at(99.0),
            p999: at(99.9),
        })
    }
}
