//! What a schema registry puts before a message: which schema it was written with.
//!
//! - Version 0: a byte 0 and the schema's number in four bytes, before the message.
//! - Version 1: a byte 1 and the schema's GUID in 16 bytes, usually in a header of the message (`__value_schema_id`), in which
//!   case [`Framed::body`] is empty and the message stands by itself.
//!
//! Protobuf has a list of [`Indexes`] behind that: which message of the file it is.
//!
//! Source: "Wire format" in the documentation of Confluent's schema registry.
//!
//! ```
//! use outrigger_events::frame::{Framed, SchemaKey};
//!
//! let framed = Framed::read(&[0, 0, 0, 1, 2, 0xca, 0xfe])?;
//! assert_eq!(framed.schema, SchemaKey::Id(258));
//! assert_eq!((framed.body, framed.at), (&[0xca, 0xfe][..], 5));
//! # Ok::<(), outrigger_events::Error>(())
//! ```

use std::fmt;

use crate::Error;

/// How a registry names a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SchemaKey {
    /// A number that one registry has given.
    Id(u32),
    /// A name that all registries agree on.
    Guid([u8; 16]),
}

/// A message, and its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framed<'a> {
    /// The schema it was written with.
    pub schema: SchemaKey,
    /// What stands behind that.
    pub body: &'a [u8],
    /// Where.
    pub at: usize,
}

fn wrong(at: usize, problem: impl Into<String>) -> Error {
    Error::Malformed { format: "registry frame", at, path: "$".to_owned(), problem: problem.into() }
}

impl<'a> Framed<'a> {
    /// Reads the frame of a message, or of a header that names the schema.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for another first byte or too few bytes.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let (schema, body) = match bytes.split_first() {
            None => return Err(wrong(0, "no bytes: a tombstone is no message")),
            Some((0, rest)) => match rest.split_first_chunk() {
                Some((id, body)) => (SchemaKey::Id(u32::from_be_bytes(*id)), body),
                None => return Err(wrong(bytes.len(), "ends inside the schema's number")),
            },
            Some((1, rest)) => match rest.split_first_chunk() {
                Some((guid, body)) => (SchemaKey::Guid(*guid), body),
                None => return Err(wrong(bytes.len(), "ends inside the schema's GUID")),
            },
            Some((other, _)) => {
                return Err(wrong(
                    0,
                    format!("starts with {other}, not with 0 or 1: written without a registry"),
                ));
            }
        };
        Ok(Self { schema, body, at: bytes.len() - body.len() })
    }
}

/// `id 7`, `GUID 89791762-2336-186f-9674-299b90a8e2d8`.
impl fmt::Display for SchemaKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(formatter, "id {id}"),
            Self::Guid(guid) => {
                formatter.write_str("GUID ")?;
                guid.iter().enumerate().try_for_each(|(place, byte)| {
                    let hyphen = if matches!(place, 4 | 6 | 8 | 10) { "-" } else { "" };
                    write!(formatter, "{hyphen}{byte:02x}")
                })
            }
        }
    }
}

impl SchemaKey {
    /// Appends the frame; the message follows.
    pub fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Id(id) => {
                out.push(0);
                out.extend_from_slice(&id.to_be_bytes());
            }
            Self::Guid(guid) => {
                out.push(1);
                out.extend_from_slice(&guid);
            }
        }
    }
}

/// The way to a Protobuf message in its file: the number of a message, of one inside it, and so on. Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indexes {
    list: [u32; Self::MOST],
    length: usize,
}

impl Indexes {
    /// Messages inside each other.
    pub const MOST: usize = 16;

    /// Of a list; `None` for an empty one, or one of more than [`Indexes::MOST`].
    #[must_use]
    pub fn new(list: &[u32]) -> Option<Self> {
        let mut indexes = Self { list: [0; Self::MOST], length: list.len() };
        indexes.list.get_mut(..list.len())?.copy_from_slice(list);
        (!list.is_empty()).then_some(indexes)
    }

    /// The list.
    #[must_use]
    pub fn as_slice(&self) -> &[u32] {
        &self.list[..self.length]
    }

    /// Reads the list that a frame's body begins with, and says how many bytes it has.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for a list that is cut off, too long, or of numbers that are none.
    pub fn read(body: &[u8]) -> Result<(Self, usize), Error> {
        let mut at = 0;
        let count = number(body, &mut at)? as usize;
        if count > Self::MOST {
            return Err(wrong(0, format!("{count} message indexes, at most {} are read", Self::MOST)));
        }
        // The first message of a file is written as an empty list.
        let mut indexes = Self { list: [0; Self::MOST], length: count.max(1) };
        for index in &mut indexes.list[..count] {
            *index = number(body, &mut at)?;
        }
        Ok((indexes, at))
    }

    /// Appends the list.
    pub fn write(&self, out: &mut Vec<u8>) {
        if self.as_slice() == [0] {
            return out.push(0);
        }
        let numbers =
            std::iter::once(self.length as u64).chain(self.as_slice().iter().map(|index| u64::from(*index)));
        for number in numbers {
            let mut rest = number << 1;
            while rest >= 0x80 {
                out.push(rest as u8 | 0x80);
                rest >>= 7;
            }
            out.push(rest as u8);
        }
    }
}

/// A zigzag number that is not below 0.
fn number(bytes: &[u8], at: &mut usize) -> Result<u32, Error> {
    let start = *at;
    let mut value = 0_u64;
    for shift in [0, 7, 14, 21, 28] {
        let byte = *bytes.get(*at).ok_or_else(|| wrong(*at, "ends inside the message indexes"))?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return match (value & 1, u32::try_from(value >> 1)) {
                (0, Ok(number)) if i32::try_from(number).is_ok() => Ok(number),
                _ => Err(wrong(start, "a message index that is none")),
            };
        }
    }
    Err(wrong(start, "a message index of more than 32 bits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_read_back() {
        for key in [SchemaKey::Id(0), SchemaKey::Id(u32::MAX), SchemaKey::Guid([7; 16])] {
            let mut out = Vec::new();
            key.write(&mut out);
            let at = out.len();
            assert_eq!(Framed::read(&out), Ok(Framed { schema: key, body: &[], at }));
            for cut in 0..at {
                assert!(Framed::read(&out[..cut]).is_err());
            }
            out.push(9);
            assert_eq!(Framed::read(&out), Ok(Framed { schema: key, body: &[9], at }));
        }
        assert!(Framed::read(b"{}").unwrap_err().to_string().contains("starts with 123"));
    }

    #[test]
    fn indexes_read_back() {
        for (list, bytes) in
            [(&[0][..], &[0][..]), (&[1], &[2, 2]), (&[0, 0], &[4, 0, 0]), (&[2, 64], &[4, 4, 0x80, 1])]
        {
            let mut out = Vec::new();
            let indexes = Indexes::new(list).unwrap();
            indexes.write(&mut out);
            assert_eq!(out, bytes);
            out.push(0xff);
            assert_eq!(Indexes::read(&out), Ok((indexes, bytes.len())));
            for cut in 0..bytes.len() {
                assert!(Indexes::read(&bytes[..cut]).is_err());
            }
        }
        // What other writers make of the first message.
        assert_eq!(Indexes::read(&[2, 0]), Ok((Indexes::new(&[0]).unwrap(), 2)));
        for wrong in
            [&[1][..], &[34], &[2, 1], &[0xff, 0xff, 0xff, 0xff, 0xff, 1], &[2, 0xfe, 0xff, 0xff, 0xff, 0x1f]]
        {
            assert!(Indexes::read(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(Indexes::new(&[]), None);
        assert_eq!(Indexes::new(&[0; 17]), None);
    }
}
