//! Lengths of time with exact fractions of a nanosecond.
//!
//! Three hits per second are 333,333,333 ns and a third apart. Rounded, a limiter would drift, or deny the third hit of a
//! full bucket. So a [`Span`] has a numerator beside its nanoseconds; the denominator is that of the rule
//! ([`Scale`]). Bursts and rates are exact whenever it is at most 2^20. Beyond, an interval is rounded up to the next
//! 2^-20 ns, so that never more is admitted than the rule says.

use std::cmp::Ordering;

/// Bits of a numerator.
pub(crate) const FRACTION_BITS: u32 = 20;
/// The largest denominator.
pub(crate) const MAX_DENOMINATOR: u64 = 1 << FRACTION_BITS;

/// Nanoseconds and a numerator below the rule's denominator. At most 60 bits of nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) ns: u64,
    pub(crate) fraction: u32,
}

impl Span {
    pub(crate) const fn from_ns(ns: u64) -> Self {
        Self { ns, fraction: 0 }
    }

    /// Whole nanoseconds, rounded up.
    pub(crate) const fn ceil(self) -> u64 {
        self.ns + (self.fraction != 0) as u64
    }
}

impl PartialOrd for Span {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Span {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        // As one number: two instructions instead of four branches.
        let number = |span: &Self| u128::from(span.ns) << u32::BITS | u128::from(span.fraction);
        number(self).cmp(&number(other))
    }
}

/// The denominator that the fractions of one rule have: 1 to 2^20.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scale(pub(crate) u32);

impl Scale {
    pub(crate) const fn add(self, a: Span, b: Span) -> Span {
        let fraction = a.fraction + b.fraction;
        // A number, not a branch: whether there is a carry is as good as random, and a branch that waits for the key's
        // memory and is guessed wrong keeps the next hit from fetching its own.
        let carry = (fraction >= self.0) as u32;
        Span { ns: a.ns + b.ns + carry as u64, fraction: fraction - self.0 * carry }
    }

    /// `a - b`, or nothing if `b` is larger.
    pub(crate) fn sub(self, a: Span, b: Span) -> Span {
        if a <= b {
            return Span::default();
        }
        let borrow = a.fraction < b.fraction;
        let fraction = if borrow { a.fraction + self.0 - b.fraction } else { a.fraction - b.fraction };
        Span { ns: a.ns - b.ns - borrow as u64, fraction }
    }

    /// In units of one denominator-th of a nanosecond.
    pub(crate) const fn units(self, span: Span) -> u128 {
        span.ns as u128 * self.0 as u128 + span.fraction as u128
    }

    /// The span of so many units. The caller knows that it is at most 2^60 ns.
    pub(crate) fn span(self, units: u128) -> Span {
        if let Ok(units) = u64::try_from(units) {
            let scale = u64::from(self.0);
            return Span { ns: units / scale, fraction: (units % scale) as u32 };
        }
        let scale = u128::from(self.0);
        Span { ns: (units / scale) as u64, fraction: (units % scale) as u32 }
    }

    /// How often `part` fits into what `whole` is more than `used`.
    #[inline]
    pub(crate) fn quotient(self, whole: Span, used: Span, part: Span) -> u64 {
        let left = self.units(whole).saturating_sub(self.units(used));
        let part = self.units(part);
        match (u64::try_from(left), u64::try_from(part)) {
            (Ok(left), Ok(part)) => left / part.max(1),
            _ => u64::try_from(left / part.max(1)).unwrap_or(u64::MAX),
        }
    }
}
