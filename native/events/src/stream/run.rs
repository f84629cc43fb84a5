//! A compiled stream at work.

use super::paths::Paths;
use super::room::Room;
use super::view::View;
use super::{Schemas, external};
use crate::debezium::{self, Memory};
use crate::{Error, Limits, Name, Sink, avro, json, protobuf};

/// A stream that was compiled: [`Stream::parse`].
#[derive(Debug)]
pub struct Stream {
    pub(super) name: Box<str>,
    pub(super) format: Format,
    pub(super) dead_letter: Box<str>,
    pub(super) paths: Paths,
    pub(super) views: Vec<View>,
}

/// How events are read.
#[derive(Debug)]
pub(super) enum Format {
    Json(json::Options),
    Debezium {
        options: Box<debezium::Options>,
        framed: bool,
    },
    /// Behind frames, if no schema is given.
    Avro {
        limits: Limits,
        given: Option<Box<avro::Plan>>,
    },
    Protobuf {
        limits: Limits,
        given: Option<Box<protobuf::Plan>>,
    },
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
    room: Room,
    topic: Vec<u8>,
    message: Vec<u8>,
}

impl Stream {
    /// Tells `out` the topics and messages of an event. `false`: it cannot be decoded, and what was told is a dead letter.
    ///
    /// `schemas` are those of the frames that events of the stream have.
    pub fn take(
        &self,
        event: &Event<'_>,
        schemas: &Schemas,
        work: &mut Work,
        mut out: impl FnMut(&[u8], &[u8]),
    ) -> bool {
        let Work { memory, room, topic, message } = work;
        match self.decode(event, schemas, memory, &mut room.take(&self.paths)) {
            Ok(()) => {
                for view in self.views.iter().filter(|view| view.wants(room)) {
                    if !view.topic(room, topic) {
                        continue;
                    }
                    self.begin(&view.name, message);
                    view.data(room, message);
                    out(topic, message);
                }
                true
            }
            Err(error) => {
                self.begin("dead_letter", message);
                letter(event, &error, message);
                out(self.dead_letter.as_bytes(), message);
                false
            }
        }
    }

    /// How many bytes take as long to decode as an event of so many bytes takes, with all messages that may come of it.
    #[must_use]
    pub fn work(&self, bytes: usize) -> usize {
        self.views.iter().map(|view| view.work(bytes)).fold(bytes, usize::saturating_add)
    }

    fn decode<S: Sink>(
        &self,
        event: &Event<'_>,
        schemas: &Schemas,
        memory: &mut Memory,
        sink: &mut S,
    ) -> Result<(), Error> {
        match &self.format {
            Format::Json(options) => json::decode(event.value.unwrap_or_default(), options, sink)?,
            Format::Debezium { options, framed } => {
                let writers = framed.then_some(&schemas.writers);
                debezium::decode_framed(writers, event.value, event.key, options, memory, sink)
                    .map_err(|error| schemas.explain(error))?;
            }
            Format::Avro { limits, given } => {
                let value = event.value.ok_or_else(|| tombstone("Avro"))?;
                let (plan, datum) = match given {
                    Some(plan) => (&**plan, value),
                    None => schemas.avro(value)?,
                };
                plan.decode(datum, limits, sink)?;
            }
            Format::Protobuf { limits, given } => {
                let value = event.value.ok_or_else(|| tombstone("Protobuf"))?;
                let (plan, message) = match given {
                    Some(plan) => (&**plan, value),
                    None => schemas.protobuf(value)?,
                };
                plan.decode(message, limits, sink)?;
            }
        }
        Ok(())
    }

    fn begin(&self, view: &str, message: &mut Vec<u8>) {
        message.clear();
        external::tuple(3, message);
        external::atom(&self.name, message);
        external::atom(view, message);
    }
}

fn tombstone(format: &'static str) -> Error {
    Error::Malformed {
        format,
        at: 0,
        path: "$".to_owned(),
        problem: "no bytes: a tombstone is no event".to_owned(),
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
