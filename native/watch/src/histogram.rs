//! A histogram of durations that many threads record into.

use std::fmt;
use std::panic::RefUnwindSafe;

use parking_lot::Mutex;

use crate::{Summary, WatchError};

pub(crate) type Counts = hdrhistogram::Histogram<u64>;

/// Durations in nanoseconds, in buckets of 0.1 % width (HDR histogram, 3 significant digits).
///
/// One lock, held for some 20 ns to record and for the time of a copy (tens of microseconds) to read.
pub struct Histogram {
    state: Mutex<State>,
}

#[derive(Clone)]
struct State {
    counts: Counts,
    clamped: u64,
}

impl Histogram {
    /// Durations below this one may be told apart or not: 1 us.
    pub const RESOLUTION: u64 = 1_000;
    /// The longest duration that is told apart: 60 s.
    pub const MAX: u64 = 60_000_000_000;

    /// An empty histogram.
    #[must_use]
    #[expect(clippy::missing_panics_doc, clippy::expect_used, reason = "the bounds are constants and valid")]
    pub fn new() -> Self {
        let counts = Counts::new_with_bounds(Self::RESOLUTION, Self::MAX, 3).expect("valid bounds");
        Self { state: Mutex::new(State { counts, clamped: 0 }) }
    }

    /// Counts one duration.
    pub fn record(&self, nanos: u64) {
        self.record_n(nanos, 1);
    }

    /// Counts the same duration `n` times.
    pub fn record_n(&self, nanos: u64, n: u64) {
        let mut state = self.state.lock();
        if nanos > Self::MAX {
            state.clamped = state.clamped.saturating_add(n);
        }
        state.counts.saturating_record_n(nanos.min(Self::MAX), n);
    }

    /// Adds all that `other` holds at this moment. To merge a histogram with itself doubles it.
    pub fn merge(&self, other: &Self) {
        // Copied first: two locks at a time could wait for each other.
        let other = other.state.lock().clone();
        let mut state = self.state.lock();
        state.clamped = state.clamped.saturating_add(other.clamped);
        // The bounds are the same everywhere, which is the one thing that could make this fail.
        let _ = state.counts.add(&other.counts);
    }

    /// Forgets everything.
    pub fn reset(&self) {
        let mut state = self.state.lock();
        state.counts.reset();
        state.clamped = 0;
    }

    /// The usual figures, or `None` as long as nothing is recorded.
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        let State { counts, clamped } = self.state.lock().clone();
        Summary::of(&counts, clamped)
    }

    /// The shortest duration that `percentile` percent of all do not exceed, or `None` as long as nothing is recorded.
    pub fn percentile(&self, percentile: f64) -> Result<Option<u64>, WatchError> {
        Ok(self.percentiles(&[percentile])?.map(|figures| figures[0]))
    }

    /// Like [`Histogram::percentile`] for several, all read at one moment and in the order they are asked for.
    pub fn percentiles(&self, percentiles: &[f64]) -> Result<Option<Vec<u64>>, WatchError> {
        if let Some(bad) = percentiles.iter().find(|p| !(0.0..=100.0).contains(*p)) {
            return Err(WatchError::BadPercentile(*bad));
        }
        let State { counts, .. } = self.state.lock().clone();
        if counts.is_empty() {
            return Ok(None);
        }
        Ok(Some(percentiles.iter().map(|p| figure(counts.value_at_percentile(*p))).collect()))
    }
}

/// The end of the last bucket lies a little behind the end of the range.
pub(crate) fn figure(bucket_end: u64) -> u64 {
    bucket_end.min(Histogram::MAX)
}

// A panic while the lock is held is a bug of ours. What it can leave behind is a duration that is counted in part.
impl RefUnwindSafe for Histogram {}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram").field("summary", &self.summary()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(values: &[u64]) -> Histogram {
        let histogram = Histogram::new();
        values.iter().for_each(|nanos| histogram.record(*nanos));
        histogram
    }

    /// The definition: the smallest value that at least `percentile` percent do not exceed.
    fn exact(sorted: &[u64], percentile: f64) -> u64 {
        let rank = (percentile / 100.0 * sorted.len() as f64).ceil().max(1.0) as usize;
        sorted[rank.min(sorted.len()) - 1].min(Histogram::MAX)
    }

    /// Never below the recorded value, and above it by 0.1 % or one step of the resolution at most.
    fn close(figure: u64, value: u64) -> bool {
        figure >= value && figure - value <= (value / 1_000).max(Histogram::RESOLUTION)
    }

    proptest! {
        #[test]
        fn figures_are_within_their_bounds(
            mut values in prop::collection::vec(prop_oneof![0..2_000u64, 0..100_000_000u64, any::<u64>()], 1..200),
            percentile in 0.0..=100.0f64,
        ) {
            let histogram = filled(&values);
            values.sort_unstable();
            let summary = histogram.summary().unwrap();
            prop_assert_eq!(summary.count, values.len() as u64);
            prop_assert_eq!(summary.clamped, values.iter().filter(|v| **v > Histogram::MAX).count() as u64);
            for (figure, at) in [(summary.p50, 50.0), (summary.p90, 90.0), (summary.p99, 99.0), (summary.p999, 99.9), (summary.max, 100.0)] {
                prop_assert!(close(figure, exact(&values, at)), "p{} is {}, not {}", at, figure, exact(&values, at));
            }
            let figure = histogram.percentile(percentile).unwrap().unwrap();
            prop_assert!(close(figure, exact(&values, percentile)));
            prop_assert!(summary.min <= exact(&values, 0.0));
        }

        #[test]
        fn to_merge_is_to_record_both(a in prop::collection::vec(0..u64::MAX, 0..50), b in prop::collection::vec(0..Histogram::MAX, 0..50)) {
            let merged = filled(&a);
            merged.merge(&filled(&b));
            let both = filled(&[a, b].concat());
            prop_assert_eq!(merged.summary(), both.summary());
        }
    }

    #[test]
    fn nothing_recorded_has_no_figures() {
        let histogram = Histogram::new();
        assert_eq!((histogram.summary(), histogram.percentile(50.0)), (None, Ok(None)));
        histogram.record(5);
        histogram.reset();
        assert_eq!(histogram.summary(), None);
    }

    #[test]
    fn record_n_counts_n_times() {
        let histogram = Histogram::new();
        histogram.record_n(1_000_000, 3);
        histogram.record_n(u64::MAX, 2);
        histogram.record_n(7, 0);
        let summary = histogram.summary().unwrap();
        assert_eq!((summary.count, summary.clamped, summary.max), (5, 2, Histogram::MAX));
    }

    #[test]
    fn a_histogram_merged_with_itself_doubles() {
        let histogram = filled(&[1_000_000]);
        histogram.merge(&histogram);
        assert_eq!(histogram.summary().unwrap().count, 2);
    }

    #[test]
    fn a_percentile_that_is_none_is_refused() {
        for bad in [-0.1, 100.1, f64::INFINITY] {
            assert_eq!(filled(&[1]).percentile(bad), Err(WatchError::BadPercentile(bad)));
        }
        assert!(filled(&[1]).percentile(f64::NAN).is_err());
    }
}
