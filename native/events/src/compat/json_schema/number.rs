//! Numbers of a schema, exact: bounds are compared and divided as they are written.

use std::cmp::Ordering;
use std::fmt;

use num_bigint::BigInt;

/// `unscaled * 10^exponent`.
#[derive(Clone, Debug)]
pub(super) struct Number {
    unscaled: BigInt,
    exponent: i32,
}

impl Number {
    /// Powers of ten that a bound may have. More is a schema that nobody means.
    const MOST: i32 = 400;

    /// `None` if it has too many digits or too large an exponent.
    pub(super) fn of(number: &serde_json::Number) -> Option<Self> {
        Self::parse(&number.to_string())
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (digits, exponent) = match text.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.len() + fraction.len() > 400 {
            return None;
        }
        let unscaled = format!("{whole}{fraction}").parse::<BigInt>().ok()?;
        let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        (-Self::MOST..=Self::MOST).contains(&exponent).then_some(Self { unscaled, exponent })
    }

    /// Both with the lower exponent.
    fn aligned(&self, other: &Self) -> (BigInt, BigInt) {
        let low = self.exponent.min(other.exponent);
        let raise = |number: &Self| {
            &number.unscaled * BigInt::from(10).pow(u32::try_from(number.exponent - low).unwrap_or(0))
        };
        (raise(self), raise(other))
    }

    pub(super) fn is_whole(&self) -> bool {
        self.is_multiple_of(&Self { unscaled: BigInt::from(1), exponent: 0 })
    }

    pub(super) fn is_positive(&self) -> bool {
        self.unscaled > BigInt::from(0)
    }

    /// Whether it is `other` times a whole number.
    pub(super) fn is_multiple_of(&self, other: &Self) -> bool {
        let (number, divisor) = self.aligned(other);
        divisor != BigInt::from(0) && number % divisor == BigInt::from(0)
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = self.aligned(other);
        a.cmp(&b)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.exponent >= 0 {
            return write!(
                formatter,
                "{}{}",
                self.unscaled,
                "0".repeat(usize::try_from(self.exponent).unwrap_or(0))
            );
        }
        let places = usize::try_from(-self.exponent).unwrap_or(0);
        let text = self.unscaled.magnitude().to_string();
        let text = format!("{}{text}", "0".repeat((places + 1).saturating_sub(text.len())));
        let (whole, fraction) = text.split_at(text.len() - places);
        let sign = if self.unscaled < BigInt::from(0) { "-" } else { "" };
        write!(formatter, "{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn are_exact() {
        assert_eq!(number("0.5"), number("0.50"));
        assert_eq!(number("1e2"), number("100"));
        assert!(number("9007199254740993") > number("9007199254740992"));
        assert!(number("-0.1") < number("0"));
        assert!(number("1.0").is_whole() && !number("1.5").is_whole());
        assert!(number("10").is_multiple_of(&number("0.5")));
        assert!(number("0.3").is_multiple_of(&number("0.1")));
        assert!(!number("1").is_multiple_of(&number("0")));
        assert_eq!(Number::parse("1e999999999"), None);
    }

    #[test]
    fn are_written_without_an_exponent() {
        for (text, written) in [("1e2", "100"), ("-0.05", "-0.05"), ("12.50", "12.50"), ("7", "7")] {
            assert_eq!(number(text).to_string(), written);
        }
    }
}
