//! What was really spent, by real time, against the rule: an ideal bucket that is fed in that order.

use std::collections::BTreeMap;

use super::super::{LeaseKind, LeaseRule};

/// Tokens that were spent: when, of which key, how many.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(BTreeMap<u128, Vec<(u64, u64)>>);

impl Ledger {
    pub(super) fn spent(&mut self, at: u64, key: u128, cost: u64) {
        let spent = self.0.entry(key).or_default();
        // Calls are counted when the owner does so, which is before their answers come.
        let place = spent.iter().rposition(|(before, _)| *before <= at).map_or(0, |last| last + 1);
        spent.insert(place, (at, cost));
    }

    /// All that was spent of a key between two times.
    pub(super) fn between(&self, key: u128, from: u64, to: u64) -> u64 {
        let spent = self.0.get(&key).into_iter().flatten();
        spent.filter(|(at, _)| (from..to).contains(at)).map(|(_, cost)| cost).sum()
    }

    /// The first breach of the rule. `fast`: parts in 10,000 by which the fastest clock of an owner is fast.
    pub(super) fn breach(&self, rule: &LeaseRule, fast: u64) -> Option<String> {
        self.0.iter().find_map(|(key, spent)| match rule.kind() {
            LeaseKind::Gcra => bucket(*key, spent, rule, fast),
            LeaseKind::FixedWindow => windows(*key, spent, rule),
            LeaseKind::SlidingLog => any_interval(*key, spent, rule),
            LeaseKind::SlidingWindow => weighted(*key, spent, rule),
            LeaseKind::Slots => None,
        })
    }
}

/// Conforming to a bucket is the same as `spent <= burst + rate * length` for every interval.
fn bucket(key: u128, spent: &[(u64, u64)], rule: &LeaseRule, fast: u64) -> Option<String> {
    let part = u128::from(rule.period_ns()) * 10_000;
    let whole = u128::from(rule.burst()) * part;
    let (mut level, mut last) = (whole, 0);
    for (at, cost) in spent {
        assert!(*at >= last, "the ledger is in order");
        level =
            (level + u128::from(at - last) * u128::from(rule.limit()) * u128::from(10_000 + fast)).min(whole);
        last = *at;
        match level.checked_sub(u128::from(*cost) * part) {
            Some(rest) => level = rest,
            None => return Some(format!("key {key}: {cost} too many at {} us", at / 1_000)),
        }
    }
    None
}

fn windows(key: u128, spent: &[(u64, u64)], rule: &LeaseRule) -> Option<String> {
    let mut windows: BTreeMap<u64, u64> = BTreeMap::new();
    for (at, cost) in spent {
        *windows.entry(at / rule.period_ns()).or_default() += cost;
    }
    let (window, sum) = windows.into_iter().find(|(_, sum)| *sum > rule.limit())?;
    Some(format!("key {key}: {sum} in window {window}"))
}

/// No interval of a period, wherever it begins.
fn any_interval(key: u128, spent: &[(u64, u64)], rule: &LeaseRule) -> Option<String> {
    let (mut first, mut sum) = (0, 0);
    for (at, cost) in spent {
        sum += cost;
        while spent[first].0 + rule.period_ns() <= *at {
            sum -= spent[first].1;
            first += 1;
        }
        if sum > rule.limit() {
            return Some(format!("key {key}: {sum} in the period up to {} us", at / 1_000));
        }
    }
    None
}

/// Two counters, the older one weighted.
fn weighted(key: u128, spent: &[(u64, u64)], rule: &LeaseRule) -> Option<String> {
    let period = rule.period_ns();
    let mut windows: BTreeMap<u64, u64> = BTreeMap::new();
    for (at, cost) in spent {
        let window = at / period;
        let before = window.checked_sub(1).and_then(|before| windows.get(&before)).copied().unwrap_or(0);
        let current = windows.entry(window).or_default();
        *current += cost;
        let weight = u128::from(before) * u128::from((window + 1) * period - at);
        if weight + u128::from(*current) * u128::from(period) > u128::from(rule.limit()) * u128::from(period)
        {
            return Some(format!("key {key}: {current} in window {window} after {before}"));
        }
    }
    None
}

#[test]
fn the_judge_sees_one_token_too_many() {
    let gcra = LeaseRule::new(LeaseKind::Gcra, 1_000, 1_000_000_000, 10).unwrap();
    let mut ledger = Ledger::default();
    ledger.spent(0, 1, 10);
    ledger.spent(1_000_000, 1, 1);
    assert_eq!(ledger.breach(&gcra, 0), None);
    ledger.spent(1_999_999, 1, 1);
    assert!(ledger.breach(&gcra, 0).is_some());

    let window = LeaseRule::new(LeaseKind::FixedWindow, 10, 1_000_000_000, 10).unwrap();
    let mut ledger = Ledger::default();
    ledger.spent(999_999_999, 1, 10);
    ledger.spent(1_000_000_000, 1, 10);
    assert_eq!(ledger.breach(&window, 0), None);
    ledger.spent(1_000_000_000, 1, 1);
    assert!(ledger.breach(&window, 0).is_some());
}
