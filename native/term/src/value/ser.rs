//! Values to bytes.

use serde::{Serialize, ser};

use super::compound::{Elements, Pairs, Variant};
use super::{SerdeError, TERM};
use crate::{Integer, Term, TermError, Writer};

/// Appends one value.
pub(super) struct Serializer<'a> {
    out: &'a mut Vec<u8>,
    /// The next bytes are a whole term.
    whole: bool,
}

impl<'a> Serializer<'a> {
    pub(super) const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, whole: false }
    }

    const fn writer(&mut self) -> Writer<'_> {
        Writer::new(self.out)
    }

    /// The header of `{variant, …}`.
    fn variant(&mut self, name: &str, arity: u32) -> Result<(), TermError> {
        self.writer().tuple(arity);
        self.writer().atom(name)
    }
}

pub(super) fn arity(len: usize) -> Result<u32, TermError> {
    u32::try_from(len).map_err(|_| TermError::CallerTooLong { len })
}

impl<'a> ser::Serializer for Serializer<'a> {
    type Ok = ();
    type Error = SerdeError;
    type SerializeSeq = Elements<'a>;
    type SerializeTuple = Elements<'a>;
    type SerializeTupleStruct = Elements<'a>;
    type SerializeTupleVariant = Elements<'a>;
    type SerializeMap = Pairs<'a>;
    type SerializeStruct = Pairs<'a>;
    type SerializeStructVariant = Variant<'a>;

    fn serialize_bool(mut self, value: bool) -> Result<(), SerdeError> {
        Ok(self.writer().atom(if value { "true" } else { "false" })?)
    }

    fn serialize_i8(self, value: i8) -> Result<(), SerdeError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), SerdeError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), SerdeError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(mut self, value: i64) -> Result<(), SerdeError> {
        self.writer().integer(value);
        Ok(())
    }

    fn serialize_i128(mut self, value: i128) -> Result<(), SerdeError> {
        let magnitude = value.unsigned_abs().to_le_bytes();
        Ok(self.writer().number(&Integer::new(value < 0, &magnitude))?)
    }

    fn serialize_u8(self, value: u8) -> Result<(), SerdeError> {
        self.serialize_i64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), SerdeError> {
        self.serialize_i64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), SerdeError> {
        self.serialize_i64(value.into())
    }

    fn serialize_u64(mut self, value: u64) -> Result<(), SerdeError> {
        self.writer().unsigned(value);
        Ok(())
    }

    fn serialize_u128(mut self, value: u128) -> Result<(), SerdeError> {
        Ok(self.writer().number(&Integer::new(false, &value.to_le_bytes()))?)
    }

    fn serialize_f32(self, value: f32) -> Result<(), SerdeError> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(mut self, value: f64) -> Result<(), SerdeError> {
        Ok(self.writer().float(value)?)
    }

    fn serialize_char(self, value: char) -> Result<(), SerdeError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(mut self, value: &str) -> Result<(), SerdeError> {
        Ok(self.writer().binary(value.as_bytes())?)
    }

    fn serialize_bytes(mut self, value: &[u8]) -> Result<(), SerdeError> {
        if self.whole {
            // A bad byte costs the whole link, so nobody's word is taken for it.
            self.writer().term(Term::new(value)?);
            return Ok(());
        }
        Ok(self.writer().binary(value)?)
    }

    fn serialize_none(self) -> Result<(), SerdeError> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), SerdeError> {
        value.serialize(self)
    }

    fn serialize_unit(mut self) -> Result<(), SerdeError> {
        Ok(self.writer().atom("nil")?)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), SerdeError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        mut self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), SerdeError> {
        Ok(self.writer().atom(variant)?)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), SerdeError> {
        value.serialize(Self { whole: name == TERM, ..self })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), SerdeError> {
        self.variant(variant, 2)?;
        value.serialize(Self::new(self.out))
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Elements<'a>, SerdeError> {
        Ok(Elements::list(self.out))
    }

    fn serialize_tuple(self, len: usize) -> Result<Elements<'a>, SerdeError> {
        let len = arity(len)?;
        Writer::new(self.out).tuple(len);
        Ok(Elements::tuple(self.out, len))
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Elements<'a>, SerdeError> {
        self.serialize_tuple(len)
    }

    fn serialize_tuple_variant(
        mut self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Elements<'a>, SerdeError> {
        self.variant(variant, arity(len.saturating_add(1))?)?;
        Ok(Elements::tuple(self.out, arity(len)?))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Pairs<'a>, SerdeError> {
        Ok(Pairs::new(self.out))
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Pairs<'a>, SerdeError> {
        Ok(Pairs::new(self.out))
    }

    fn serialize_struct_variant(
        mut self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Variant<'a>, SerdeError> {
        self.variant(variant, 2)?;
        Ok(Variant(Pairs::new(self.out)))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
