//! The rule of a leased limit.

use super::LeaseError;
use crate::{Algorithm, CheckedRule, Rule};

/// How tokens come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LeaseKind {
    /// A token bucket: they trickle in.
    Gcra,
    /// All of them at the start of each window.
    FixedWindow,
    /// Not by time: a slot is held until it is released.
    Slots,
    /// As the window before loses weight. Not leased: each hit is a call to the owner.
    SlidingWindow,
    /// Each a period after it was spent. Not leased: each hit is a call to the owner.
    SlidingLog,
}

/// A checked rule: `limit` tokens in each period, and for [`LeaseKind::Gcra`] at most `burst` at once. Slots have no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseRule {
    kind: LeaseKind,
    limit: u64,
    period_ns: u64,
    burst: u64,
}

impl LeaseKind {
    /// Whether each hit is a call to the owner.
    pub(super) fn is_called(self) -> bool {
        matches!(self, Self::SlidingWindow | Self::SlidingLog)
    }
}

impl LeaseRule {
    /// So many slots of each key.
    ///
    /// # Errors
    /// [`LeaseError::Rule`]: none, or too many.
    pub fn slots(limit: u64) -> Result<Self, LeaseError> {
        Self::new(LeaseKind::Slots, limit, 1, limit)
    }

    /// A rule. `burst` counts for [`LeaseKind::Gcra`] only.
    ///
    /// # Errors
    /// [`LeaseError::Rule`]: one is 0, the product of burst and period is too large to be exact, or the limit is more than the
    /// algorithm counts to.
    pub fn new(kind: LeaseKind, limit: u64, period_ns: u64, burst: u64) -> Result<Self, LeaseError> {
        let burst = if kind == LeaseKind::Gcra { burst } else { limit };
        let most = u128::from(burst.max(limit)) * u128::from(period_ns);
        if limit == 0 || period_ns == 0 || burst == 0 || most >> 120 != 0 {
            return Err(LeaseError::Rule);
        }
        let rule = Self { kind, limit, period_ns, burst };
        if kind.is_called() && rule.checked().is_none() { Err(LeaseError::Rule) } else { Ok(rule) }
    }

    /// Whether tokens of it are leased.
    pub(super) fn is_leased(&self) -> bool {
        matches!(self.kind, LeaseKind::Gcra | LeaseKind::FixedWindow)
    }

    /// For the engine's own algorithms, which count what is not leased.
    pub(super) fn checked(&self) -> Option<CheckedRule> {
        let algorithm = match self.kind {
            LeaseKind::SlidingWindow => Algorithm::SlidingWindow,
            LeaseKind::SlidingLog => Algorithm::SlidingLog,
            LeaseKind::Gcra | LeaseKind::FixedWindow | LeaseKind::Slots => return None,
        };
        Rule { limit: self.limit, period_ns: self.period_ns, burst: None }.check(algorithm).ok()
    }

    /// How tokens come back.
    #[must_use]
    pub fn kind(&self) -> LeaseKind {
        self.kind
    }

    /// Tokens in each period.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// The period, in nanoseconds.
    #[must_use]
    pub fn period_ns(&self) -> u64 {
        self.period_ns
    }

    /// The most tokens at once.
    #[must_use]
    pub fn burst(&self) -> u64 {
        self.burst
    }

    /// The smaller of two: where nodes name different ones during a deploy, it holds. The rate counts first.
    #[must_use]
    pub fn smaller(self, other: Self) -> Self {
        let rate = |a: &Self, b: &Self| u128::from(a.limit) * u128::from(b.period_ns);
        let key = |rule: &Self| (rule.burst, rule.kind, rule.limit);
        let order = rate(&self, &other).cmp(&rate(&other, &self)).then(key(&self).cmp(&key(&other)));
        if order.is_le() { self } else { other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_rate_holds_and_both_sides_say_the_same() {
        let rule = |limit, period, burst| LeaseRule::new(LeaseKind::Gcra, limit, period, burst).unwrap();
        let (slow, fast) = (rule(10, 2_000, 10), rule(10, 1_000, 10));
        assert_eq!((slow.smaller(fast), fast.smaller(slow)), (slow, slow));
        let (small, large) = (rule(10, 1_000, 5), rule(10, 1_000, 10));
        assert_eq!((small.smaller(large), large.smaller(small)), (small, small));
    }

    #[test]
    fn what_cannot_be_exact_is_refused() {
        assert_eq!(LeaseRule::new(LeaseKind::Gcra, 0, 1, 1), Err(LeaseError::Rule));
        assert_eq!(LeaseRule::new(LeaseKind::Gcra, 1, u64::MAX, u64::MAX), Err(LeaseError::Rule));
    }
}
