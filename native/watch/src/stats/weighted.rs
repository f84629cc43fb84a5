//! Values that may be there many times.

use crate::LogLinear;

/// Values in ascending order, each once, with how often it is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weighted {
    values: Vec<(f64, u64)>,
    total: u64,
}

impl Weighted {
    /// Of values and how often each of them is there. What is no number is left out.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item = (f64, u64)>) -> Self {
        // -0.0 and 0.0 are one value.
        let mut sorted: Vec<(f64, u64)> = values
            .into_iter()
            .filter(|(value, n)| value.is_finite() && *n > 0)
            .map(|(v, n)| (v + 0.0, n))
            .collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut it = Self::default();
        for (value, n) in sorted {
            it.total = it.total.saturating_add(n);
            match it.values.last_mut() {
                Some((last, count)) if last.total_cmp(&value).is_eq() => *count = count.saturating_add(n),
                _ => it.values.push((value, n)),
            }
        }
        it
    }

    /// Of a histogram's durations, in seconds.
    #[must_use]
    pub fn of_histogram(histogram: &LogLinear) -> Self {
        Self::new(histogram.buckets().map(|bucket| (bucket.middle() as f64 / 1e9, bucket.count)))
    }

    /// How many values there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The values and how often each of them is there, in ascending order.
    pub(super) fn values(&self) -> &[(f64, u64)] {
        &self.values
    }

    /// The middle one; of an even number the mean of the two.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        let at = |rank: u64| {
            let mut seen: u64 = 0;
            self.values.iter().find_map(|(value, n)| {
                seen = seen.saturating_add(*n);
                (seen >= rank).then_some(*value)
            })
        };
        Some(f64::midpoint(at(self.total.div_ceil(2).max(1))?, at(self.total / 2 + 1)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_merged_and_sorted() {
        let it = Weighted::new([(3.0, 1), (1.0, 2), (f64::NAN, 5), (0.0, 1), (-0.0, 1), (3.0, 1), (9.0, 0)]);
        assert_eq!(it.values(), [(0.0, 2), (1.0, 2), (3.0, 2)]);
        assert_eq!((it.total(), it.median()), (6, Some(1.0)));
    }

    #[test]
    fn medians() {
        let of = |values: &[f64]| Weighted::new(values.iter().map(|value| (*value, 1))).median();
        assert_eq!(
            (of(&[]), of(&[2.0]), of(&[2.0, 4.0]), of(&[9.0, 1.0, 2.0])),
            (None, Some(2.0), Some(3.0), Some(2.0))
        );
    }
}
