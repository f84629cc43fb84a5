//! Whole numbers of any size.

use num_bigint::{BigInt, Sign};

/// A whole number. Small wherever it fits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Integer {
    /// Fits 64 bits.
    Small(i64),
    /// Does not.
    Big(BigInt),
}

impl Integer {
    /// Of an optional `-` and ASCII digits. `None` for anything else.
    ///
    /// ```
    /// use outrigger_events::Integer;
    ///
    /// assert_eq!(Integer::from_digits(b"-17"), Some(Integer::Small(-17)));
    /// assert!(matches!(Integer::from_digits(b"18446744073709551616"), Some(Integer::Big(_))));
    /// assert_eq!(Integer::from_digits(b"1e3"), None);
    /// ```
    #[must_use]
    pub fn from_digits(digits: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(digits).ok()?;
        if !text.strip_prefix('-').unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        match text.parse() {
            Ok(small) => Some(Self::Small(small)),
            Err(_) => BigInt::parse_bytes(digits, 10).map(Self::Big),
        }
    }

    /// Of a two's complement number, most significant byte first, as Avro and Kafka Connect write decimals. No bytes are 0.
    #[must_use]
    pub fn from_be_bytes(bytes: &[u8]) -> Self {
        if bytes.len() > 8 {
            return Self::from(BigInt::from_signed_bytes_be(bytes));
        }
        let sign = if bytes.first().is_some_and(|first| first & 0x80 != 0) { -1 } else { 0 };
        Self::Small(bytes.iter().fold(sign, |number, &byte| (number << 8) | i64::from(byte)))
    }

    /// Whether it is below 0.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        match self {
            Self::Small(number) => *number < 0,
            Self::Big(number) => number.sign() == Sign::Minus,
        }
    }

    /// As a big integer, whatever its size.
    #[must_use]
    pub fn to_big(&self) -> BigInt {
        match self {
            Self::Small(number) => BigInt::from(*number),
            Self::Big(number) => number.clone(),
        }
    }
}

impl From<i64> for Integer {
    fn from(number: i64) -> Self {
        Self::Small(number)
    }
}

impl From<BigInt> for Integer {
    fn from(number: BigInt) -> Self {
        match i64::try_from(&number) {
            Ok(small) => Self::Small(small),
            Err(_) => Self::Big(number),
        }
    }
}

impl std::fmt::Display for Integer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Small(number) => number.fmt(formatter),
            Self::Big(number) => number.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_twos_complement() {
        for (bytes, number) in [
            (&[][..], 0),
            (&[0x00], 0),
            (&[0x7f], 127),
            (&[0x80], -128),
            (&[0x00, 0x80], 128),
            (&[0xff, 0x38], -200),
            (&[0x80, 0, 0, 0, 0, 0, 0, 0], i64::MIN),
            // More bytes than it takes.
            (&[0xff; 12], -1),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 0, 5], 5),
        ] {
            assert_eq!(Integer::from_be_bytes(bytes), Integer::Small(number), "{bytes:?}");
        }
        let big = Integer::from_be_bytes(&[0x00, 0xff, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(big.to_string(), "18374686479671623680");
    }

    #[test]
    fn takes_digits_and_nothing_else() {
        for wrong in ["", "-", "+1", " 1", "1 ", "1.0", "0x1", "1_000", "--1"] {
            assert_eq!(Integer::from_digits(wrong.as_bytes()), None, "{wrong:?}");
        }
        let edge = i64::MIN.to_string();
        assert_eq!(Integer::from_digits(edge.as_bytes()), Some(Integer::Small(i64::MIN)));
        let beyond = Integer::from_digits(b"-9223372036854775809").unwrap();
        assert!(beyond.is_negative() && matches!(beyond, Integer::Big(_)));
    }
}
