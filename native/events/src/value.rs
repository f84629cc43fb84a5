//! A tree of what was decoded: for Rust programs, and for tests.

use crate::{Decimal, Duplicate, Integer, Name, Sink, Temporal, Text};

/// A decoded value. Maps keep the order of the document, and equal keys stand in them twice.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(Integer),
    /// A floating point number.
    Float(f64),
    /// A decimal number.
    Decimal(Decimal),
    /// A string.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A date, a time, an instant, a span.
    Temporal(Temporal),
    /// One of our own names.
    Name(Name),
    /// A list.
    List(Vec<Self>),
    /// Pairs; a key is [`Value::Text`] or [`Value::Name`], or what [`Sink::value_as_key`] has made of a value.
    Map(Vec<(Self, Self)>),
}

impl Value {
    /// The value of a key that is text. Of two equal keys the last one counts.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(pairs) = self else { return None };
        pairs.iter().rfind(|(own, _)| matches!(own, Self::Text(own) if own == key)).map(|(_, value)| value)
    }
}

/// Builds one [`Value`].
///
/// ```
/// use outrigger_events::{Sink, Text, TreeSink, Value};
///
/// let mut sink = TreeSink::default();
/// sink.begin_list();
/// sink.integer(7);
/// sink.text(Text::made(b"seven"));
/// sink.end_list(2);
/// assert_eq!(sink.finish(), Some(Value::List(vec![Value::from(7), Value::from("seven")])));
/// ```
#[derive(Debug, Default)]
pub struct TreeSink {
    stack: Vec<Value>,
    keys: Vec<Value>,
}

impl TreeSink {
    /// The value, if exactly one whole value was told.
    #[must_use]
    pub fn finish(mut self) -> Option<Value> {
        let value = self.stack.pop()?;
        (self.stack.is_empty() && self.keys.is_empty()).then_some(value)
    }

    /// What the value is now that it is on the stack. Decoders balance their calls, so there are `count`.
    fn take(stack: &mut Vec<Value>, count: usize) -> Vec<Value> {
        stack.split_off(stack.len().saturating_sub(count))
    }
}

impl Sink for TreeSink {
    fn null(&mut self) {
        self.stack.push(Value::Null);
    }

    fn boolean(&mut self, value: bool) {
        self.stack.push(Value::Boolean(value));
    }

    fn integer(&mut self, value: i64) {
        self.stack.push(Value::from(value));
    }

    fn big(&mut self, value: &Integer) {
        self.stack.push(Value::Integer(value.clone()));
    }

    fn float(&mut self, value: f64) {
        self.stack.push(Value::Float(value));
    }

    fn decimal(&mut self, value: &Decimal) {
        self.stack.push(Value::Decimal(value.clone()));
    }

    fn text(&mut self, value: Text<'_>) {
        self.stack.push(Value::Text(String::from_utf8_lossy(value.bytes).into_owned()));
    }

    fn bytes(&mut self, value: Text<'_>) {
        self.stack.push(Value::Bytes(value.bytes.to_vec()));
    }

    fn temporal(&mut self, value: Temporal) {
        self.stack.push(Value::Temporal(value));
    }

    fn name(&mut self, value: Name) {
        self.stack.push(Value::Name(value));
    }

    fn end_list(&mut self, count: usize) {
        let items = Self::take(&mut self.stack, count);
        self.stack.push(Value::List(items));
    }

    fn key(&mut self, key: Text<'_>) {
        self.keys.push(Value::Text(String::from_utf8_lossy(key.bytes).into_owned()));
    }

    fn field(&mut self, name: Name) {
        self.keys.push(Value::Name(name));
    }

    fn value_as_key(&mut self) {
        self.keys.extend(self.stack.pop());
    }

    fn end_map(&mut self, count: usize) -> Result<(), Duplicate> {
        let values = Self::take(&mut self.stack, count);
        let keys = Self::take(&mut self.keys, count);
        self.stack.push(Value::Map(keys.into_iter().zip(values).collect()));
        Ok(())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(Integer::Small(value))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
