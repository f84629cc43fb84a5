//! Windows and logs as lists of all hits.

use outrigger_limit::CheckedRule;

use super::Model;

/// Hits of the window that is open until `end`.
pub(crate) struct FixedWindow {
    end: u64,
    hits: Vec<u64>,
}

impl Model for FixedWindow {
    fn new() -> Self {
        Self { end: 0, hits: Vec::new() }
    }

    fn admits(&self, cost: u64, rule: &CheckedRule, now: u64) -> bool {
        let hits: u64 = if now < self.end { self.hits.iter().sum() } else { 0 };
        u128::from(hits) + u128::from(cost) <= u128::from(rule.limit())
    }

    fn take(&mut self, cost: u64, rule: &CheckedRule, now: u64) {
        if cost == 0 {
            return;
        }
        if now >= self.end || self.hits.is_empty() {
            *self = Self { end: (now / rule.period_ns() + 1) * rule.period_ns(), hits: Vec::new() };
        }
        self.hits.push(cost);
    }

    fn refund(&mut self, cost: u64, rule: &CheckedRule, now: u64) {
        // A window that ends later than one of this rule can is not of this time.
        if now < self.end && self.end <= now + rule.period_ns() {
            give_back(&mut self.hits, cost, |hit| hit);
        }
    }
}

/// Hits of the window that the first of them has opened, until `end`.
pub(crate) struct OwnWindow(FixedWindow);

impl Model for OwnWindow {
    fn new() -> Self {
        Self(FixedWindow::new())
    }

    fn admits(&self, cost: u64, rule: &CheckedRule, now: u64) -> bool {
        self.0.admits(cost, rule, now)
    }

    fn take(&mut self, cost: u64, rule: &CheckedRule, now: u64) {
        if cost == 0 {
            return;
        }
        if now >= self.0.end || self.0.hits.is_empty() {
            self.0 = FixedWindow { end: Self::end(rule, now), hits: Vec::new() };
        }
        self.0.hits.push(cost);
    }

    fn refund(&mut self, cost: u64, rule: &CheckedRule, now: u64) {
        if now < self.0.end && self.0.end <= Self::end(rule, now) {
            give_back(&mut self.0.hits, cost, |hit| hit);
        }
    }
}

impl OwnWindow {
    /// Windows last for whole milliseconds, and no less than the period.
    fn end(rule: &CheckedRule, now: u64) -> u64 {
        (now + rule.period_ns()).div_ceil(1_000_000) * 1_000_000
    }
}

/// Hits with the number of their window. The periods of the rules are the same.
pub(crate) struct SlidingWindow {
    hits: Vec<(u64, u64)>,
}

impl Model for SlidingWindow {
    fn new() -> Self {
        Self { hits: Vec::new() }
    }

    fn admits(&self, cost: u64, rule: &CheckedRule, now: u64) -> bool {
        let (window, period) = (now / rule.period_ns(), u128::from(rule.period_ns()));
        let sum =
            |of: u64| self.hits.iter().filter(|hit| hit.0 == of).map(|hit| u128::from(hit.1)).sum::<u128>();
        let left = u128::from((window + 1) * rule.period_ns() - now);
        sum(window - 1) * left + (sum(window) + u128::from(cost)) * period
            <= u128::from(rule.limit()) * period
    }

    fn take(&mut self, cost: u64, rule: &CheckedRule, now: u64) {
        self.hits.push((now / rule.period_ns(), cost));
    }

    fn refund(&mut self, cost: u64, rule: &CheckedRule, now: u64) {
        let window = now / rule.period_ns();
        let of_window = self.hits.iter().position(|hit| hit.0 == window).unwrap_or(self.hits.len());
        let mut hits = self.hits.split_off(of_window);
        give_back(&mut hits, cost, |hit| &mut hit.1);
        self.hits.append(&mut hits);
    }
}

/// Hits with their times.
pub(crate) struct SlidingLog {
    hits: Vec<(u64, u64)>,
}

impl Model for SlidingLog {
    fn new() -> Self {
        Self { hits: Vec::new() }
    }

    fn admits(&self, cost: u64, rule: &CheckedRule, now: u64) -> bool {
        let within = self.hits.iter().filter(|hit| hit.0 + rule.period_ns() > now);
        let hits: u128 = within.map(|hit| u128::from(hit.1)).sum();
        hits + u128::from(cost) <= u128::from(rule.limit())
    }

    fn take(&mut self, cost: u64, _: &CheckedRule, now: u64) {
        self.hits.push((now, cost));
    }

    fn refund(&mut self, cost: u64, rule: &CheckedRule, now: u64) {
        self.hits.retain(|hit| hit.0 + rule.period_ns() > now);
        give_back(&mut self.hits, cost, |hit| &mut hit.1);
    }
}

/// Takes `cost` off the latest hits.
fn give_back<T>(hits: &mut Vec<T>, mut cost: u64, of: impl Fn(&mut T) -> &mut u64) {
    while let Some(last) = hits.last_mut() {
        let hit = of(last);
        let back = cost.min(*hit);
        (*hit, cost) = (*hit - back, cost - back);
        if *hit > 0 {
            return;
        }
        hits.pop();
    }
}
