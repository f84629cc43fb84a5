//! A token bucket in exact fractions: a part is one `period`-th of a token, so `limit` parts come back per nanosecond.

use outrigger_limit::CheckedRule;

use super::Model;

/// What is missing from the full bucket, in parts, at a time. Under another rule the same debt takes as long to pay.
pub(crate) struct Bucket {
    missing: u128,
    limit: u128,
    at: u64,
}

impl Bucket {
    fn missing(&self, rule: &CheckedRule, now: u64) -> u128 {
        let back = self.limit * u128::from(now.checked_sub(self.at).unwrap());
        let missing = self.missing.saturating_sub(back);
        // The debt in nanoseconds stays, and the rules that change have whole ones.
        missing * u128::from(rule.limit()) / self.limit
    }
}

impl Model for Bucket {
    fn new() -> Self {
        Self { missing: 0, limit: 1, at: 0 }
    }

    fn admits(&self, cost: u64, rule: &CheckedRule, now: u64) -> bool {
        let period = u128::from(rule.period_ns());
        self.missing(rule, now) + u128::from(cost) * period <= u128::from(rule.burst()) * period
    }

    fn take(&mut self, cost: u64, rule: &CheckedRule, now: u64) {
        self.missing = self.missing(rule, now) + u128::from(cost) * u128::from(rule.period_ns());
        (self.limit, self.at) = (rule.limit().into(), now);
    }

    fn refund(&mut self, cost: u64, rule: &CheckedRule, now: u64) {
        self.missing =
            self.missing(rule, now).saturating_sub(u128::from(cost) * u128::from(rule.period_ns()));
        (self.limit, self.at) = (rule.limit().into(), now);
    }
}
