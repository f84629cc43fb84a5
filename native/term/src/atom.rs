//! A borrowed atom, from either of the two encodings.
//!
//! Two atoms are equal when they have the same characters, whatever the encoding they came in.
//!
//! ```
//! use outrigger_term::Atom;
//!
//! assert_eq!(Atom::Latin1(b"caf\xe9"), Atom::Utf8("café"));
//! assert_eq!(Atom::Latin1(b"caf\xe9").as_str(), None);
//! assert!(Atom::Latin1(b"caf\xe9").eq_str("café"));
//! ```

use std::borrow::Cow;
use std::fmt;

/// An atom of at most 255 characters.
#[derive(Clone, Copy)]
pub enum Atom<'a> {
    /// From `SMALL_ATOM_UTF8_EXT` or `ATOM_UTF8_EXT`; every BEAM since OTP 26 and all distribution traffic.
    Utf8(&'a str),
    /// From `SMALL_ATOM_EXT` or `ATOM_EXT`: one byte is one character.
    Latin1(&'a [u8]),
}

impl<'a> Atom<'a> {
    /// The bytes as they stood in the input: UTF-8 or Latin-1.
    pub const fn bytes(&self) -> &'a [u8] {
        match self {
            Self::Utf8(text) => text.as_bytes(),
            Self::Latin1(bytes) => bytes,
        }
    }

    /// The text, if the input holds it as UTF-8; `None` for Latin-1 with characters beyond ASCII.
    pub const fn as_str(&self) -> Option<&'a str> {
        match self {
            Self::Utf8(text) => Some(text),
            Self::Latin1(bytes) if bytes.is_ascii() => match std::str::from_utf8(bytes) {
                Ok(text) => Some(text),
                Err(_) => None,
            },
            Self::Latin1(_) => None,
        }
    }

    /// The text; allocates only for Latin-1 with characters beyond ASCII.
    pub fn text(&self) -> Cow<'a, str> {
        match (self.as_str(), self) {
            (Some(text), _) => Cow::Borrowed(text),
            (None, _) => Cow::Owned(self.bytes().iter().map(|&byte| char::from(byte)).collect()),
        }
    }

    /// Whether the atom has exactly these characters.
    pub fn eq_str(&self, text: &str) -> bool {
        match self.as_str() {
            Some(own) => own == text,
            None => self.bytes().iter().map(|&byte| char::from(byte)).eq(text.chars()),
        }
    }
}

impl PartialEq for Atom<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.as_str(), other.as_str()) {
            (Some(a), Some(b)) => a == b,
            (Some(text), None) => other.eq_str(text),
            (None, Some(text)) => self.eq_str(text),
            (None, None) => self.bytes() == other.bytes(),
        }
    }
}

impl Eq for Atom<'_> {}

impl fmt::Display for Atom<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Debug for Atom<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Atom({:?})", self.text())
    }
}
