//! Mann and Whitney's test.

use super::{Weighted, normal};

/// Values a side up to which the exact distribution is computed. Beyond, the approximation is good to three digits.
const MOST_EXACT: u64 = 25;

/// The probability of ranks as far apart as those of `a` and `b`, or further, if both were of one distribution. Two-sided.
///
/// `None` if one of them is empty, or if all values are the same: then there is nothing to rank.
#[must_use]
pub fn mann_whitney(a: &Weighted, b: &Weighted) -> Option<f64> {
    let (n, m) = (a.total(), b.total());
    if n == 0 || m == 0 {
        return None;
    }
    let Ranked { u, ties } = rank(a, b);
    if ties == 0.0 && n <= MOST_EXACT && m <= MOST_EXACT {
        let counts = distribution(n as usize, m as usize);
        // Both tails are alike, and without ties u is a whole number.
        let smaller = u.min((n * m) as f64 - u) as usize;
        let tail: f64 = counts[..=smaller].iter().sum();
        return Some((2.0 * tail / counts.iter().sum::<f64>()).min(1.0));
    }
    let deviation = deviation(n, m, ties);
    let away = ((u - n as f64 * m as f64 / 2.0).abs() - 0.5).max(0.0);
    (deviation > 0.0).then(|| normal::two_sided(away / deviation))
}

/// The smallest probability that so few values can have: what lies above it cannot be shown with them.
#[must_use]
pub fn smallest_p(n: u64, m: u64) -> f64 {
    if n == 0 || m == 0 {
        return 1.0;
    }
    // One order of n + m over n puts all of a before all of b. Beyond 25 it is smaller than anybody asks for.
    let (few, all) = (n.min(m).min(MOST_EXACT), n.saturating_add(m).min(2 * MOST_EXACT));
    let orders = (0..few).fold(1.0, |orders, taken| orders * (all - taken) as f64 / (taken + 1) as f64);
    (2.0 / orders).min(1.0)
}

struct Ranked {
    /// Pairs in which b is larger, equal ones counted half.
    u: f64,
    /// The sum of t^3 - t over all groups of equal values.
    ties: f64,
}

fn rank(a: &Weighted, b: &Weighted) -> Ranked {
    let (mut a, mut b) = (a.values(), b.values());
    let (mut u, mut ties, mut below) = (0.0, 0.0, 0.0);
    loop {
        let value = match (a.first(), b.first()) {
            (None, None) => return Ranked { u, ties },
            (Some((a, _)), Some((b, _))) => a.min(*b),
            (Some((value, _)), None) | (None, Some((value, _))) => *value,
        };
        let of_a = take(&mut a, value);
        let of_b = take(&mut b, value);
        u += of_b * (below + of_a / 2.0);
        below += of_a;
        let equal = of_a + of_b;
        ties += equal * equal * equal - equal;
    }
}

fn take(from: &mut &[(f64, u64)], value: f64) -> f64 {
    match from.split_first() {
        Some(((first, n), rest)) if first.total_cmp(&value).is_eq() => {
            *from = rest;
            *n as f64
        }
        _ => 0.0,
    }
}

/// The standard deviation of u.
fn deviation(n: u64, m: u64, ties: f64) -> f64 {
    let (n, m) = (n as f64, m as f64);
    let all = n + m;
    let corrected = (all + 1.0) - ties / (all * (all - 1.0)).max(1.0);
    (n * m / 12.0 * corrected).max(0.0).sqrt()
}

/// How many of the orders of n and m values have each u, from 0 to n * m.
///
/// The counts of u are the coefficients of the Gaussian binomial: the product of `(1 - x^(m + i)) / (1 - x^i)` for i from 1 to n.
pub(super) fn distribution(n: usize, m: usize) -> Vec<f64> {
    let mut counts = vec![0.0; n * m + 1];
    counts[0] = 1.0;
    for i in 1..=n {
        for u in (m + i..counts.len()).rev() {
            counts[u] -= counts[u - m - i];
        }
        for u in i..counts.len() {
            counts[u] += counts[u - i];
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f64]) -> Weighted {
        Weighted::new(values.iter().map(|value| (*value, 1)))
    }

    fn p(a: &[f64], b: &[f64]) -> f64 {
        mann_whitney(&of(a), &of(b)).unwrap()
    }

    /// Every order of n and m values, counted by its u.
    fn by_hand(n: usize, m: usize) -> Vec<f64> {
        let mut counts = vec![0.0; n * m + 1];
        for order in 0_u32..1 << (n + m) {
            if order.count_ones() as usize == n {
                let (mut below, mut u) = (0, 0);
                for place in 0..n + m {
                    if order >> place & 1 == 1 { below += 1 } else { u += below }
                }
                counts[u] += 1.0;
            }
        }
        counts
    }

    #[test]
    fn the_distribution_is_that_of_all_orders() {
        for (n, m) in [(1, 1), (1, 5), (3, 4), (5, 5), (2, 7), (6, 3)] {
            assert_eq!(distribution(n, m), by_hand(n, m), "{n} and {m}");
        }
    }

    /// R's `wilcox.test(a, b)$p.value`, exact.
    #[test]
    fn known_probabilities() {
        let (a, b) = ([1.1, 2.2, 3.3, 4.4, 5.5], [6.1, 7.2, 8.3, 9.4, 10.5]);
        assert!((p(&a, &b) - 2.0 / 252.0).abs() < 1e-12);
        assert!((p(&b, &a) - 2.0 / 252.0).abs() < 1e-12);
        assert!((p(&[1.0, 4.0, 5.0], &[2.0, 3.0, 6.0]) - 1.0).abs() < 1e-12);
        assert!(
            (smallest_p(5, 5) - 2.0 / 252.0).abs() < 1e-12
                && smallest_p(3, 3) > 0.05
                && smallest_p(4, 4) < 0.05
        );
    }

    #[test]
    fn nothing_to_rank() {
        assert_eq!(mann_whitney(&of(&[]), &of(&[1.0])), None);
        assert_eq!(mann_whitney(&of(&[2.0; 9]), &of(&[2.0; 7])), None);
    }

    #[test]
    fn the_approximation_meets_the_exact_one() {
        let a: Vec<f64> = (0..25).map(|i| f64::from(i * 37 % 101)).collect();
        let b: Vec<f64> = (0..25).map(|i| f64::from(i * 53 % 97) + 12.5).collect();
        let exact = p(&a, &b);
        let u = rank(&of(&a), &of(&b)).u;
        let away = (u - 312.5_f64).abs() - 0.5;
        let approximate = normal::two_sided(away / deviation(25, 25, 0.0));
        assert!((exact - approximate).abs() < 0.004, "{exact} {approximate}");
    }

    proptest! {
        #[test]
        fn u_counts_the_pairs(a in prop::collection::vec(0..6u8, 1..9), b in prop::collection::vec(0..6u8, 1..9)) {
            let pairs = a.iter().flat_map(|a| b.iter().map(move |b| match a.cmp(b) {
                std::cmp::Ordering::Less => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Greater => 0.0,
            }));
            let floats = |values: &[u8]| of(&values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>());
            let ranked = rank(&floats(&a), &floats(&b));
            prop_assert_eq!(ranked.u, pairs.sum::<f64>());
            if let Some(p) = mann_whitney(&floats(&a), &floats(&b)) {
                prop_assert!((0.0..=1.0).contains(&p));
                prop_assert!((p - mann_whitney(&floats(&b), &floats(&a)).unwrap()).abs() < 1e-12);
            }
        }
    }
}
