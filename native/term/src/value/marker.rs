//! Types of this crate within values of others: they pass through serde as the bytes of their term.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};

use super::TERM;
use crate::{Atom, Integer, OwnedTerm, Pid, Port, Reference, Term, Writer};

/// Bytes that are written as a binary. A `Vec<u8>` alone is a list of integers to serde.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Binary(pub Vec<u8>);

impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Binary;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a binary")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Binary, E> {
                Ok(Binary(bytes.to_vec()))
            }

            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Binary, E> {
                Ok(Binary(bytes))
            }
        }

        deserializer.deserialize_byte_buf(Bytes)
    }
}

/// The bytes of a term, to serde.
struct Whole<'a>(&'a [u8]);

impl Serialize for Whole<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl Serialize for Term<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(TERM, &Whole(self.bytes()))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Term<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl<'de> Visitor<'de> for Bytes {
            type Value = Term<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole term, as outrigger_term::from_slice gives it")
            }

            fn visit_borrowed_bytes<E: de::Error>(self, bytes: &'de [u8]) -> Result<Term<'de>, E> {
                Term::new(bytes).map_err(E::custom)
            }
        }

        deserializer.deserialize_newtype_struct(TERM, Bytes)
    }
}

impl Serialize for OwnedTerm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_term().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OwnedTerm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Term::deserialize(deserializer).map(Self::from)
    }
}

/// A type that one method of the writer writes and one of the reader reads.
macro_rules! passes_as_a_term {
    ($($type:ident: $write:ident, $read:ident;)*) => {$(
        impl Serialize for $type<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut bytes = Vec::new();
                Writer::new(&mut bytes).$write(self).map_err(ser::Error::custom)?;
                serializer.serialize_newtype_struct(TERM, &Whole(&bytes))
            }
        }

        impl<'de: 'a, 'a> Deserialize<'de> for $type<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Term::deserialize(deserializer)?.reader().$read().map_err(de::Error::custom)
            }
        }
    )*};
}

passes_as_a_term! {
    Atom: atom_of, atom;
    Integer: number, number;
    Pid: pid, pid;
    Port: port, port;
    Reference: reference, reference;
}
