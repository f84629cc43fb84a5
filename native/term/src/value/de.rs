//! Bytes to values.

use serde::de::{self, Error as _, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::access::{Enum, List, Map, Tuple};
use super::{MAX_DEPTH, SerdeError, TERM};
use crate::{Atom, Kind, Reader, Term, TermError, tag};

/// Reads one value after the other from a cursor.
pub(super) struct Deserializer<'r, 'de> {
    pub(super) reader: &'r mut Reader<'de>,
    /// Levels that may still be entered.
    depth: u32,
}

impl<'r, 'de> Deserializer<'r, 'de> {
    pub(super) const fn new(reader: &'r mut Reader<'de>) -> Self {
        Self { reader, depth: MAX_DEPTH }
    }

    /// One level further in.
    pub(super) fn inner(&mut self) -> Result<Deserializer<'_, 'de>, SerdeError> {
        let depth = self.depth.checked_sub(1).ok_or(SerdeError::TOO_DEEP)?;
        Ok(Deserializer { reader: self.reader, depth })
    }

    /// The type of the next term. What stands there may be damaged further on.
    fn kind(&self) -> Result<Kind, TermError> {
        let tag = self.reader.tag()?;
        let kind = Term::walked(self.reader.remaining()).kind();
        // That knows lists by what is left over.
        match (kind, tag) {
            (Kind::List, tag) if !matches!(tag, tag::NIL | tag::STRING | tag::LIST) => {
                Err(TermError::UnknownTag { tag })
            }
            (kind, _) => Ok(kind),
        }
    }

    /// The next term, if it is this atom.
    fn takes_atom(&mut self, texts: &[&str]) -> bool {
        let mut ahead = self.reader.clone();
        let found = ahead.atom().is_ok_and(|atom| texts.iter().any(|text| atom.eq_str(text)));
        if found {
            *self.reader = ahead;
        }
        found
    }

    fn atom<V: Visitor<'de>>(atom: &Atom<'de>, visitor: V) -> Result<V::Value, SerdeError> {
        match atom.as_str() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => visitor.visit_string(atom.text().into_owned()),
        }
    }

    fn number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, SerdeError> {
        let number = self.reader.number()?;
        if let Some(value) = number.to_u64() {
            visitor.visit_u64(value)
        } else if let Some(value) = number.to_i64() {
            visitor.visit_i64(value)
        } else if let Some(value) = number.to_u128() {
            visitor.visit_u128(value)
        } else if let Some(value) = number.to_i128() {
            visitor.visit_i128(value)
        } else {
            Err(TermError::IntegerOutOfRange.into())
        }
    }

    /// The characters of a charlist.
    fn charlist(&mut self) -> Result<String, SerdeError> {
        let bad = || SerdeError::invalid_type(Unexpected::Seq, &"text");
        let mut text = String::new();
        List::new(self.reader)?.each(|reader, byte| {
            let char = match byte {
                Some(byte) => byte.into(),
                None => reader.unsigned().map_err(|_| bad())?,
            };
            text.push(u32::try_from(char).ok().and_then(char::from_u32).ok_or_else(bad)?);
            Ok(())
        })?;
        Ok(text)
    }

    fn list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, SerdeError> {
        let depth = self.inner()?.depth;
        let mut list = List::new(self.reader)?;
        let value = visitor.visit_seq(list.access(depth))?;
        list.finish()?;
        Ok(value)
    }

    fn tuple<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, SerdeError> {
        let mut inner = self.inner()?;
        let mut left = inner.reader.tuple()?;
        let value = visitor.visit_seq(Tuple::new(&mut inner, &mut left))?;
        match left {
            0 => Ok(value),
            left => Err(SerdeError::custom(format_args!("the tuple has {left} elements more"))),
        }
    }

    fn map<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, SerdeError> {
        let mut inner = self.inner()?;
        let mut left = inner.reader.map()?;
        let value = visitor.visit_map(Map::new(&mut inner, &mut left))?;
        match left {
            0 => Ok(value),
            left => Err(SerdeError::custom(format_args!("the map has {left} pairs more"))),
        }
    }

    pub(super) const fn with_depth(reader: &'r mut Reader<'de>, depth: u32) -> Self {
        Self { reader, depth }
    }

    fn unexpected<V: Visitor<'de>>(kind: Kind, visitor: &V) -> SerdeError {
        SerdeError::invalid_type(Unexpected::Other(name(kind)), visitor)
    }
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "an integer",
        Kind::Float => "a float",
        Kind::Atom => "an atom",
        Kind::Binary => "a binary",
        Kind::BitString => "a bit string",
        Kind::Tuple => "a tuple",
        Kind::List => "a list",
        Kind::Map => "a map",
        Kind::Pid => "a pid",
        Kind::Port => "a port",
        Kind::Reference => "a reference",
        Kind::Fun => "a function",
        Kind::Record => "a native record",
    }
}

impl<'de> de::Deserializer<'de> for &mut Deserializer<'_, 'de> {
    type Error = SerdeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        match self.kind()? {
            Kind::Integer => self.number(visitor),
            Kind::Float => visitor.visit_f64(self.reader.float()?),
            Kind::Atom if self.takes_atom(&["true"]) => visitor.visit_bool(true),
            Kind::Atom if self.takes_atom(&["false"]) => visitor.visit_bool(false),
            Kind::Atom if self.takes_atom(&["nil"]) => visitor.visit_unit(),
            Kind::Atom => Deserializer::atom(&self.reader.atom()?, visitor),
            Kind::Binary => {
                let bytes = self.reader.binary()?;
                match std::str::from_utf8(bytes) {
                    Ok(text) => visitor.visit_borrowed_str(text),
                    Err(_) => visitor.visit_borrowed_bytes(bytes),
                }
            }
            Kind::List => self.list(visitor),
            Kind::Tuple => self.tuple(visitor),
            Kind::Map => self.map(visitor),
            kind => Err(Deserializer::unexpected(kind, &visitor)),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        match self.kind()? {
            // Whoever asks for text gets it from a list only if it is a charlist.
            Kind::List => visitor.visit_string(self.charlist()?),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        match self.kind()? {
            Kind::Binary => visitor.visit_borrowed_bytes(self.reader.binary()?),
            Kind::List => visitor.visit_borrowed_bytes(self.reader.string()?),
            kind => Err(Deserializer::unexpected(kind, &visitor)),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        match self.takes_atom(&["nil", "undefined"]) {
            true => visitor.visit_none(),
            false => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        match self.takes_atom(&["nil", "undefined"]) {
            true => visitor.visit_unit(),
            false => Err(Deserializer::unexpected(self.kind()?, &visitor)),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, SerdeError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, SerdeError> {
        if name == TERM {
            return visitor.visit_borrowed_bytes(self.reader.skip()?);
        }
        visitor.visit_newtype_struct(&mut self.inner()?)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        match self.kind()? {
            Kind::Binary => {
                let bytes = self.reader.binary()?;
                visitor.visit_seq(de::value::SeqDeserializer::new(bytes.iter().copied()))
            }
            Kind::List => self.list(visitor),
            kind => Err(Deserializer::unexpected(kind, &visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, SerdeError> {
        match self.reader.clone().tuple() {
            Ok(arity) if arity as usize == len => self.tuple(visitor),
            Ok(arity) => Err(SerdeError::invalid_length(arity as usize, &visitor)),
            Err(TermError::UnexpectedTag { .. }) => Err(Deserializer::unexpected(self.kind()?, &visitor)),
            Err(error) => Err(error.into()),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, SerdeError> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        match self.kind()? {
            Kind::Map => self.map(visitor),
            kind => Err(Deserializer::unexpected(kind, &visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, SerdeError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, SerdeError> {
        let inner = self.inner()?;
        match inner.kind()? {
            Kind::Atom | Kind::Binary => visitor.visit_enum(Enum::new(inner, 0)),
            Kind::Tuple => {
                let arity = inner.reader.tuple()?;
                let content =
                    arity.checked_sub(1).ok_or_else(|| SerdeError::custom("{} names no variant"))?;
                visitor.visit_enum(Enum::new(inner, content))
            }
            kind => Err(Deserializer::unexpected(kind, &visitor)),
        }
    }

    /// The name of a field or a variant. What is no name at all is unknown, not an error: maps may have any keys.
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        match self.kind()? {
            Kind::Atom => Deserializer::atom(&self.reader.atom()?, visitor),
            Kind::Binary => self.deserialize_any(visitor),
            _ => {
                self.reader.skip()?;
                visitor.visit_bytes(b"")
            }
        }
    }

    /// Walks over it: what nobody asked for may be nested as it likes.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerdeError> {
        self.reader.skip()?;
        visitor.visit_unit()
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! { bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 char }
}
