//! A whole term, known to be well-formed.
//!
//! What it is: [`Term`] borrows its bytes, [`OwnedTerm`] owns them. Neither is a tree: a term stays the bytes that it
//! came as, and [`Term::reader`] reads them in place.
//!
//! Invariant: the bytes are exactly one term, without a version byte, whose tags, lengths, counts and atoms are sound. Who
//! holds one may write it into a frame as it is.
//!
//! ```
//! use outrigger_term::{Kind, OwnedTerm, Term};
//!
//! let term = Term::new(&[104, 2, 119, 2, b'o', b'k', 97, 42])?;
//! assert_eq!(term.kind(), Kind::Tuple);
//! assert_eq!(term.to_string(), "{:ok, 42}");
//!
//! let mut reader = term.reader();
//! assert_eq!(reader.tuple()?, 2);
//! assert!(reader.atom()?.eq_str("ok"));
//! assert_eq!(reader.integer()?, 42);
//!
//! let kept = OwnedTerm::from(term);
//! assert_eq!(kept.as_term(), term);
//! # Ok::<(), outrigger_term::TermError>(())
//! ```
//!
//! Limits: nesting is not bounded here, since nothing here pays for it; a reader that recurses asks
//! [`Reader::skip_within`] first. Equality is that of bytes: the same value in another encoding is another `Term`, and
//! [`crate::canonical`] brings both into one form. Whether a map has a key twice is not checked.

use std::fmt;

use crate::inspect::Inspect;
use crate::{Reader, TermError, tag};

/// The type of a term, by whichever tag it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// An integer of any size.
    Integer,
    /// A float.
    Float,
    /// An atom.
    Atom,
    /// A string of whole bytes.
    Binary,
    /// A string of bits that are not whole bytes.
    BitString,
    /// A tuple.
    Tuple,
    /// A list, proper or not; also `[]`.
    List,
    /// A map.
    Map,
    /// A process identifier.
    Pid,
    /// A port identifier.
    Port,
    /// A reference.
    Reference,
    /// A closure or `&module.function/arity`.
    Fun,
    /// A native record of OTP 29.
    Record,
}

/// Exactly one well-formed term in borrowed bytes, without a version byte.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Term<'a> {
    bytes: &'a [u8],
}

impl<'a> Term<'a> {
    /// Takes bytes that are exactly one term. Linear in their number; allocates nothing.
    ///
    /// # Errors
    /// The bytes are no term, or something stands behind it.
    pub fn new(bytes: &'a [u8]) -> Result<Self, TermError> {
        let mut reader = Reader::new(bytes);
        let term = reader.term()?;
        reader.expect_end().map(|()| term)
    }

    /// What the caller has just walked over.
    pub(crate) const fn walked(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The bytes, without a version byte.
    pub const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// A cursor that stands before the term.
    pub const fn reader(self) -> Reader<'a> {
        Reader::new(self.bytes)
    }

    /// The type of the term.
    pub fn kind(self) -> Kind {
        let mut bytes = self.bytes;
        // The header of a list without elements says nothing: the term is its tail.
        while let [tag::LIST, 0, 0, 0, 0, tail @ ..] = bytes {
            bytes = tail;
        }
        match bytes {
            [tag::SMALL_INTEGER | tag::INTEGER | tag::SMALL_BIG | tag::LARGE_BIG, ..] => Kind::Integer,
            [tag::NEW_FLOAT | tag::FLOAT, ..] => Kind::Float,
            [tag::SMALL_ATOM_UTF8 | tag::ATOM_UTF8 | tag::SMALL_ATOM | tag::ATOM, ..] => Kind::Atom,
            [tag::BINARY, ..] | [tag::BIT_BINARY, _, _, _, _, 0 | 8, ..] => Kind::Binary,
            [tag::BIT_BINARY, ..] => Kind::BitString,
            [tag::SMALL_TUPLE | tag::LARGE_TUPLE, ..] => Kind::Tuple,
            [tag::MAP, ..] => Kind::Map,
            [tag::NEW_PID | tag::PID, ..] => Kind::Pid,
            [tag::V4_PORT | tag::NEW_PORT | tag::PORT, ..] => Kind::Port,
            [tag::NEWER_REFERENCE | tag::NEW_REFERENCE | tag::REFERENCE, ..] => Kind::Reference,
            [tag::NEW_FUN | tag::EXPORT, ..] => Kind::Fun,
            [tag::RECORD, ..] => Kind::Record,
            _ => Kind::List,
        }
    }

    /// How it is printed, with limits of one's own.
    pub const fn inspect(self) -> Inspect<'a> {
        Inspect::new(self)
    }
}

/// As `inspect/1` prints it: see [`Inspect`].
impl fmt::Display for Term<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inspect(), f)
    }
}

/// The same as `Display`.
impl fmt::Debug for Term<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inspect(), f)
    }
}

/// Exactly one well-formed term in bytes of its own, without a version byte.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OwnedTerm {
    bytes: Box<[u8]>,
}

impl OwnedTerm {
    /// Takes bytes that are exactly one term.
    ///
    /// # Errors
    /// As [`Term::new`].
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Result<Self, TermError> {
        let bytes = bytes.into();
        Term::new(&bytes)?;
        Ok(Self { bytes })
    }

    /// The term, borrowed.
    pub const fn as_term(&self) -> Term<'_> {
        Term::walked(&self.bytes)
    }

    /// The bytes, without a version byte.
    pub const fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A cursor that stands before the term.
    pub const fn reader(&self) -> Reader<'_> {
        Reader::new(&self.bytes)
    }

    /// The type of the term.
    pub fn kind(&self) -> Kind {
        self.as_term().kind()
    }

    /// The bytes, without a version byte.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes.into_vec()
    }
}

impl From<Term<'_>> for OwnedTerm {
    fn from(term: Term<'_>) -> Self {
        Self { bytes: term.bytes.into() }
    }
}

impl<'a> From<&'a OwnedTerm> for Term<'a> {
    fn from(term: &'a OwnedTerm) -> Self {
        term.as_term()
    }
}

impl AsRef<[u8]> for Term<'_> {
    fn as_ref(&self) -> &[u8] {
        self.bytes
    }
}

impl AsRef<[u8]> for OwnedTerm {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Display for OwnedTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_term(), f)
    }
}

impl fmt::Debug for OwnedTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_term(), f)
    }
}
