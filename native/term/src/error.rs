//! The one error type of the crate.
//!
//! Each text names who erred: `sender` is whoever produced the bytes, `caller` is the code that uses this
//! crate.

use thiserror::Error;

/// Why a term could not be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TermError {
    /// The bytes end inside a term.
    #[error("sender's bytes end inside a term")]
    Truncated,
    /// A count or length says more than the bytes that are left can hold.
    #[error("sender claims {claimed} elements or bytes, {left} bytes are left")]
    ClaimTooLarge {
        /// What the header says.
        claimed: u64,
        /// Bytes behind the header.
        left: usize,
    },
    /// Another type of term than the one asked for.
    #[error("sender's term has tag {tag} where {expected} was expected")]
    UnexpectedTag {
        /// What was asked for.
        expected: &'static str,
        /// The tag found.
        tag: u8,
    },
    /// A tag that no term may start with between nodes.
    #[error("sender used tag {tag}, which is not a term")]
    UnknownTag {
        /// The tag found.
        tag: u8,
    },
    /// The version byte is not 131.
    #[error("sender's term starts with {byte}, not with version 131")]
    BadVersion {
        /// The byte found.
        byte: u8,
    },
    /// Bytes follow the last term.
    #[error("sender put {len} bytes behind the end of the term")]
    TrailingBytes {
        /// How many.
        len: usize,
    },
    /// An integer that does not fit the type asked for.
    #[error("sender's integer is out of range")]
    IntegerOutOfRange,
    /// An atom of more than 255 characters.
    #[error("sender's atom has more than 255 characters")]
    AtomTooLong,
    /// An atom whose bytes are not UTF-8 although its tag says so.
    #[error("sender's atom is not UTF-8")]
    AtomNotUtf8,
    /// A reference of no word or more than five.
    #[error("sender's reference has {words} words, not 1 to 5")]
    BadReference {
        /// Words announced.
        words: u16,
    },
    /// A bit string whose last byte has no valid bit count.
    #[error("sender's bit string is malformed")]
    BadBitString,
    /// A bit string where whole bytes are required.
    #[error("sender's bit string does not end with a whole byte")]
    NotWholeBytes,
    /// A float in the old encoding whose text is no float.
    #[error("sender's float is not written as a float")]
    BadFloatText,
    /// A native record with flags that no OTP writes.
    #[error("sender's native record is malformed")]
    BadRecord,
    /// A float that is infinite or not a number.
    #[error("sender's float is not a finite number")]
    NotFinite,
    /// An improper list where a proper one is required.
    #[error("sender's list has a tail")]
    ImproperList,
    /// Nesting beyond [`crate::Limits::max_depth`].
    #[error("sender's term is nested deeper than {limit}")]
    TooDeep {
        /// The limit that was met.
        limit: u32,
    },
    /// More terms than [`crate::Limits::max_terms`].
    #[error("sender's term holds more than {limit} terms")]
    TooManyTerms {
        /// The limit that was met.
        limit: u32,
    },
    /// A compressed term that claims to be longer than [`crate::Inflation`] allows.
    #[error("sender's compressed term claims {claimed} bytes, {limit} are allowed")]
    InflatesTooFar {
        /// What it claims.
        claimed: u32,
        /// What is allowed, by size or by ratio.
        limit: u64,
    },
    /// A compressed term that is damaged, or not as long as it claims.
    #[error("sender's compressed term does not inflate to what it claims")]
    NotInflatable,
    /// The writer was given an atom of more than 255 characters.
    #[error("caller passed an atom of more than 255 characters")]
    CallerAtomTooLong,
    /// The writer was given more than a 32-bit length can say.
    #[error("caller passed {len} bytes, more than a term can hold")]
    CallerTooLong {
        /// Bytes given.
        len: usize,
    },
    /// The writer was given an infinite float or not-a-number.
    #[error("caller passed a float that is not a finite number")]
    CallerNotFinite,
    /// The writer was given a reference of no word or more than five.
    #[error("caller passed a reference of {words} words, not 1 to 5")]
    CallerBadReference {
        /// Words given.
        words: usize,
    },
    /// The writer was given bits in a last byte that it does not have.
    #[error("caller passed a bit string with {last} bits in its last byte")]
    CallerBadBitString {
        /// Bits given.
        last: u8,
    },
    /// The writer was given a map in which a key comes twice, which a BEAM refuses.
    #[error("caller passed a map with a key twice")]
    CallerKeyTwice,
}
