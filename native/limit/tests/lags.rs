//! Clocks that lag: threads read the time and are then outrun, so a key sees times that go back.
#![allow(clippy::unwrap_used)] // Tests.

use std::collections::HashMap;

use outrigger_limit::{Algorithm, Config, KeyHash, Limiter, Outcome, Rule};
use proptest::collection::vec;
use proptest::prelude::*;

const MILLI: u64 = 1_000_000;

/// Key, cost, and how far its clock is behind; then how far time goes on.
fn hits() -> impl Strategy<Value = Vec<(u8, u64, u64, u64)>> {
    let lag = prop_oneof![3 => Just(0), 1 => 0..30 * MILLI];
    vec((0..20u8, 1..4u64, lag, 0..20 * MILLI), 1..200)
}

/// Admitted hits in the order in which they were counted: their times, when the key is as new, and their costs.
type Admitted = HashMap<u8, Vec<(u64, u64, u64)>>;

fn admitted(algorithm: Algorithm, memory: usize, rule: Rule, hits: Vec<(u8, u64, u64, u64)>) -> Admitted {
    let limiter = Limiter::new(Config { algorithm, memory, ..Config::of(rule) }).unwrap();
    let (mut now, mut admitted) = (1_000 * MILLI, Admitted::new());
    for (key, cost, lag, wait) in hits {
        now += wait;
        let verdict = limiter.hit(KeyHash::of([1, 1], &[key]), cost, now - lag);
        if verdict.outcome == Outcome::Allowed {
            admitted.entry(key).or_default().push((now - lag, now - lag + verdict.reset_ns, cost));
        }
    }
    admitted
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// What a bucket admits from one hit to another, counted in the order in which they came, is a burst and what came
    /// back between their times. If the later one's clock is behind, that is less than a burst. There is room for all keys:
    /// with evictions a hit that lags counts from the latest time that the table knows.
    #[test]
    fn a_bucket_gains_nothing(hits in hits()) {
        let rule = Rule { limit: 5, period_ns: 50 * MILLI, burst: None };
        for of_key in admitted(Algorithm::Gcra, 4096, rule, hits).into_values() {
            for first in 0..of_key.len() {
                let mut sum = 0;
                for (now, _, cost) in &of_key[first..] {
                    sum += i128::from(*cost);
                    let between = i128::from(*now) - i128::from(of_key[first].0);
                    prop_assert!(sum * 10 * i128::from(MILLI) <= 50 * i128::from(MILLI) + between, "{of_key:?}");
                }
            }
        }
    }

    /// No window has more than its limit. A hit counts into its own window or, if others are there already, into a later
    /// one: the verdict says when that ends. There is room for eight of the keys, so they come and go.
    #[test]
    fn a_fixed_window_gains_nothing(hits in hits()) {
        let rule = Rule { limit: 5, period_ns: 50 * MILLI, burst: None };
        for of_key in admitted(Algorithm::FixedWindow, 128, rule, hits).into_values() {
            let mut windows: HashMap<u64, u64> = HashMap::new();
            for (_, reset, cost) in of_key {
                // It counts from the latest time that the table knows, which may be a little after this hit's.
                *windows.entry(reset.div_ceil(50 * MILLI)).or_default() += cost;
            }
            prop_assert!(windows.values().all(|sum| *sum <= 5), "{windows:?}");
        }
    }
}
