//! What one subscriber has of one publisher.

use std::collections::HashMap;

use super::ranges::Ranges;
use crate::journal::Message;

/// How a message stands to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    InOrder,
    /// It has been delivered before.
    Again,
    /// A later one of its topic has been delivered.
    Behind,
    /// A later one of another topic has been delivered.
    BehindOthers,
}

#[derive(Default)]
struct Topic {
    received: Ranges,
    last: u32,
}

#[derive(Default)]
pub(crate) struct Line {
    last: u32,
    topics: HashMap<u8, Topic>,
}

impl Line {
    pub(crate) fn add(&mut self, message: &Message) -> Place {
        let topic = self.topics.entry(message.topic).or_default();
        if !topic.received.insert(message.of_topic) {
            return Place::Again;
        }
        let place = if message.of_topic < topic.last {
            Place::Behind
        } else if message.number < self.last {
            Place::BehindOthers
        } else {
            Place::InOrder
        };
        topic.last = topic.last.max(message.of_topic);
        self.last = self.last.max(message.number);
        place
    }

    /// The number of the newest message.
    pub(crate) fn last(&self) -> u32 {
        self.last
    }

    pub(crate) fn missing(&self, topic: u8, from: u32, to: u32) -> Vec<u32> {
        self.topics
            .get(&topic)
            .map_or_else(|| (from..=to).collect(), |topic| topic.received.missing(from, to))
    }
}
