//! The cursor itself: where it stands and how it moves.
//!
//! Invariant: `rest` is always a suffix of the input, and it is shortened only when a whole value was read. The short
//! way gives value and rest at once, the long way works on a copy: an error leaves the reader where it stood.

use super::common::{self, Found};
use crate::TermError;

/// A cursor over the bytes of one or more terms.
///
/// Cloning is cheap (two words) and is the way to look ahead:
///
/// ```
/// use outrigger_term::Reader;
///
/// let reader = Reader::new(&[97, 7]);
/// assert_eq!(reader.clone().integer()?, 7);
/// assert_eq!(reader.remaining(), [97, 7]);
/// # Ok::<(), outrigger_term::TermError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    #[inline]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read yet.
    #[inline]
    pub const fn remaining(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether everything has been read.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next term, which stays unread.
    #[inline]
    pub fn tag(&self) -> Result<u8, TermError> {
        self.rest.first().copied().ok_or(TermError::Truncated)
    }

    /// Reads the version byte, 131.
    #[inline]
    pub fn expect_version(&mut self) -> Result<(), TermError> {
        self.found_or(common::version(self.rest), |reader| Err(TermError::BadVersion { byte: reader.tag()? }))
    }

    /// Fails if a byte is left.
    #[inline]
    pub const fn expect_end(&self) -> Result<(), TermError> {
        match self.rest.len() {
            0 => Ok(()),
            len => Err(TermError::TrailingBytes { len }),
        }
    }

    /// What the short way has found, or what the long way finds.
    #[inline(always)]
    pub(super) fn found_or<T>(
        &mut self,
        found: Found<'a, T>,
        long: impl FnOnce(&mut Self) -> Result<T, TermError>,
    ) -> Result<T, TermError> {
        match found {
            Some((value, rest)) => {
                self.rest = rest;
                Ok(value)
            }
            None => long(self),
        }
    }

    /// Runs a read on a copy and moves on only if it succeeds.
    #[inline]
    pub(super) fn scan<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, TermError>,
    ) -> Result<T, TermError> {
        let mut ahead = self.clone();
        let value = read(&mut ahead)?;
        *self = ahead;
        Ok(value)
    }

    #[inline]
    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], TermError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(TermError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], TermError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(TermError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    #[inline]
    pub(super) fn u8(&mut self) -> Result<u8, TermError> {
        self.array::<1>().map(|[byte]| byte)
    }

    #[inline]
    pub(super) fn u16(&mut self) -> Result<u16, TermError> {
        self.array().map(u16::from_be_bytes)
    }

    #[inline]
    pub(super) fn u32(&mut self) -> Result<u32, TermError> {
        self.array().map(u32::from_be_bytes)
    }

    /// Reads a 32-bit length and that many bytes.
    #[inline]
    pub(super) fn sized(&mut self) -> Result<&'a [u8], TermError> {
        let claimed = self.u32()?;
        let left = self.rest.len();
        match usize::try_from(claimed) {
            Ok(len) if len <= left => self.take(len),
            _ => Err(TermError::ClaimTooLarge { claimed: claimed.into(), left }),
        }
    }

    /// Checks that `count` terms can follow: each takes at least one byte.
    #[inline]
    pub(crate) fn check_count(&self, count: u64) -> Result<(), TermError> {
        let left = self.rest.len();
        if count > left as u64 {
            return Err(TermError::ClaimTooLarge { claimed: count, left });
        }
        Ok(())
    }
}
