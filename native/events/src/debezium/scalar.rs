//! One scalar, taken out of a document to be looked at.

use crate::{Decimal, Duplicate, Integer, Name, Sink, Temporal, Text};

/// The scalar that was told last. Text is read with `Cursor::text`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Scalar {
    #[default]
    Other,
    Null,
    Boolean(bool),
    Whole(i64),
    Big(Integer),
    Real(f64),
    Decimal(Decimal),
}

impl Sink for Scalar {
    fn null(&mut self) {
        *self = Self::Null;
    }
    fn boolean(&mut self, value: bool) {
        *self = Self::Boolean(value);
    }
    #[inline]
    fn integer(&mut self, value: i64) {
        *self = Self::Whole(value);
    }
    fn big(&mut self, value: &Integer) {
        *self = Self::Big(value.clone());
    }
    fn float(&mut self, value: f64) {
        *self = Self::Real(value);
    }
    fn decimal(&mut self, value: &Decimal) {
        *self = Self::Decimal(value.clone());
    }
    fn text(&mut self, _value: Text<'_>) {}
    fn bytes(&mut self, _value: Text<'_>) {}
    fn temporal(&mut self, _value: Temporal) {}
    fn name(&mut self, _value: Name) {}
    fn end_list(&mut self, _count: usize) {}
    fn key(&mut self, _key: Text<'_>) {}
    fn field(&mut self, _name: Name) {}
    fn end_map(&mut self, _count: usize) -> Result<(), Duplicate> {
        Ok(())
    }
}
