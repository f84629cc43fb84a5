//! Every algorithm against a slow and obvious model of it, on virtual time.
//!
//! The models know nothing of arrival times or packed words: a bucket counts tokens in exact fractions, a window or log
//! keeps the list of all hits. A model only says whether it admits a cost at a time; what remains, when the key is as
//! new and when to come again is checked by asking it about those costs and times, and about one more or one ns less.
#![allow(clippy::unwrap_used)] // Tests.

mod bucket;
mod lists;

use std::collections::HashMap;

use bucket::Bucket;
use lists::{FixedWindow, OwnWindow, SlidingLog, SlidingWindow};
use outrigger_limit::{Algorithm, CheckedRule, Config, KeyHash, Limiter, Outcome, Rule, Verdict};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const SECOND: u64 = 1_000_000_000;
const MILLI: u64 = 1_000_000;
/// Beyond, the clock of a limiter stands still.
const LAST: u64 = 17 * 365 * 86_400 * SECOND;

/// One key, counted slowly. Time does not go back.
trait Model {
    fn new() -> Self
    where
        Self: Sized;
    fn admits(&self, cost: u64, rule: &CheckedRule, now: u64) -> bool;
    fn take(&mut self, cost: u64, rule: &CheckedRule, now: u64);
    fn refund(&mut self, cost: u64, rule: &CheckedRule, now: u64);
}

#[derive(Clone, Debug)]
enum Step {
    Hit {
        key: u8,
        cost: u64,
    },
    HitWith {
        key: u8,
        cost: u64,
        rule: Rule,
    },
    Peek {
        key: u8,
        cost: u64,
    },
    Refund {
        key: u8,
        cost: u64,
    },
    Reset {
        key: u8,
    },
    Update(Rule),
    Wait(u64),
    /// Until the last verdict says that it is worth another try, or until the key is as new; or a nanosecond less.
    WaitAsTold {
        retry: bool,
        early: bool,
    },
}

/// Steps for keys of a table that is too small for all of them, so some are evicted and some find no room.
fn steps(rules: BoxedStrategy<Rule>, changes: bool) -> impl Strategy<Value = (Rule, Vec<Step>)> {
    rules.clone().prop_flat_map(move |rule| {
        let top = rule.burst.unwrap_or(rule.limit);
        let cost = prop_oneof![
            8 => Just(1),
            6 => 0..=top.saturating_add(1),
            1 => Just(top),
            1 => select(vec![u64::MAX, 1 << 63, 1 << 40, 0]),
        ];
        let interval = (rule.period_ns / rule.limit).max(1);
        let wait = prop_oneof![
            4 => Just(1),
            6 => 0..=interval + 1,
            4 => 0..=rule.period_ns + 1,
            1 => Just(rule.period_ns),
            1 => 0..=rule.period_ns * 3,
        ];
        let key = || prop_oneof![3 => 0..2u8, 1 => 0..24u8];
        let weight = u32::from(changes);
        let step = prop_oneof![
            12 => (key(), cost.clone()).prop_map(|(key, cost)| Step::Hit { key, cost }),
            2 => (key(), cost.clone()).prop_map(|(key, cost)| Step::Peek { key, cost }),
            2 => (key(), cost.clone()).prop_map(|(key, cost)| Step::Refund { key, cost }),
            1 => key().prop_map(|key| Step::Reset { key }),
            6 => wait.prop_map(Step::Wait),
            4 => any::<(bool, bool)>().prop_map(|(retry, early)| Step::WaitAsTold { retry, early }),
            weight => rules.clone().prop_map(Step::Update),
            2 * weight => (key(), cost, rules.clone())
                .prop_map(|(key, cost, rule)| Step::HitWith { key, cost, rule }),
        ];
        (Just(rule), vec(step, 1..120))
    })
}

fn check<M: Model>(algorithm: Algorithm, rule: Rule, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let memory = if algorithm == Algorithm::SlidingLog { 4096 } else { 128 };
    let limiter = Limiter::new(Config { algorithm, memory, ..Config::of(rule) }).unwrap();
    let mut rule = rule.check(algorithm).unwrap();
    let mut keys: HashMap<u8, M> = HashMap::new();
    let mut told = (0_u64, 0_u64);
    let mut now = 1_000_000 * SECOND + 123_456_789;
    for step in steps {
        if now > LAST {
            break;
        }
        let hash = |key: u8| KeyHash::of([5, 6], &[key]);
        match step {
            Step::Wait(ns) => now += ns,
            Step::WaitAsTold { retry, early } => {
                let wait = if retry { told.1 } else { told.0 };
                now += wait.saturating_sub(u64::from(early));
            }
            Step::Hit { key, cost } => {
                let model = keys.entry(key).or_insert_with(M::new);
                let verdict = limiter.hit(hash(key), cost, now);
                told = (verdict.reset_ns, verdict.retry_after_ns.unwrap_or(0));
                hit(model, verdict, cost, &rule, now)?;
            }
            Step::HitWith { key, cost, rule } => {
                let model = keys.entry(key).or_insert_with(M::new);
                let rule = rule.check(algorithm).unwrap();
                let verdict = limiter.hit_with(hash(key), cost, &rule, now).unwrap();
                let allowed = cost == 0 || model.admits(cost, &rule, now);
                if verdict.outcome == Outcome::Allowed {
                    prop_assert!(allowed, "{verdict:?}");
                    model.take(cost, &rule, now);
                } else if verdict.outcome == Outcome::Denied {
                    prop_assert!(!allowed, "{verdict:?}");
                }
            }
            Step::Peek { key, cost } => {
                let model = keys.entry(key).or_insert_with(M::new);
                let verdict = limiter.peek(hash(key), cost, now);
                prop_assert_eq!(verdict.is_allowed(), cost == 0 || model.admits(cost, &rule, now));
                promises(model, &verdict, cost, &rule, now)?;
            }
            Step::Refund { key, cost } => {
                limiter.refund(hash(key), cost, now);
                keys.entry(key).or_insert_with(M::new).refund(cost, &rule, now);
            }
            Step::Reset { key } => {
                limiter.reset(hash(key), now);
                keys.remove(&key);
            }
            Step::Update(new) => {
                limiter.update(new).unwrap();
                rule = new.check(algorithm).unwrap();
            }
        }
    }
    Ok(())
}

fn hit<M: Model>(
    model: &mut M,
    verdict: Verdict,
    cost: u64,
    rule: &CheckedRule,
    now: u64,
) -> Result<(), TestCaseError> {
    let admits = cost == 0 || model.admits(cost, rule, now);
    match verdict.outcome {
        Outcome::Allowed => {
            prop_assert!(admits, "admitted too much: {verdict:?}");
            model.take(cost, rule, now);
        }
        Outcome::Denied => prop_assert!(!admits, "denied too early: {verdict:?}"),
        Outcome::Full(_) => return Ok(()),
        Outcome::Banned => prop_assert!(false, "no bans here"),
    }
    promises(model, &verdict, cost, rule, now)
}

/// What a verdict says of the time to come and of what is left, against what the model admits.
fn promises<M: Model>(
    model: &M,
    verdict: &Verdict,
    cost: u64,
    rule: &CheckedRule,
    now: u64,
) -> Result<(), TestCaseError> {
    let Verdict { limit, remaining, reset_ns, retry_after_ns, .. } = *verdict;
    prop_assert_eq!(limit, rule.limit());
    prop_assert!(remaining == 0 || model.admits(remaining, rule, now), "{verdict:?}");
    prop_assert!(!model.admits(remaining + 1, rule, now), "{verdict:?}");
    prop_assert!(model.admits(rule.burst(), rule, now + reset_ns), "{verdict:?}");
    prop_assert!(reset_ns == 0 || !model.admits(rule.burst(), rule, now + reset_ns - 1), "{verdict:?}");
    match retry_after_ns {
        None => prop_assert!(cost > rule.burst()),
        Some(0) => prop_assert!(verdict.is_allowed()),
        Some(retry) => {
            prop_assert!(model.admits(cost, rule, now + retry), "{verdict:?}");
            prop_assert!(!model.admits(cost, rule, now + retry - 1), "{verdict:?}");
        }
    }
    Ok(())
}

/// Rules whose intervals are whole nanoseconds or not, with and without bursts.
fn bucket_rules() -> BoxedStrategy<Rule> {
    let limits = select(vec![1, 2, 3, 7, 10, 999, 999_983, 1 << 20]);
    let periods = select(vec![SECOND, 7 * MILLI, 999_999_937, 86_400 * SECOND, 10_000]);
    let burst = proptest::option::of(prop_oneof![1..10u64, 1..2_000_000u64]);
    let rules =
        (limits, periods, burst).prop_map(|(limit, period_ns, burst)| Rule { limit, period_ns, burst });
    rules.prop_filter("17 years", |rule| rule.check(Algorithm::Gcra).is_ok()).boxed()
}

/// Rules whose intervals are whole nanoseconds: only those carry over to one another without rounding.
fn whole_rules() -> BoxedStrategy<Rule> {
    let limits = select(vec![1, 2, 5, 10, 1000]);
    (limits, select(vec![SECOND, 10 * SECOND]), proptest::option::of(1..2_000u64))
        .prop_map(|(limit, period_ns, burst)| Rule { limit, period_ns, burst })
        .boxed()
}

fn window_rules() -> BoxedStrategy<Rule> {
    let limits = select(vec![1, 2, 3, 10, 1000, (1 << 20) - 1]);
    let periods = select(vec![MILLI, 7 * MILLI, SECOND, 60 * SECOND, 86_400 * SECOND]);
    (limits, periods).prop_map(|(limit, period_ns)| Rule { limit, period_ns, burst: None }).boxed()
}

fn one_period() -> BoxedStrategy<Rule> {
    (1..50u64).prop_map(|limit| Rule { limit, period_ns: SECOND, burst: None }).boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn gcra_is_a_bucket_of_fractions((rule, steps) in steps(bucket_rules(), false)) {
        check::<Bucket>(Algorithm::Gcra, rule, steps)?;
    }

    #[test]
    fn gcra_under_changing_rules((rule, steps) in steps(whole_rules(), true)) {
        check::<Bucket>(Algorithm::Gcra, rule, steps)?;
    }

    #[test]
    fn a_leaky_bucket_decides_alike((rule, steps) in steps(bucket_rules(), false)) {
        check::<Bucket>(Algorithm::LeakyBucket, rule, steps)?;
    }

    #[test]
    fn fixed_windows((rule, steps) in steps(window_rules(), false)) {
        check::<FixedWindow>(Algorithm::FixedWindow, rule, steps)?;
    }

    #[test]
    fn fixed_windows_under_changing_rules((rule, steps) in steps(window_rules(), true)) {
        check::<FixedWindow>(Algorithm::FixedWindow, rule, steps)?;
    }

    #[test]
    fn own_windows((rule, steps) in steps(window_rules(), false)) {
        check::<OwnWindow>(Algorithm::OwnWindow, rule, steps)?;
    }

    #[test]
    fn own_windows_under_changing_rules((rule, steps) in steps(window_rules(), true)) {
        check::<OwnWindow>(Algorithm::OwnWindow, rule, steps)?;
    }

    #[test]
    fn sliding_windows((rule, steps) in steps(window_rules(), false)) {
        check::<SlidingWindow>(Algorithm::SlidingWindow, rule, steps)?;
    }

    #[test]
    fn sliding_windows_under_changing_limits((rule, steps) in steps(one_period(), true)) {
        check::<SlidingWindow>(Algorithm::SlidingWindow, rule, steps)?;
    }

    #[test]
    fn sliding_logs((rule, steps) in steps(window_rules(), false)) {
        check::<SlidingLog>(Algorithm::SlidingLog, rule, steps)?;
    }

    #[test]
    fn sliding_logs_under_changing_limits((rule, steps) in steps(one_period(), true)) {
        check::<SlidingLog>(Algorithm::SlidingLog, rule, steps)?;
    }
}
