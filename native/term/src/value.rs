//! Rust values as terms, through serde.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use outrigger_term::{OwnedTerm, Term, from_slice, to_vec};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! #[serde(rename_all = "snake_case")]
//! enum Event {
//!     Reset,
//!     Moved { x: i32, y: i32 },
//!     Said(String),
//! }
//!
//! let bytes = to_vec(&Event::Moved { x: 1, y: -2 })?;
//! assert_eq!(Term::new(&bytes)?.to_string(), "{:moved, %{x: 1, y: -2}}");
//! assert_eq!(from_slice::<Event>(&bytes)?, Event::Moved { x: 1, y: -2 });
//! assert_eq!(Term::new(&to_vec(&Event::Said("hi".into()))?)?.to_string(), "{:said, \"hi\"}");
//!
//! // A part that is to stay as it is.
//! #[derive(Serialize, Deserialize)]
//! struct Call { from: OwnedTerm, timeout: Option<u32> }
//! # let _ = |call: Call| (call.from, call.timeout);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | Rust | written as | read from |
//! | --- | --- | --- |
//! | integers up to 128 bits | integer | integer that fits |
//! | `f32`, `f64` | float | float; integer |
//! | `bool` | `true`, `false` | the same |
//! | `&str`, `String`, `char` | binary | binary in UTF-8; charlist (into `String`); atom other than `true`, `false`, `nil` |
//! | `serialize_bytes`, [`Binary`] | binary | binary; list of bytes |
//! | `()`, unit struct, `None` | `nil` | `nil`; `undefined` |
//! | `Some(value)` | the value | the value |
//! | sequence, `Vec<u8>` too | list, of bytes in the short form | proper list; binary, byte by byte |
//! | tuple, array, tuple struct | tuple | tuple of that size |
//! | map | map | map |
//! | struct | map with atoms as keys | map with atoms or binaries as keys; unknown keys are skipped |
//! | newtype struct | the value in it | the same |
//! | enum: unit variant | atom | atom; binary |
//! | enum: newtype, tuple variant | `{name, a, b}` | the same |
//! | enum: struct variant | `{name, %{a: 1}}` | the same |
//! | [`Atom`](crate::Atom) | atom | atom |
//! | [`Pid`](crate::Pid), [`Port`](crate::Port), [`Reference`](crate::Reference), [`Integer`](crate::Integer) | the same | the same |
//! | [`Term`](crate::Term), [`OwnedTerm`](crate::OwnedTerm) | as it stands | any term |
//!
//! Atoms are written for names that stand in the program: of fields and variants, `true`, `false`, `nil`. Strings never
//! become atoms, since a BEAM keeps each atom for ever and ends when it has a million of them. Who wants another one
//! says so with [`Atom`](crate::Atom), and keeps what comes from outside out of it. Reading makes no atoms: here they are
//! text.
//!
//! Limits: what is read may be nested 128 deep, for types may recurse. Lists with a tail, bit strings, funs and native
//! records are read as [`Term`](crate::Term) only. The types of the last three rows are known to these functions alone: other formats,
//! `#[serde(flatten)]` and `#[serde(untagged)]` do not carry them. The pairs of maps stand in the order in which they come,
//! not in a BEAM's; a key that comes twice is an error.

mod access;
pub(crate) mod compound;
mod de;
mod error;
mod marker;
mod ser;

use serde::{Deserialize, Serialize};

pub use error::SerdeError;
pub use marker::Binary;

use crate::{Reader, TermError, Writer};

/// Writes a value as a term, without version byte.
///
/// # Errors
/// The value has no term: a float that is not finite, a map with a key twice, a name of more than 255 characters; or its
/// `Serialize` fails.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, SerdeError> {
    let mut out = Vec::new();
    to_writer(value, &mut Writer::new(&mut out))?;
    Ok(out)
}

/// Writes a value behind what a writer has written. Nothing is written if it fails.
///
/// # Errors
/// As [`to_vec`].
pub fn to_writer<T: Serialize + ?Sized>(value: &T, writer: &mut Writer<'_>) -> Result<(), SerdeError> {
    let start = writer.out.len();
    let result = value.serialize(ser::Serializer::new(writer.out));
    if result.is_err() {
        writer.out.truncate(start);
    }
    result
}

/// Reads a value from bytes that are exactly one term, without version byte.
///
/// # Errors
/// The bytes are no term, or not one of this type.
pub fn from_slice<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, SerdeError> {
    let mut reader = Reader::new(bytes);
    let value = from_reader(&mut reader)?;
    reader.expect_end()?;
    Ok(value)
}

/// Reads a value from the term that a reader stands before. If that fails, the reader stays where it is.
///
/// # Errors
/// There is no term, or not one of this type.
pub fn from_reader<'a, T: Deserialize<'a>>(reader: &mut Reader<'a>) -> Result<T, SerdeError> {
    let mut ahead = reader.clone();
    let value = T::deserialize(&mut de::Deserializer::new(&mut ahead))?;
    *reader = ahead;
    Ok(value)
}

/// Levels of nesting that are read: each is a call within a call.
const MAX_DEPTH: u32 = 128;

/// The name under which a whole term passes through serde, as bytes in a newtype struct.
const TERM: &str = "$outrigger_term::Term";

impl SerdeError {
    const TOO_DEEP: Self = Self::Term(TermError::TooDeep { limit: MAX_DEPTH });
}
