//! One field, read as what was asked for.

use super::plan::{Type, Unit};
use crate::json::{Cursor, Fault, Floats, Kind, Problem};
use crate::{Decimal, Duplicate, Integer, Name, Sink, Temporal, Text};

/// Reads the value that stands here, and tells it as a `wanted`.
#[inline]
pub(super) fn read<S: Sink>(
    wanted: Type,
    kind: Kind,
    cursor: &mut Cursor<'_>,
    inside: usize,
    sink: &mut S,
) -> Result<(), Fault> {
    if wanted == Type::Any {
        return cursor.value(inside, sink);
    }
    let fault = |cursor: &Cursor<'_>| cursor.fault(Problem::Type(name(wanted)));
    let start = cursor.at();
    let mut scalar = Scalar::Other;
    match kind {
        Kind::List | Kind::Map => return Err(fault(cursor)),
        Kind::Text if wanted == Type::Text => {
            sink.text(cursor.text()?);
            return Ok(());
        }
        // Every digit of it is wanted.
        _ if wanted == Type::Decimal => {
            cursor.with_floats(Floats::Decimals, |cursor| cursor.scalar(kind, &mut scalar))?
        }
        _ => cursor.scalar(kind, &mut scalar)?,
    }
    match (wanted, scalar) {
        (_, Scalar::Null) => sink.null(),
        (Type::Boolean, Scalar::Boolean(value)) => sink.boolean(value),
        (Type::Integer, Scalar::Integer(Integer::Small(value))) => sink.integer(value),
        (Type::Integer, Scalar::Integer(value)) => sink.big(&value),
        (Type::Float, Scalar::Float(value)) => sink.float(value),
        (Type::Float, Scalar::Integer(Integer::Small(value))) => sink.float(value as f64),
        (Type::Decimal, Scalar::Decimal(value)) => sink.decimal(&value),
        (Type::Decimal, Scalar::Integer(value)) => sink.decimal(&Decimal::new(value, 0)),
        (Type::Instant(unit), Scalar::Integer(Integer::Small(value))) => sink.temporal(instant(unit, value)),
        _ => {
            cursor.back(start);
            return Err(fault(cursor));
        }
    }
    Ok(())
}

const fn name(wanted: Type) -> &'static str {
    match wanted {
        Type::Any => "anything",
        Type::Text => "a string is asked for here",
        Type::Integer => "a whole number is asked for here",
        Type::Float => "a number is asked for here",
        Type::Decimal => "a number, or a string that holds one, is asked for here",
        Type::Boolean => "true or false is asked for here",
        Type::Instant(_) => "a whole number, the time since 1970, is asked for here",
    }
}

fn instant(unit: Unit, value: i64) -> Temporal {
    let (nanos, digits) = match unit {
        Unit::Seconds => (1_000_000_000, 0),
        Unit::Millis => (1_000_000, 3),
        Unit::Micros => (1_000, 6),
        Unit::Nanos => (1, 9),
    };
    Temporal::Instant(i128::from(value) * nanos, digits)
}

/// The one scalar that was told.
enum Scalar {
    Null,
    Boolean(bool),
    Integer(Integer),
    Float(f64),
    Decimal(Decimal),
    Other,
}

impl Sink for Scalar {
    fn null(&mut self) {
        *self = Self::Null;
    }
    fn boolean(&mut self, value: bool) {
        *self = Self::Boolean(value);
    }
    fn integer(&mut self, value: i64) {
        *self = Self::Integer(Integer::Small(value));
    }
    fn big(&mut self, value: &Integer) {
        *self = Self::Integer(value.clone());
    }
    fn float(&mut self, value: f64) {
        *self = Self::Float(value);
    }
    fn decimal(&mut self, value: &Decimal) {
        *self = Self::Decimal(value.clone());
    }
    fn text(&mut self, value: Text<'_>) {
        let number = std::str::from_utf8(value.bytes).ok().and_then(Decimal::parse);
        *self = number.map_or(Self::Other, Self::Decimal);
    }
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
