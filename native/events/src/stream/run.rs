//! A compiled stream at work.

use super::external;
use super::view::View;
use crate::debezium::{self, Memory};
use crate::{Error, Name, TreeSink, Value, json};

/// A stream that was compiled: [`Stream::parse`].
#[derive(Debug)]
pub struct Stream {
    pub(super) name: Box<str>,
    pub(super) format: Format,
    pub(super) dead_letter: Box<str>,
    pub(super) views: Vec<View>,
}

/// How events are read.
#[derive(Debug)]
pub(super) enum Format {
    Json(json::Options),
    Debezium(Box<debezium::Options>),
}

/// An event as it came. No value is a tombstone, where the format has such.
#[derive(Clone, Copy, Debug)]
pub struct Event<'e> {
    /// Its key, if it has one.
    pub key: Option<&'e [u8]>,
    /// Its value.
    pub value: Option<&'e [u8]>,
}

/// Room to work in, kept from event to event. One per thread, for any streams.
#[derive(Debug, Default)]
pub struct Work {
    memory: Memory,
    topic: Vec<u8>,
    message: Vec<u8>,
}

impl Stream {
    /// Tells `out` the topics and messages of an event. `false`: it cannot be decoded, and what was told is a dead letter.
    pub fn take(&self, event: &Event<'_>, work: &mut Work, mut out: impl FnMut(&[u8], &[u8])) -> bool {
        match self.decode(event, &mut work.memory) {
            Ok(decoded) => {
                for view in self.views.iter().filter(|view| view.wants(&decoded)) {
                    if !view.topic(&decoded, &mut work.topic) {
                        continue;
                    }
                    self.begin(&view.name, &mut work.message);
                    view.data(&decoded, &mut work.message);
                    out(&work.topic, &work.message);
                }
                true
            }
            Err(error) => {
                self.begin("dead_letter", &mut work.message);
                letter(event, &error, &mut work.message);
                out(self.dead_letter.as_bytes(), &work.message);
                false
            }
        }
    }

    fn decode(&self, event: &Event<'_>, memory: &mut Memory) -> Result<Value, Error> {
        let mut sink = TreeSink::default();
        match &self.format {
            Format::Json(options) => json::decode(event.value.unwrap_or_default(), options, &mut sink)?,
            Format::Debezium(options) => {
                debezium::decode(event.value, event.key, options, memory, &mut sink)?;
            }
        }
        // Decoders balance their calls.
        Ok(sink.finish().unwrap_or(Value::Null))
    }

    fn begin(&self, view: &str, message: &mut Vec<u8>) {
        message.clear();
        external::tuple(3, message);
        external::atom(&self.name, message);
        external::atom(view, message);
    }
}

/// Writes `%Outrigger.Events.DeadLetter{}`.
fn letter(event: &Event<'_>, error: &Error, out: &mut Vec<u8>) {
    external::begin_map(5, out);
    external::atom(Name::Struct.text(), out);
    external::atom("Elixir.Outrigger.Events.DeadLetter", out);
    external::atom("reason", out);
    external::atom(error.reason(), out);
    external::atom("message", out);
    external::binary(error.to_string().as_bytes(), out);
    for (name, part) in [("key", event.key), ("value", event.value)] {
        external::atom(name, out);
        match part {
            Some(bytes) => external::binary(bytes, out),
            None => external::atom("nil", out),
        }
    }
}
