//! The messages of one event, between decoding and publishing.

use std::ops::Range;
use std::str::from_utf8;

use outrigger_term::{Term, TermError};

/// Topics and messages, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Made {
    bytes: Vec<u8>,
    places: Vec<(Range<usize>, Range<usize>)>,
}

impl Made {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.places.clear();
    }

    pub(crate) fn push(&mut self, topic: &[u8], message: &[u8]) {
        let start = self.bytes.len();
        let middle = start + topic.len();
        self.bytes.extend_from_slice(topic);
        self.bytes.extend_from_slice(message);
        self.places.push((start..middle, middle..self.bytes.len()));
    }

    /// In their order. Topics are text of the stream's text, or of the event.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Result<(&str, Term<'_>), TermError>> {
        self.places.iter().map(|(topic, message)| {
            let topic = from_utf8(&self.bytes[topic.clone()]).unwrap_or_default();
            Ok((topic, Term::new(&self.bytes[message.clone()])?))
        })
    }
}
