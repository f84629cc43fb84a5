//! Hodges and Lehmann's estimate of a shift, and its confidence interval.
//!
//! All n * m differences are never made: how many of them are at most `t` is counted in one walk over both sides, and the
//! difference of a rank is found by halving the floats between the smallest and the largest.

use super::mann_whitney::distribution;
use super::{Weighted, normal};

/// How far `b` is from `a`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Shift {
    /// The median of all differences.
    pub estimate: f64,
    /// The lower end of its confidence interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The shift from `a` to `b`. `None` if one of them is empty, or so small that no interval has this confidence.
#[must_use]
pub fn hodges_lehmann(a: &Weighted, b: &Weighted, confidence: f64) -> Option<Shift> {
    let pairs = u128::from(a.total()) * u128::from(b.total());
    if pairs == 0 {
        return None;
    }
    let outside = rank_outside(a.total(), b.total(), 1.0 - confidence)?;
    let at = |rank: u128| difference(a, b, rank);
    Some(Shift {
        estimate: f64::midpoint(at(pairs.div_ceil(2)), at(pairs / 2 + 1)),
        low: at(outside),
        high: at(pairs + 1 - outside),
    })
}

/// The rank of the interval's lower end: so many differences lie outside of it on each side, and one less.
fn rank_outside(n: u64, m: u64, alpha: f64) -> Option<u128> {
    if n <= 25 && m <= 25 {
        let counts = distribution(n as usize, m as usize);
        let all: f64 = counts.iter().sum();
        let mut tail = 0.0;
        let rank = counts.iter().take_while(|count| {
            tail += **count;
            tail / all <= alpha / 2.0
        });
        let rank = rank.count() as u128;
        return (rank > 0).then_some(rank);
    }
    let (n, m) = (n as f64, m as f64);
    let deviation = (n * m * (n + m + 1.0) / 12.0).sqrt();
    let rank = (n * m / 2.0 - normal::quantile(alpha) * deviation).floor();
    (rank >= 1.0).then_some(rank as u128)
}

/// The difference of a rank, from 1, among all `b - a`.
fn difference(a: &Weighted, b: &Weighted, rank: u128) -> f64 {
    let ends = |side: &Weighted| {
        let values = side.values();
        (values.first().map_or(0.0, |value| value.0), values.last().map_or(0.0, |value| value.0))
    };
    let ((a_first, a_last), (b_first, b_last)) = (ends(a), ends(b));
    let (first, last) = (b_first - a_last, b_last - a_first);
    let (mut low, mut high) = (key(first), key(last));
    while low < high {
        // Their sum may overflow, half of the distance does not.
        let middle = low + (high.abs_diff(low) / 2) as i64;
        if at_most(a, b, float(middle)) >= rank { high = middle } else { low = middle + 1 }
    }
    float(high)
}

/// How many differences are at most `t`. What a larger b is paired with begins further right: one walk.
fn at_most(a: &Weighted, b: &Weighted, t: f64) -> u128 {
    let a = a.values();
    let mut above: u128 = a.iter().map(|(_, n)| u128::from(*n)).sum();
    let mut first = 0;
    let mut count = 0;
    for (value, n) in b.values() {
        while let Some((smaller, times)) = a.get(first)
            && value - smaller > t
        {
            above -= u128::from(*times);
            first += 1;
        }
        count += above * u128::from(*n);
    }
    count
}

/// A float as an integer of the same order.
fn key(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    if bits < 0 { i64::MIN - bits } else { bits }
}

fn float(key: i64) -> f64 {
    let bits = if key < 0 { i64::MIN - key } else { key };
    f64::from_bits(bits as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f64]) -> Weighted {
        Weighted::new(values.iter().map(|value| (*value, 1)))
    }

    proptest! {
        #[test]
        fn a_difference_is_that_of_all_pairs(
            a in prop::collection::vec(-1e3..1e3f64, 1..12), b in prop::collection::vec(-1e3..1e3f64, 1..12),
        ) {
            let mut all: Vec<f64> = a.iter().flat_map(|a| b.iter().map(move |b| b - a)).collect();
            all.sort_by(f64::total_cmp);
            for (index, expected) in all.iter().enumerate() {
                prop_assert_eq!(difference(&of(&a), &of(&b), index as u128 + 1), *expected);
            }
        }

        #[test]
        fn keys_are_in_the_order_of_floats(a in any::<f64>(), b in any::<f64>()) {
            prop_assume!(!a.is_nan() && !b.is_nan());
            prop_assert_eq!(key(a).cmp(&key(b)), (a + 0.0).partial_cmp(&(b + 0.0)).unwrap());
            prop_assert_eq!(float(key(a)), a);
        }
    }

    /// R's `wilcox.test(b, a, conf.int = TRUE)`: for 5 and 5 the interval leaves out 2 differences on each side.
    #[test]
    fn intervals_are_those_of_the_exact_distribution() {
        let (a, b) = (of(&[1.0, 2.0, 4.0, 8.0, 16.0]), of(&[32.0, 64.0, 128.0, 256.0, 512.0]));
        let shift = hodges_lehmann(&a, &b, 0.95).unwrap();
        assert_eq!((shift.low, shift.estimate, shift.high), (28.0, 124.0, 508.0));
        assert_eq!(hodges_lehmann(&of(&[1.0, 2.0, 3.0]), &of(&[4.0, 5.0, 6.0]), 0.95), None);
        assert_eq!(hodges_lehmann(&of(&[]), &b, 0.95), None);
    }

    #[test]
    fn a_million_durations_cost_what_their_buckets_cost() {
        let a = Weighted::new((0..1_000).map(|value| (f64::from(value), 1_000_000_000)));
        let b = Weighted::new((0..1_000).map(|value| (f64::from(value) + 7.0, 1_000_000_000)));
        assert_eq!(hodges_lehmann(&a, &b, 0.95).unwrap().estimate, 7.0);
    }
}
