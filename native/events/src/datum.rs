//! What an encoder asks of a value: it pulls what the schema wants next, so any tree will do, and none is built.

use std::borrow::Cow;

use crate::{Decimal, Integer, Temporal, Value};

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum View<'a> {
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(Integer),
    /// A floating point number.
    Float(f64),
    /// A decimal number.
    Decimal(Cow<'a, Decimal>),
    /// A string.
    Text(&'a str),
    /// Bytes that are no string.
    Bytes(&'a [u8]),
    /// A string or bytes, whichever the schema wants: the BEAM does not tell them apart.
    Binary(&'a [u8]),
    /// A string of which each character may also stand for one byte: a default in a schema.
    Latin(&'a str),
    /// A date, a time, an instant, a span.
    Temporal(Temporal),
    /// So many elements.
    List(usize),
    /// So many pairs.
    Map(usize),
}

impl View<'_> {
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Decimal(_) => "a decimal",
            Self::Text(_) | Self::Latin(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Binary(_) => "a binary",
            Self::Temporal(_) => "a time",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// A value that can be encoded: a reference to it, cheap to copy.
pub trait Datum<'a>: Copy {
    /// Whether a union takes the first branch that the value fits at all.
    const FIRST_BRANCH: bool = false;

    /// What it is.
    fn view(self) -> View<'a>;
    /// The elements of a list, as many as [`View::List`] says.
    fn items(self) -> impl Iterator<Item = Self>;
    /// The pairs of a map, as many as [`View::Map`] says.
    fn pairs(self) -> impl Iterator<Item = (Cow<'a, str>, Self)>;
    /// The value of a key in a map.
    fn field(self, name: &str) -> Option<Self>;
}

impl<'a> Datum<'a> for &'a Value {
    fn view(self) -> View<'a> {
        match self {
            Value::Null => View::Null,
            Value::Boolean(value) => View::Boolean(*value),
            Value::Integer(value) => View::Integer(value.clone()),
            Value::Float(value) => View::Float(*value),
            Value::Decimal(value) => View::Decimal(Cow::Borrowed(value)),
            Value::Text(text) => View::Text(text),
            Value::Bytes(bytes) => View::Bytes(bytes),
            Value::Temporal(value) => View::Temporal(*value),
            Value::Name(name) => View::Text(name.text()),
            Value::List(items) => View::List(items.len()),
            Value::Map(pairs) => View::Map(pairs.len()),
        }
    }

    fn items(self) -> impl Iterator<Item = Self> {
        let Value::List(items) = self else { return [].iter() };
        items.iter()
    }

    fn pairs(self) -> impl Iterator<Item = (Cow<'a, str>, Self)> {
        let pairs = if let Value::Map(pairs) = self { pairs.as_slice() } else { &[] };
        pairs.iter().map(|(key, value)| (text(key), value))
    }

    fn field(self, name: &str) -> Option<Self> {
        let Value::Map(pairs) = self else { return None };
        pairs.iter().find(|(key, _)| text(key) == name).map(|(_, value)| value)
    }
}

/// A key as text. A map that is data may have numbers for keys.
fn text(key: &Value) -> Cow<'_, str> {
    match key {
        Value::Text(text) => Cow::Borrowed(text),
        Value::Name(name) => Cow::Borrowed(name.text()),
        Value::Integer(number) => Cow::Owned(number.to_string()),
        Value::Boolean(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        _ => Cow::Borrowed(""),
    }
}
