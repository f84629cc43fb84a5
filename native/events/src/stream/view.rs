//! What one kind of subscriber wants of a stream.

use std::io::Write;

use super::external;
use super::paths::Place;
use super::room::{Room, Scalar};
use crate::project::Test;
use crate::{Integer, Sink, Text};

/// A message goes to a topic of at most so many bytes.
const TOPIC: usize = 4_096;

/// Filters, a topic, and what is taken.
#[derive(Debug)]
pub(super) struct View {
    pub(super) name: Box<str>,
    pub(super) topic: Vec<Part>,
    pub(super) filters: Vec<(Place, Test)>,
    /// Names of fields and where they stand; `None` takes the whole.
    pub(super) fields: Option<Vec<(Box<str>, Place)>>,
}

/// A part of a topic.
#[derive(Debug)]
pub(super) enum Part {
    Text(Box<str>),
    /// Text, a whole number or a boolean of the event.
    Of(Place),
}

/// What it takes to write or to look at what stands at a place in an event, in bytes that are decoded meanwhile.
const PLACE: usize = 32;
/// The same for a message.
const MESSAGE: usize = 64;

impl View {
    /// What it takes to find out what is wanted of an event of so many bytes and to write it, as [`Stream::work`](super::Stream::work) says,
    /// of fields that do not stand in each other.
    pub(super) fn work(&self, bytes: usize) -> usize {
        let fields = self.fields.as_ref().map_or(0, Vec::len);
        let tested: usize = self.filters.iter().map(|(_, test)| 1 + test.operands() / PLACE).sum();
        PLACE * (self.topic.len() + tested + fields) + bytes + MESSAGE
    }

    pub(super) fn wants(&self, event: &Room) -> bool {
        self.filters.iter().all(|(place, test)| {
            // What is not there counts as `null`, and what equals nothing says nothing.
            test.of(|sink| match event.scalar(*place) {
                None | Some(Scalar::Null) => sink.null(),
                Some(Scalar::Boolean(value)) => sink.boolean(*value),
                Some(Scalar::Integer(value)) => sink.big(value),
                Some(Scalar::Float(value)) => sink.float(*value),
                // Names of ours are text: `op` is `"update"`.
                Some(Scalar::Text(_) | Scalar::Name(_)) => sink.text(Text::made(event.text(*place))),
                Some(Scalar::Other) => {}
            })
        })
    }

    /// Writes the topic, whatever was in `out`. `false`: the event has no such value, and goes nowhere.
    pub(super) fn topic(&self, event: &Room, out: &mut Vec<u8>) -> bool {
        out.clear();
        for part in &self.topic {
            match part {
                Part::Text(text) => out.extend(text.as_bytes()),
                Part::Of(place) => match event.scalar(*place) {
                    // A vector takes everything.
                    Some(Scalar::Integer(Integer::Small(value))) => drop(write!(out, "{value}")),
                    Some(Scalar::Boolean(value)) => drop(write!(out, "{value}")),
                    Some(Scalar::Text(_) | Scalar::Name(_)) => out.extend(event.text(*place)),
                    _ => return false,
                },
            }
        }
        (1..=TOPIC).contains(&out.len())
    }

    /// Writes what is taken of an event: a map with the names of the fields, `nil` for what is not there.
    pub(super) fn data(&self, event: &Room, out: &mut Vec<u8>) {
        let write = |place, out: &mut Vec<u8>| match event.whole(place) {
            Some(value) => out.extend_from_slice(value),
            None => external::atom("nil", out),
        };
        let Some(fields) = &self.fields else { return write(Place::ROOT, out) };
        external::begin_map(fields.len(), out);
        for (name, place) in fields {
            external::atom(name, out);
            write(*place, out);
        }
    }
}
