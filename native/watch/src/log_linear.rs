//! Counts of durations in log-linear buckets: what a node counts by itself, and what is merged over nodes.
//!
//! A duration `v` in ns below 32 has a bucket of its own. Else, with `e = floor(log2 v)`, its bucket is
//! `(e - 4) * 32 + ((v >> (e - 5)) & 31)`: 32 buckets of equal width for each power of two ("5 sub-bits"). The layout is that of
//! HDR histograms (<http://hdrhistogram.org>) without their second parameter, so that a BEAM node can count with one
//! `counters:add/3` and no search.
//!
//! # Invariants
//!
//! - A figure is the middle of its bucket: within 1/64 (1.6 %) of each duration in it, exact below 32 ns.
//! - To merge is to add counts, so the merge over nodes is what one histogram of all durations would be.
//! - Counts saturate. They never wrap.
//!
//! # Example
//!
//! ```
//! use outrigger_watch::LogLinear;
//!
//! let (mut a, mut b) = (LogLinear::new(), LogLinear::new());
//! (1..=500).for_each(|micros| a.record(micros * 1_000));
//! (501..=1_000).for_each(|micros| b.record(micros * 1_000));
//! a.merge(&b);
//! let p99 = a.quantile(0.99).unwrap();
//! assert!(p99.abs_diff(990_000) * 64 <= 990_000);
//! ```
//!
//! # Limits
//!
//! Durations of 2^40 ns (18 minutes) and more are counted in the last bucket, and as [clamped](LogLinear::clamped).

use std::collections::BTreeMap;

use crate::WatchError;

/// Buckets of one power of two.
const SUB: u64 = 32;
const SUB_BITS: u32 = 5;

/// Counts of durations in ns, in log-linear buckets. The module says which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogLinear {
    counts: BTreeMap<u16, u64>,
    clamped: u64,
}

/// One bucket that counts something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its number.
    pub index: u16,
    /// The shortest duration in it, in ns.
    pub low: u64,
    /// The longest one in it, in ns.
    pub high: u64,
    /// How many were counted.
    pub count: u64,
}

impl Bucket {
    /// The figure that stands for all durations in it.
    #[must_use]
    pub fn middle(&self) -> u64 {
        self.low + (self.high - self.low) / 2
    }
}

impl LogLinear {
    /// How many buckets there are: indexes are below it.
    pub const BUCKETS: u16 = 1152;
    /// The first duration that is not told apart any more, in ns.
    pub const LIMIT: u64 = 1 << 40;

    /// One that counts nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The bucket of a duration.
    #[must_use]
    pub fn index(nanos: u64) -> u16 {
        let nanos = nanos.min(Self::LIMIT - 1);
        if nanos < SUB {
            return nanos as u16;
        }
        let e = nanos.ilog2();
        ((u64::from(e) - 4) * SUB + ((nanos >> (e - SUB_BITS)) & (SUB - 1))) as u16
    }

    /// The shortest and the longest duration of a bucket, or `None` for an index that is none.
    #[must_use]
    pub fn bounds(index: u16) -> Option<(u64, u64)> {
        let index = (index < Self::BUCKETS).then_some(u64::from(index))?;
        let (power, sub) = (index / SUB, index % SUB);
        match power {
            0 => Some((sub, sub)),
            _ => Some(((SUB + sub) << (power - 1), ((SUB + sub + 1) << (power - 1)) - 1)),
        }
    }

    /// Counts a duration.
    pub fn record(&mut self, nanos: u64) {
        self.record_n(nanos, 1);
    }

    /// Counts the same duration `n` times.
    pub fn record_n(&mut self, nanos: u64, n: u64) {
        if nanos >= Self::LIMIT {
            self.clamped = self.clamped.saturating_add(n);
        }
        self.count(Self::index(nanos), n);
    }

    /// Adds to a bucket by its number: for counts that somebody else made.
    ///
    /// # Errors
    ///
    /// [`WatchError::BadBucket`] if there is no such bucket.
    pub fn add(&mut self, index: u16, n: u64) -> Result<(), WatchError> {
        if index >= Self::BUCKETS {
            return Err(WatchError::BadBucket { index });
        }
        self.count(index, n);
        Ok(())
    }

    /// Says that `n` of what the last bucket counts were longer than can be told apart.
    pub fn add_clamped(&mut self, n: u64) {
        self.clamped = self.clamped.saturating_add(n);
    }

    fn count(&mut self, index: u16, n: u64) {
        if n > 0 {
            let count = self.counts.entry(index).or_default();
            *count = count.saturating_add(n);
        }
    }

    /// Adds all that `other` counts.
    pub fn merge(&mut self, other: &Self) {
        other.counts.iter().for_each(|(index, n)| self.count(*index, *n));
        self.add_clamped(other.clamped);
    }

    /// What was counted since an earlier reading of the same histogram, or `None` if it was begun anew in between.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Option<Self> {
        let mut delta = Self { counts: BTreeMap::new(), clamped: self.clamped.checked_sub(earlier.clamped)? };
        for index in earlier.counts.keys() {
            self.counts.get(index)?;
        }
        for (index, n) in &self.counts {
            delta.count(*index, n.checked_sub(earlier.counts.get(index).copied().unwrap_or(0))?);
        }
        Some(delta)
    }

    /// How many durations were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Those of them that were longer than can be told apart.
    #[must_use]
    pub fn clamped(&self) -> u64 {
        self.clamped
    }

    /// The buckets that count something, shortest durations first.
    pub fn buckets(&self) -> impl DoubleEndedIterator<Item = Bucket> + '_ {
        self.counts.iter().filter_map(|(index, count)| {
            let (low, high) = Self::bounds(*index)?;
            Some(Bucket { index: *index, low, high, count: *count })
        })
    }

    /// The duration in ns that a share `q` (0 to 1) of all does not exceed, or `None` as long as nothing is counted.
    ///
    /// It is that of rank `ceil(q * total)`: the definition of the smallest value that is enough.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<u64> {
        let total = self.total();
        let rank = rank(q, total)?;
        let mut seen: u64 = 0;
        self.buckets().find_map(|bucket| {
            seen = seen.saturating_add(bucket.count);
            (seen >= rank).then(|| bucket.middle())
        })
    }

    /// The shortest duration in ns, as the middle of its bucket.
    #[must_use]
    pub fn min(&self) -> Option<u64> {
        self.buckets().next().map(|bucket| bucket.middle())
    }

    /// The longest duration in ns, as the middle of its bucket.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        self.buckets().next_back().map(|bucket| bucket.middle())
    }

    /// The arithmetic mean in ns, of the middles of the buckets.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let (mut sum, mut total) = (0.0, 0.0);
        for bucket in self.buckets() {
            sum += bucket.middle() as f64 * bucket.count as f64;
            total += bucket.count as f64;
        }
        (total > 0.0).then(|| sum / total)
    }
}

/// The rank, from 1, of a quantile of `total` things. A product that is a whole number but for its last bits is that number.
pub(crate) fn rank(q: f64, total: u64) -> Option<u64> {
    if total == 0 || q.is_nan() {
        return None;
    }
    let rank = (q.clamp(0.0, 1.0) * total as f64 * (1.0 - f64::EPSILON)).ceil() as u64;
    Some(rank.clamp(1, total))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[u64]) -> LogLinear {
        let mut histogram = LogLinear::new();
        values.iter().for_each(|nanos| histogram.record(*nanos));
        histogram
    }

    fn durations() -> impl Strategy<Value = u64> {
        prop_oneof![0..100u64, 0..100_000_000u64, 0..LogLinear::LIMIT]
    }

    #[test]
    fn buckets_follow_each_other_without_gap_or_overlap() {
        let mut next = 0;
        for index in 0..LogLinear::BUCKETS {
            let (low, high) = LogLinear::bounds(index).unwrap();
            assert_eq!(low, next, "bucket {index}");
            assert_eq!((LogLinear::index(low), LogLinear::index(high)), (index, index));
            next = high + 1;
        }
        assert_eq!(next, LogLinear::LIMIT);
        assert_eq!(LogLinear::bounds(LogLinear::BUCKETS), None);
    }

    #[test]
    fn the_layout_is_fixed() {
        let at = [0, 31, 32, 63, 64, 65, 66, 1_000, 1_000_000, 50_000_000, (1 << 40) - 1, 1 << 40, u64::MAX];
        let indexes = [0, 31, 32, 63, 64, 64, 65, 190, 509, 687, 1151, 1151, 1151];
        assert_eq!(at.map(LogLinear::index), indexes);
    }

    #[test]
    fn ranks_are_those_of_the_definition() {
        assert_eq!([0.0, 0.5, 0.99, 0.999, 1.0].map(|q| rank(q, 1_000).unwrap()), [1, 500, 990, 999, 1_000]);
        assert_eq!(
            [0.07, 0.14, 0.28, 0.29, 0.56, 0.57].map(|q| rank(q, 100).unwrap()),
            [7, 14, 28, 29, 56, 57]
        );
        assert_eq!((rank(0.5, 0), rank(f64::NAN, 3), rank(0.5, 3)), (None, None, Some(2)));
    }

    #[test]
    fn nothing_counted_has_no_figures() {
        let none = LogLinear::new();
        assert_eq!((none.quantile(0.5), none.min(), none.max(), none.mean()), (None, None, None, None));
        assert_eq!((none.total(), none.buckets().count()), (0, 0));
    }

    #[test]
    fn what_is_too_long_is_counted_and_said() {
        let mut histogram = of(&[LogLinear::LIMIT - 1, LogLinear::LIMIT, u64::MAX]);
        histogram.record_n(u64::MAX, u64::MAX);
        assert_eq!((histogram.total(), histogram.clamped()), (u64::MAX, u64::MAX));
        assert_eq!(histogram.add(LogLinear::BUCKETS, 1), Err(WatchError::BadBucket { index: 1152 }));
    }

    #[test]
    fn a_histogram_begun_anew_has_no_delta() {
        let (early, late) = (of(&[10, 10, 70]), of(&[10, 10, 10]));
        assert_eq!(late.since(&early), None);
        assert_eq!(of(&[10]).since(&early), None);
        assert_eq!(early.since(&early), Some(LogLinear::new()));
    }

    proptest! {
        #[test]
        fn a_figure_is_within_its_bound(mut values in prop::collection::vec(durations(), 1..300), q in 0.0..=1.0f64) {
            let histogram = of(&values);
            values.sort_unstable();
            let exact = values[rank(q, values.len() as u64).unwrap() as usize - 1];
            let figure = histogram.quantile(q).unwrap();
            prop_assert!(figure.abs_diff(exact) * 64 <= exact, "{figure} for {exact}");
            prop_assert!(histogram.max().unwrap().abs_diff(values[values.len() - 1]) * 64 <= values[values.len() - 1]);
            let mean = values.iter().map(|v| *v as f64).sum::<f64>() / values.len() as f64;
            prop_assert!((histogram.mean().unwrap() - mean).abs() * 63.9 <= mean);
        }

        #[test]
        fn to_merge_is_to_record_both_and_the_delta_is_what_came(
            a in prop::collection::vec(any::<u64>(), 0..50), b in prop::collection::vec(durations(), 0..50),
        ) {
            let (early, both) = (of(&a), of(&[a.clone(), b.clone()].concat()));
            let mut merged = early.clone();
            merged.merge(&of(&b));
            prop_assert_eq!(&merged, &both);
            prop_assert_eq!(both.since(&early), Some(of(&b)));
        }
    }
}
