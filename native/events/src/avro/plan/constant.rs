//! Defaults, as the calls of a sink that they come to.

use crate::{Decimal, Duplicate, Integer, Name, Sink, Temporal, Text};

/// One call of a sink.
#[derive(Clone, Debug)]
pub(in crate::avro) enum Event {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Decimal(Decimal),
    Text(Box<[u8]>),
    Bytes(Box<[u8]>),
    Temporal(Temporal),
    BeginList,
    EndList(usize),
    BeginMap,
    Key(Box<[u8]>),
    EndMap(usize),
}

impl Event {
    /// Calls the sink.
    pub(in crate::avro) fn tell<S: Sink>(&self, sink: &mut S) -> Result<(), Duplicate> {
        match self {
            Self::Null => sink.null(),
            Self::Boolean(value) => sink.boolean(*value),
            Self::Integer(value) => sink.integer(*value),
            Self::Float(value) => sink.float(*value),
            Self::Decimal(value) => sink.decimal(value),
            Self::Text(text) => sink.text(Text::made(text)),
            Self::Bytes(bytes) => sink.bytes(Text::made(bytes)),
            Self::Temporal(value) => sink.temporal(*value),
            Self::BeginList => sink.begin_list(),
            Self::EndList(count) => sink.end_list(*count),
            Self::BeginMap => sink.begin_map(),
            Self::Key(key) => sink.key(Text::made(key)),
            Self::EndMap(count) => return sink.end_map(*count),
        }
        Ok(())
    }
}

/// Writes the calls down.
#[derive(Default)]
pub(super) struct Recorder(pub(super) Vec<Event>);

impl Sink for Recorder {
    fn null(&mut self) {
        self.0.push(Event::Null);
    }

    fn boolean(&mut self, value: bool) {
        self.0.push(Event::Boolean(value));
    }

    fn integer(&mut self, value: i64) {
        self.0.push(Event::Integer(value));
    }

    /// No Avro type but decimals is wider than 64 bits.
    fn big(&mut self, value: &Integer) {
        self.0.push(Event::Decimal(Decimal::new(value.clone(), 0)));
    }

    fn float(&mut self, value: f64) {
        self.0.push(Event::Float(value));
    }

    fn decimal(&mut self, value: &Decimal) {
        self.0.push(Event::Decimal(value.clone()));
    }

    fn text(&mut self, value: Text<'_>) {
        self.0.push(Event::Text(value.bytes.into()));
    }

    fn bytes(&mut self, value: Text<'_>) {
        self.0.push(Event::Bytes(value.bytes.into()));
    }

    fn temporal(&mut self, value: Temporal) {
        self.0.push(Event::Temporal(value));
    }

    fn name(&mut self, value: Name) {
        self.0.push(Event::Text(value.text().as_bytes().into()));
    }

    fn begin_list(&mut self) {
        self.0.push(Event::BeginList);
    }

    fn end_list(&mut self, count: usize) {
        self.0.push(Event::EndList(count));
    }

    fn begin_map(&mut self) {
        self.0.push(Event::BeginMap);
    }

    fn key(&mut self, key: Text<'_>) {
        self.0.push(Event::Key(key.bytes.into()));
    }

    fn field(&mut self, name: Name) {
        self.0.push(Event::Key(name.text().as_bytes().into()));
    }

    fn end_map(&mut self, count: usize) -> Result<(), Duplicate> {
        self.0.push(Event::EndMap(count));
        Ok(())
    }
}
