//! Decimal numbers without rounding.

use crate::Integer;

/// `coefficient * 10^exponent`, or what a database column can hold beside numbers.
///
/// The fields are those of Elixir's `Decimal`: `1.50` has coefficient 150 and exponent -2.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Decimal {
    /// A number.
    Finite {
        /// All its digits.
        coefficient: Integer,
        /// Where the point stands.
        exponent: i64,
        /// Below 0. Said beside the coefficient because of `-0.0`.
        negative: bool,
    },
    /// PostgreSQL's `NaN`.
    NaN,
    /// Infinity, `true` for the negative one.
    Infinity(bool),
}

impl Decimal {
    /// A number of an unscaled value and a scale, as Avro, Kafka Connect and PostgreSQL have it: `(150, 2)` is 1.50.
    #[must_use]
    pub fn new(unscaled: Integer, scale: i64) -> Self {
        let negative = unscaled.is_negative();
        Self::Finite { coefficient: unscaled, exponent: scale.saturating_neg(), negative }
    }

    /// Of text: `-12.50`, `1e3`, `NaN`, `Infinity`. `None` for anything else, or an exponent beyond 32 bits.
    ///
    /// ```
    /// use outrigger_events::{Decimal, Integer};
    ///
    /// assert_eq!(Decimal::parse("-12.50"), Some(Decimal::new(Integer::Small(-1250), 2)));
    /// assert_eq!(Decimal::parse("1e3"), Some(Decimal::new(Integer::Small(1), -3)));
    /// assert_eq!(Decimal::parse("1e"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "NaN" | "NAN" => return Some(Self::NaN),
            "Infinity" | "INFINITY" => return Some(Self::Infinity(false)),
            "-Infinity" | "-INFINITY" => return Some(Self::Infinity(true)),
            _ => {}
        }
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, i64::from(exponent.parse::<i32>().ok()?)),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut digits = Vec::with_capacity(1 + whole.len() + fraction.len());
        if negative {
            digits.push(b'-');
        }
        digits.extend_from_slice(whole.as_bytes());
        digits.extend_from_slice(fraction.as_bytes());
        let coefficient = Integer::from_digits(&digits)?;
        let places = i64::try_from(fraction.len()).ok()?;
        Some(Self::Finite { coefficient, exponent: exponent - places, negative })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_digit() {
        let text = "123456789012345678901234567890.123456789";
        let Some(Decimal::Finite { coefficient, exponent, negative }) = Decimal::parse(text) else {
            panic!("{text} is a number");
        };
        assert_eq!(coefficient.to_string(), "123456789012345678901234567890123456789");
        assert_eq!((exponent, negative), (-9, false));
    }

    #[test]
    fn keeps_the_sign_of_zero() {
        let zero = Decimal::parse("-0.00");
        assert_eq!(
            zero,
            Some(Decimal::Finite { coefficient: Integer::Small(0), exponent: -2, negative: true })
        );
    }

    #[test]
    fn refuses_what_is_no_number() {
        for wrong in ["", ".", "-", "1.2.3", "1e", "1e99999999999", "one", "--1", "1-2", "1.-2", "- 1"] {
            assert_eq!(Decimal::parse(wrong), None, "{wrong:?}");
        }
    }
}
