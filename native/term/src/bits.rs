//! A string of bits: a binary whose last byte may be used in part.
//!
//! ```
//! use outrigger_term::{BitString, Reader};
//!
//! // <<1, 5::3>>
//! let bits = Reader::new(&[77, 0, 0, 0, 2, 3, 1, 0b101_00000]).bit_string()?;
//! assert_eq!(bits.bit_len(), 11);
//! assert_eq!(bits.as_binary(), None);
//! assert_eq!(BitString::from(&b"ab"[..]).as_binary(), Some(&b"ab"[..]));
//! # Ok::<(), outrigger_term::TermError>(())
//! ```

/// A borrowed string of bits. Two are equal when they have the same bits; those not in use do not count.
#[derive(Debug, Clone, Copy)]
pub struct BitString<'a> {
    bytes: &'a [u8],
    /// Bits in use of the last byte, 1 to 8; 8 where there is no byte.
    last: u8,
}

impl<'a> BitString<'a> {
    /// Bytes, of whose last one only the `last` highest bits are in use. `None` unless there are 1 to 8 of them, or 0 and
    /// no byte.
    pub const fn new(bytes: &'a [u8], last: u8) -> Option<Self> {
        match (bytes.len(), last) {
            (0, 0) => Some(Self { bytes, last: 8 }),
            (1.., 1..=8) => Some(Self { bytes, last }),
            _ => None,
        }
    }

    /// The bytes as they came; the bits of the last one that are not in use may be anything.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Bits in all.
    pub const fn bit_len(&self) -> u64 {
        (self.bytes.len() as u64 * 8).saturating_sub(8 - self.last as u64)
    }

    /// The bytes, if all bits of them are in use.
    pub const fn as_binary(&self) -> Option<&'a [u8]> {
        if self.last == 8 { Some(self.bytes) } else { None }
    }

    /// The whole bytes, and behind them how many bits there are and their value: 1 to 7 bits, or none.
    pub fn split(&self) -> (&'a [u8], Option<(u8, u8)>) {
        match self.bytes.split_last() {
            Some((last, whole)) if self.last < 8 => (whole, Some((self.last, last >> (8 - self.last)))),
            _ => (self.bytes, None),
        }
    }
}

impl<'a> From<&'a [u8]> for BitString<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self { bytes, last: 8 }
    }
}

impl PartialEq for BitString<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.split() == other.split()
    }
}

impl Eq for BitString<'_> {}
