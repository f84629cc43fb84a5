//! Wilcoxon's signed ranks, for values that come in pairs: what hits both of a pair alike is not in their difference.
//!
//! The differences are ranked by their size; if nothing differed, each rank would be that of a positive one as likely as that of a
//! negative one. Up to [`MOST_EXACT`] differences the distribution of the positive ranks' sum is computed, with ties; beyond, it is
//! the normal approximation. The shift is the median of the means of all two differences (Walsh averages), each with itself too.

use super::{Shift, normal};

/// Differences up to which the exact distribution is computed.
const MOST_EXACT: usize = 50;

/// The probability of ranks as one-sided as those of `differences`, or more so, if both signs were as likely. Two-sided.
///
/// `None` if no difference is left: those of 0 have no sign, and what is no number has no rank.
#[must_use]
pub fn signed_rank(differences: &[f64]) -> Option<f64> {
    let signed: Vec<f64> = differences.iter().copied().filter(|d| d.is_finite() && *d != 0.0).collect();
    let ranks = doubled_ranks(&signed);
    let all: u64 = ranks.iter().sum();
    let positive: u64 = ranks.iter().zip(&signed).filter(|(_, d)| **d > 0.0).map(|(rank, _)| rank).sum();
    let smaller = positive.min(all - positive);
    if signed.is_empty() {
        return None;
    }
    if signed.len() <= MOST_EXACT {
        let tail: f64 = distribution(&ranks).iter().take(smaller as usize + 1).sum();
        return Some((2.0 * tail).min(1.0));
    }
    let squares: f64 = ranks.iter().map(|rank| (*rank as f64 / 2.0).powi(2)).sum();
    let away = (all as f64 / 4.0 - smaller as f64 / 2.0 - 0.5).max(0.0);
    Some(normal::two_sided(away / (squares / 4.0).sqrt()))
}

/// The median of all Walsh averages, with its interval. `None` if there are too few differences for an interval of this confidence.
///
/// All n (n + 1) / 2 averages are made: this is for hundreds of differences, not for millions.
#[must_use]
pub fn paired_shift(differences: &[f64], confidence: f64) -> Option<Shift> {
    let differences: Vec<f64> = differences.iter().copied().filter(|d| d.is_finite()).collect();
    let outside = rank_outside(differences.len(), 1.0 - confidence)?;
    let pairs = differences.iter().enumerate();
    let mut averages: Vec<f64> =
        pairs.flat_map(|(at, a)| differences[at..].iter().map(|b| f64::midpoint(*a, *b))).collect();
    averages.sort_by(f64::total_cmp);
    let at = |rank: usize| averages.get(rank.saturating_sub(1)).copied();
    let n = averages.len();
    Some(Shift {
        estimate: f64::midpoint(at(n.div_ceil(2))?, at(n / 2 + 1)?),
        low: at(outside)?,
        high: at(n + 1 - outside)?,
    })
}

/// The smallest probability that so few pairs can have.
#[must_use]
pub fn smallest_paired_p(n: u64) -> f64 {
    2.0 * 0.5_f64.powi(i32::try_from(n).unwrap_or(i32::MAX)).min(0.5)
}

/// Twice the rank of each by its size: equal ones share theirs, which may be a half.
fn doubled_ranks(differences: &[f64]) -> Vec<u64> {
    let mut order: Vec<usize> = (0..differences.len()).collect();
    order.sort_by(|a, b| differences[*a].abs().total_cmp(&differences[*b].abs()));
    let mut ranks = vec![0; differences.len()];
    let mut below = 0;
    for equal in order.chunk_by(|a, b| differences[*a].abs().total_cmp(&differences[*b].abs()).is_eq()) {
        let shared = 2 * below + equal.len() as u64 + 1;
        equal.iter().for_each(|at| ranks[*at] = shared);
        below += equal.len() as u64;
    }
    ranks
}

/// The probability of each sum of ranks whose difference is positive.
fn distribution(ranks: &[u64]) -> Vec<f64> {
    let mut chances = vec![1.0];
    for rank in ranks {
        let rank = *rank as usize;
        let mut next = vec![0.0; chances.len() + rank];
        for (sum, chance) in chances.iter().enumerate() {
            next[sum] += chance / 2.0;
            next[sum + rank] += chance / 2.0;
        }
        chances = next;
    }
    chances
}

/// The rank of the interval's lower end among the averages.
fn rank_outside(n: usize, alpha: f64) -> Option<usize> {
    if n <= MOST_EXACT {
        let ranks: Vec<u64> = (1..=n as u64).collect();
        let mut tail = 0.0;
        let chances = distribution(&ranks);
        let outside = chances.iter().take_while(|chance| {
            tail += **chance;
            tail <= alpha / 2.0
        });
        let rank = outside.count();
        return (rank > 0).then_some(rank);
    }
    let n = n as f64;
    let deviation = (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt();
    let rank = (n * (n + 1.0) / 4.0 - normal::quantile(alpha) * deviation).floor();
    (rank >= 1.0).then_some(rank as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition: all signs, each as likely.
    fn by_all_signs(differences: &[f64]) -> f64 {
        let signed: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
        let rank = |d: f64| {
            let (below, equal) = signed.iter().fold((0.0, 0.0), |(below, equal), other| {
                (below + f64::from(other.abs() < d.abs()), equal + f64::from(other.abs() == d.abs()))
            });
            below + (equal + 1.0) / 2.0
        };
        let ranks: Vec<f64> = signed.iter().map(|d| rank(*d)).collect();
        let all: f64 = ranks.iter().sum();
        let one_sided = |positive: f64| (positive - all / 2.0).abs();
        let is: f64 = ranks.iter().zip(&signed).filter(|(_, d)| **d > 0.0).map(|(rank, _)| rank).sum();
        let signs = 1_u32 << signed.len();
        let of = |signs: u32| -> f64 {
            ranks.iter().enumerate().filter(|(at, _)| signs >> at & 1 == 1).map(|(_, rank)| rank).sum()
        };
        let as_far = (0..signs).filter(|signs| one_sided(of(*signs)) >= one_sided(is) - 1e-9).count();
        as_far as f64 / f64::from(signs)
    }

    proptest! {
        #[test]
        fn a_probability_is_that_of_all_signs(differences in prop::collection::vec(-6..6_i32, 1..10)) {
            let differences: Vec<f64> = differences.into_iter().map(f64::from).collect();
            match signed_rank(&differences) {
                None => prop_assert!(differences.iter().all(|d| *d == 0.0)),
                Some(p) => prop_assert!((p - by_all_signs(&differences)).abs() < 1e-9, "{p}"),
            }
        }

        #[test]
        fn a_shift_moves_with_its_differences(differences in prop::collection::vec(-1e3..1e3_f64, 6..80), by in -1e3..1e3_f64) {
            let moved: Vec<f64> = differences.iter().map(|d| d + by).collect();
            let (is, moved) = (paired_shift(&differences, 0.95).unwrap(), paired_shift(&moved, 0.95).unwrap());
            for (a, b) in [(is.estimate, moved.estimate), (is.low, moved.low), (is.high, moved.high)] {
                prop_assert!((a + by - b).abs() < 1e-9);
            }
            prop_assert!(is.low <= is.estimate && is.estimate <= is.high);
        }
    }

    /// R's `wilcox.test(x, conf.int = TRUE)` of Hollander and Wolfe's depression scores: V = 5, p = 0.03906.
    #[test]
    #[expect(clippy::approx_constant, reason = "one of the scores is 3.14")]
    fn known_values() {
        let before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
        let after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
        let differences: Vec<f64> = before.iter().zip(after).map(|(before, after)| after - before).collect();
        assert!((signed_rank(&differences).unwrap() - 0.039_062_5).abs() < 1e-9);
        let shift = paired_shift(&differences, 0.95).unwrap();
        assert!((shift.estimate + 0.46).abs() < 1e-9, "{shift:?}");
        assert!((shift.low + 0.786).abs() < 1e-3 && (shift.high + 0.010).abs() < 1e-3, "{shift:?}");
    }

    #[test]
    fn too_few_show_nothing() {
        assert_eq!((signed_rank(&[]), signed_rank(&[0.0, f64::NAN])), (None, None));
        assert_eq!(paired_shift(&[1.0; 5], 0.95), None);
        assert!(paired_shift(&[1.0; 6], 0.95).is_some());
        assert_eq!((smallest_paired_p(0), smallest_paired_p(1)), (1.0, 1.0));
        assert!(smallest_paired_p(5) > 0.05 && smallest_paired_p(6) < 0.05);
        assert_eq!(signed_rank(&[1.0; 6]), Some(smallest_paired_p(6)));
    }

    #[test]
    fn the_approximation_is_close_to_the_exact_one() {
        let differences: Vec<f64> = (1..=60).map(|d| f64::from(if d % 3 == 0 { -d } else { d })).collect();
        let ranks = doubled_ranks(&differences);
        let negative: u64 = (1..=60).filter(|d| d % 3 == 0).map(|d| 2 * d).sum();
        let exact: f64 = distribution(&ranks).iter().take(negative as usize + 1).sum();
        let p = signed_rank(&differences).unwrap();
        assert!((p - 2.0 * exact).abs() < 1e-3, "{p} {exact}");
        // Hollander and Wolfe's table ends at 50, and its 2.5 % point of 434 is the 435th average here.
        assert_eq!(rank_outside(50, 0.05), Some(435));
        assert!(rank_outside(51, 0.05).unwrap().abs_diff(453) < 5);
    }
}
