//! An integer of any size, as it stands in the input.
//!
//! ```
//! use outrigger_term::{Integer, Reader};
//!
//! // 2^64, which no u64 holds.
//! let mut reader = Reader::new(&[110, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
//! let number = reader.number()?;
//! assert_eq!(number.to_u64(), None);
//! assert_eq!(number.to_i128(), Some(1 << 64));
//! assert_eq!(number.to_string(), "18446744073709551616");
//! assert_eq!(Integer::from(-5).to_i64(), Some(-5));
//! # Ok::<(), outrigger_term::TermError>(())
//! ```
//!
//! Limits: there is no arithmetic. `Display` is decimal for up to 4096 bytes of magnitude (9,865 digits) and hexadecimal,
//! `0x…`, beyond: decimal digits cost time that grows with the square of the length.

use std::borrow::Cow;
use std::fmt;

/// Bytes of magnitude that are still printed in decimal.
const MAX_DECIMAL: usize = 4096;

/// An integer of any size. Two are equal when they are the same number, whatever the encoding they came in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Integer<'a>(Number<'a>);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Number<'a> {
    /// What fits is always here.
    Word(i64),
    /// The lowest byte first, without zeros at the high end.
    Big { negative: bool, magnitude: &'a [u8] },
}

impl<'a> Integer<'a> {
    /// An integer of a sign and the bytes of its magnitude, the lowest first. Zeros at the high end do not count.
    pub fn new(negative: bool, magnitude: &'a [u8]) -> Self {
        let used = magnitude.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        let magnitude = magnitude.get(..used).unwrap_or_default();
        let mut word = [0; 8];
        if let Some(place) = word.get_mut(..used) {
            place.copy_from_slice(magnitude);
            let value = i128::from(u64::from_le_bytes(word));
            if let Ok(value) = i64::try_from(if negative { -value } else { value }) {
                return Self(Number::Word(value));
            }
        }
        Self(Number::Big { negative, magnitude })
    }

    /// Whether it is less than 0.
    pub const fn is_negative(&self) -> bool {
        match self.0 {
            Number::Word(value) => value < 0,
            Number::Big { negative, .. } => negative,
        }
    }

    /// The bytes of the magnitude, the lowest first, without zeros at the high end: none for 0.
    pub fn magnitude(&self) -> Cow<'a, [u8]> {
        match self.0 {
            Number::Word(value) => {
                let bytes = value.unsigned_abs().to_le_bytes();
                let used = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
                Cow::Owned(bytes.into_iter().take(used).collect())
            }
            Number::Big { magnitude, .. } => Cow::Borrowed(magnitude),
        }
    }

    /// Bits of the magnitude; 0 for 0.
    pub fn bits(&self) -> u64 {
        match self.0 {
            Number::Word(value) => u64::from(64 - value.unsigned_abs().leading_zeros()),
            Number::Big { magnitude, .. } => {
                let unused = magnitude.last().map_or(0, |byte| byte.leading_zeros());
                (magnitude.len() as u64 * 8).saturating_sub(unused.into())
            }
        }
    }

    /// The number, if 64 bits with a sign hold it.
    pub const fn to_i64(&self) -> Option<i64> {
        match self.0 {
            Number::Word(value) => Some(value),
            Number::Big { .. } => None,
        }
    }

    /// The number, if 64 bits without a sign hold it.
    pub fn to_u64(&self) -> Option<u64> {
        self.to_u128().and_then(|value| u64::try_from(value).ok())
    }

    /// The number, if 128 bits with a sign hold it.
    pub fn to_i128(&self) -> Option<i128> {
        match self.0 {
            Number::Word(value) => Some(value.into()),
            Number::Big { negative: false, magnitude } => {
                wide(magnitude).and_then(|value| i128::try_from(value).ok())
            }
            Number::Big { negative: true, magnitude } => 0i128.checked_sub_unsigned(wide(magnitude)?),
        }
    }

    /// The number, if 128 bits without a sign hold it.
    pub fn to_u128(&self) -> Option<u128> {
        match self.0 {
            Number::Word(value) => u128::try_from(value).ok(),
            Number::Big { negative: false, magnitude } => wide(magnitude),
            Number::Big { negative: true, .. } => None,
        }
    }
}

fn wide(magnitude: &[u8]) -> Option<u128> {
    let mut bytes = [0; 16];
    bytes.get_mut(..magnitude.len())?.copy_from_slice(magnitude);
    Some(u128::from_le_bytes(bytes))
}

impl From<i64> for Integer<'_> {
    fn from(value: i64) -> Self {
        Self(Number::Word(value))
    }
}

impl fmt::Display for Integer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (negative, magnitude) = match self.0 {
            Number::Word(value) => return fmt::Display::fmt(&value, f),
            Number::Big { negative, magnitude } => (negative, magnitude),
        };
        if negative {
            f.write_str("-")?;
        }
        if magnitude.len() > MAX_DECIMAL {
            f.write_str("0x")?;
            let mut bytes = magnitude.iter().rev();
            bytes.next().map_or(Ok(()), |byte| write!(f, "{byte:X}"))?;
            return bytes.try_for_each(|byte| write!(f, "{byte:02X}"));
        }
        let mut groups = groups(magnitude).into_iter().rev();
        groups.next().map_or(Ok(()), |group| write!(f, "{group}"))?;
        groups.try_for_each(|group| write!(f, "{group:019}"))
    }
}

impl fmt::Debug for Integer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The number in digits of 10^19 each, the lowest first.
fn groups(magnitude: &[u8]) -> Vec<u64> {
    const BASE: u128 = 10_000_000_000_000_000_000;
    let mut groups: Vec<u64> = Vec::new();
    // From the highest word down: what is there times 2^64, and the word.
    for chunk in magnitude.chunks(8).rev() {
        let mut word = [0; 8];
        if let Some(place) = word.get_mut(..chunk.len()) {
            place.copy_from_slice(chunk);
        }
        let mut carry = u128::from(u64::from_le_bytes(word));
        for group in &mut groups {
            let value = (u128::from(*group) << 64) + carry;
            *group = (value % BASE) as u64;
            carry = value / BASE;
        }
        while carry > 0 {
            groups.push((carry % BASE) as u64);
            carry /= BASE;
        }
    }
    groups
}
