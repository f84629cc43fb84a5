//! Rules: how many hits in which time.

use crate::algorithm::{fixed_window, sliding_window};
use crate::span::{MAX_DENOMINATOR, Scale, Span};
use crate::{Algorithm, Error, log};

/// Times and spans beyond this (17 years) are refused in rules; a `now` beyond it stands still.
pub(crate) const MAX_NS: u64 = 17 * 365 * 86_400 * 1_000_000_000;
/// Hits per nanosecond: at this rate an interval that has to be rounded is wrong by 0.1 %.
const MAX_RATE: u64 = 1000;
/// Windows are kept by the millisecond in which they end.
pub(crate) const MILLI: u64 = 1_000_000;

/// How many hits in which time, as the caller says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Hits per period, weighted by their cost.
    pub limit: u64,
    /// Nanoseconds.
    pub period_ns: u64,
    /// The most that is admitted at once; the limit if not given. Only for the bucket algorithms.
    pub burst: Option<u64>,
}

impl Rule {
    /// Checks the rule for an algorithm and computes what every hit needs.
    ///
    /// # Errors
    /// [`Error`] says what the algorithm cannot do.
    pub fn check(self, algorithm: Algorithm) -> Result<CheckedRule, Error> {
        for (what, value) in
            [("limit", self.limit), ("period", self.period_ns), ("burst", self.burst.unwrap_or(1))]
        {
            if value == 0 {
                return Err(Error::Zero { what });
            }
        }
        if self.period_ns > MAX_NS {
            return Err(Error::TooLong);
        }
        match algorithm {
            Algorithm::Gcra | Algorithm::LeakyBucket => self.check_bucket(algorithm),
            Algorithm::FixedWindow | Algorithm::OwnWindow => {
                self.check_window(algorithm, fixed_window::MAX_COUNT)
            }
            Algorithm::SlidingWindow => self.check_window(algorithm, sliding_window::MAX_COUNT),
            Algorithm::SlidingLog => self.check_counter(algorithm, log::MAX_COUNT),
        }
    }

    fn check_bucket(self, algorithm: Algorithm) -> Result<CheckedRule, Error> {
        if self.limit / self.period_ns >= MAX_RATE {
            return Err(Error::TooFast);
        }
        let divisor = gcd(self.limit, self.period_ns);
        let (period, limit) = (self.period_ns / divisor, self.limit / divisor);
        let (scale, units) = if limit <= MAX_DENOMINATOR {
            (limit, u128::from(period))
        } else {
            (MAX_DENOMINATOR, (u128::from(period) * u128::from(MAX_DENOMINATOR)).div_ceil(u128::from(limit)))
        };
        let scale = Scale(scale as u32);
        let capacity = self.burst.unwrap_or(self.limit);
        let burst = units.checked_mul(u128::from(capacity)).ok_or(Error::TooLong)?;
        if burst > scale.units(Span::from_ns(MAX_NS)) {
            return Err(Error::TooLong);
        }
        let (interval, tolerance) = (scale.span(units), scale.span(burst));
        Ok(CheckedRule { capacity, scale, interval, tolerance, ..self.unchecked(algorithm) })
    }

    fn check_window(self, algorithm: Algorithm, max: u64) -> Result<CheckedRule, Error> {
        if !self.period_ns.is_multiple_of(MILLI) {
            return Err(Error::NotMillis { period_ns: self.period_ns, algorithm });
        }
        self.check_counter(algorithm, max)
    }

    fn check_counter(self, algorithm: Algorithm, max: u64) -> Result<CheckedRule, Error> {
        if self.burst.is_some() {
            return Err(Error::NoBurst { algorithm });
        }
        if self.limit > max {
            return Err(Error::TooLarge { what: "limit", value: self.limit, max, algorithm });
        }
        Ok(self.unchecked(algorithm))
    }

    fn unchecked(self, algorithm: Algorithm) -> CheckedRule {
        CheckedRule {
            algorithm,
            limit: self.limit,
            period_ns: self.period_ns,
            capacity: self.limit,
            scale: Scale(1),
            interval: Span::default(),
            tolerance: Span::default(),
        }
    }
}

/// A rule that an algorithm can keep: see [`Rule::check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedRule {
    pub(crate) algorithm: Algorithm,
    pub(crate) limit: u64,
    pub(crate) period_ns: u64,
    /// The largest cost that is ever admitted.
    pub(crate) capacity: u64,
    pub(crate) scale: Scale,
    /// From one hit to the next at the rate of the rule.
    pub(crate) interval: Span,
    /// The time in which a whole burst comes back.
    pub(crate) tolerance: Span,
}

impl CheckedRule {
    /// Hits per period.
    #[must_use]
    pub const fn limit(&self) -> u64 {
        self.limit
    }

    /// Nanoseconds.
    #[must_use]
    pub const fn period_ns(&self) -> u64 {
        self.period_ns
    }

    /// The largest cost that is ever admitted.
    #[must_use]
    pub const fn burst(&self) -> u64 {
        self.capacity
    }

    /// What the rule was checked for.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The time in which `cost` hits come back. The caller knows that it is at most the capacity.
    pub(crate) fn span(&self, cost: u64) -> Span {
        if cost == 1 {
            return self.interval;
        }
        self.scale.span(self.scale.units(self.interval) * u128::from(cost))
    }
}

const fn gcd(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
