//! What one kind of subscriber wants of a stream.

use super::{external, pick};
use crate::project::{Path, Test};
use crate::{Integer, Value};

/// A message goes to a topic of at most so many bytes.
const TOPIC: usize = 4_096;

/// Filters, a topic, and what is taken.
#[derive(Debug)]
pub(super) struct View {
    pub(super) name: Box<str>,
    pub(super) topic: Vec<Part>,
    pub(super) filters: Vec<(Path, Test)>,
    /// Names of fields and where they stand; `None` takes the whole.
    pub(super) fields: Option<Vec<(Box<str>, Path)>>,
}

/// A part of a topic.
#[derive(Debug)]
pub(super) enum Part {
    Text(Box<str>),
    /// Text, a whole number or a boolean of the event.
    Of(Path),
}

impl View {
    pub(super) fn wants(&self, event: &Value) -> bool {
        self.filters.iter().all(|(path, test)| pick::passes(event, path, test))
    }

    /// Writes the topic, whatever was in `out`. `false`: the event has no such value, and goes nowhere.
    pub(super) fn topic(&self, event: &Value, out: &mut Vec<u8>) -> bool {
        out.clear();
        for part in &self.topic {
            match part {
                Part::Text(text) => out.extend(text.as_bytes()),
                Part::Of(path) => match pick::at(event, path) {
                    Some(Value::Integer(Integer::Small(value))) => out.extend(value.to_string().as_bytes()),
                    Some(Value::Boolean(value)) => out.extend(value.to_string().as_bytes()),
                    Some(value) => match pick::text(value) {
                        Some(text) => out.extend(text.as_bytes()),
                        None => return false,
                    },
                    None => return false,
                },
            }
        }
        (1..=TOPIC).contains(&out.len())
    }

    /// Writes what is taken of an event: a map with the names of the fields, `nil` for what is not there.
    pub(super) fn data(&self, event: &Value, out: &mut Vec<u8>) {
        let Some(fields) = &self.fields else { return external::value(event, out) };
        external::begin_map(fields.len(), out);
        for (name, path) in fields {
            external::atom(name, out);
            external::value(pick::at(event, path).unwrap_or(&Value::Null), out);
        }
    }
}
