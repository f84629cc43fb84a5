//! The nodes' journals: entries as `lib/journal.ex` writes them, read while they grow.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Of a publisher, a subscriber or a subscription. The upper half is the incarnation of the node.
pub(crate) type Id = u32;
/// A start of a node. No two starts have the same.
pub(crate) type Incarnation = u16;
/// Microseconds since 1970, of the machine that all nodes share.
pub(crate) type Micros = u64;

const ENTRY: usize = 30;

/// The incarnation of the node that this process or subscription is on.
pub(crate) fn incarnation(id: Id) -> Incarnation {
    (id >> 16) as Incarnation
}

/// One message: the `number`th of `publisher`, its `of_topic`th on `topic`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Message {
    pub(crate) publisher: Id,
    pub(crate) number: u32,
    pub(crate) topic: u8,
    pub(crate) of_topic: u32,
}

/// What a node has written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// About to be published.
    Published {
        message: Message,
        at: Micros,
    },
    /// `broadcast` has refused it.
    Refused {
        message: Message,
    },
    /// The publisher knows of the subscription. Its `of_topic`th message on `topic` is the next one.
    Heard {
        subscription: Id,
        publisher: Id,
        topic: u8,
        of_topic: u32,
    },
    Delivered {
        subscriber: Id,
        message: Message,
    },
    Subscribed {
        subscriber: Id,
        subscription: Id,
        topic: u8,
        at: Micros,
    },
    /// About to be unsubscribed.
    Unsubscribed {
        subscription: Id,
        at: Micros,
    },
    /// The node was told that so many messages from the node in `slot` were dropped for it.
    Announced {
        incarnation: Incarnation,
        slot: u8,
        count: u32,
        at: Micros,
    },
    /// The node was told that so many messages from the node in `slot`, at most, may have been lost with a router.
    Unconfirmed {
        incarnation: Incarnation,
        slot: u8,
        count: u32,
        at: Micros,
    },
    /// The node was told that messages on the topic may have been missed.
    Gap {
        incarnation: Incarnation,
        topic: u8,
        at: Micros,
    },
    /// What should not happen, by its number in `lib/journal.ex`.
    Unusual {
        incarnation: Incarnation,
        what: u8,
        count: u32,
        at: Micros,
    },
}

impl Entry {
    fn decode(bytes: &[u8; ENTRY]) -> Option<Self> {
        let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let (kind, topic) = (bytes[0], bytes[1]);
        let (who, publisher, number, of_topic, count) = (word(2), word(6), word(10), word(14), word(18));
        let at = u64::from(word(22)) << 32 | u64::from(word(26));
        let message = Message { publisher, number, topic, of_topic };
        Some(match kind {
            b'P' => Self::Published { message, at },
            b'R' => Self::Refused { message },
            b'F' => Self::Heard { subscription: who, publisher, topic, of_topic },
            b'D' => Self::Delivered { subscriber: who, message },
            b'S' => Self::Subscribed { subscriber: who, subscription: publisher, topic, at },
            b'U' => Self::Unsubscribed { subscription: publisher, at },
            b'L' => Self::Announced { incarnation: who as Incarnation, slot: topic, count, at },
            b'M' => Self::Unconfirmed { incarnation: who as Incarnation, slot: topic, count, at },
            b'G' => Self::Gap { incarnation: who as Incarnation, topic, at },
            b'A' => Self::Unusual { incarnation: who as Incarnation, what: topic, count, at },
            _ => return None,
        })
    }
}

/// A journal that is being read.
pub(crate) struct Journal {
    file: File,
    rest: Vec<u8>,
}

impl Journal {
    /// Opens the journal, which is made if it is not there yet.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).append(true).create(true).open(path)?;
        Ok(Self { file, rest: Vec::new() })
    }

    /// Hands over what has come since the last call.
    ///
    /// # Errors
    /// When the file cannot be read, or is none of ours.
    pub(crate) fn read(&mut self, mut take: impl FnMut(Entry)) -> io::Result<()> {
        self.file.read_to_end(&mut self.rest)?;
        let (entries, rest) = self.rest.as_chunks::<ENTRY>();
        for bytes in entries {
            take(Entry::decode(bytes).ok_or_else(|| io::Error::other(format!("no entry: {bytes:?}")))?);
        }
        self.rest = rest.to_vec();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn entries_come_whole_and_once() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut journal = Journal::open(file.path()).unwrap();
        let mut bytes = vec![b'P', 3];
        bytes.extend([0_u32, 0x0002_0001, 7, 5, 0].iter().flat_map(|word| word.to_be_bytes()));
        bytes.extend((1_u64 << 33).to_be_bytes());
        let mut seen = Vec::new();
        for piece in bytes.chunks(17) {
            file.write_all(piece).unwrap();
            file.flush().unwrap();
            journal.read(|entry| seen.push(entry)).unwrap();
        }
        let message = Message { publisher: 0x0002_0001, number: 7, topic: 3, of_topic: 5 };
        assert_eq!(seen, [Entry::Published { message, at: 1 << 33 }]);
        assert_eq!(incarnation(message.publisher), 2);
    }
}
