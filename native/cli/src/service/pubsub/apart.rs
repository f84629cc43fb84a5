//! A run of messages taken apart, for targets that do not get it whole.
//!
//! Each message is a copy of its own, so that one that waits keeps nothing alive but itself. The copies are made once, by the
//! first target that needs them. This is the one place that looks into payloads, as far as the topic, and only while somebody
//! lags:
//!
//! - `{'$outrigger', epoch, publisher, topic, message, dispatcher}` is data;
//! - `{'$outrigger_…', …}` holds a publisher's order together, and is never dropped;
//! - anything else is data without a topic.
//!
//! Whose message it is, is said by the link that it came over: the pid in it is a claim.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use outrigger_fanout::{Class, Origin};
use outrigger_term::{Reader, TermError};

/// The messages of one run.
pub(super) struct Apart {
    origin: Arc<Origin>,
    messages: Vec<(Bytes, Kind)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Control,
    /// Where the topic is.
    Data(Range<usize>),
}

impl Apart {
    /// Copies payloads that were published in `group` on `node`.
    pub(super) fn new<'a>(group: &Arc<str>, node: &str, payloads: impl Iterator<Item = &'a [u8]>) -> Self {
        let origin = Arc::new(Origin { group: group.clone(), node: node.into() });
        let copy = |payload: &[u8]| (Bytes::copy_from_slice(payload), kind(payload));
        Self { origin, messages: payloads.map(copy).collect() }
    }

    /// The group of all of them.
    pub(super) fn group(&self) -> &Arc<str> {
        &self.origin.group
    }

    /// The messages in their order, and what they are to a queue.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Bytes, Class<'_>)> {
        self.messages.iter().map(|(payload, kind)| {
            let class = match kind {
                Kind::Control => Class::Control,
                Kind::Data(at) => {
                    Class::Data { origin: &self.origin, topic: payload.get(at.clone()).unwrap_or_default() }
                }
            };
            (payload, class)
        })
    }
}

fn kind(payload: &[u8]) -> Kind {
    read(payload).unwrap_or(Kind::Data(0..0))
}

fn read(payload: &[u8]) -> Result<Kind, TermError> {
    let mut reader = Reader::new(payload);
    let arity = reader.tuple()?;
    let tag = reader.atom()?;
    if tag.text().starts_with("$outrigger_") {
        return Ok(Kind::Control);
    }
    if arity != 6 || !tag.eq_str("$outrigger") {
        return Ok(Kind::Data(0..0));
    }
    let _epoch = reader.skip()?;
    let _publisher = reader.skip()?;
    let topic = reader.binary()?.len();
    let end = payload.len() - reader.remaining().len();
    Ok(Kind::Data(end - topic..end))
}

#[cfg(test)]
mod tests {
    use outrigger_term::{Atom, Pid, Writer};

    use super::*;

    fn term(build: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        build(&mut Writer::new(&mut bytes));
        bytes
    }

    fn message(tag: &str, topic: &[u8]) -> Vec<u8> {
        term(|writer| {
            writer.tuple(6);
            writer.atom(tag).unwrap();
            writer.unsigned(u64::MAX);
            writer.pid(&Pid { node: Atom::Utf8("a@h"), id: 1, serial: 2, creation: 3 }).unwrap();
            writer.binary(topic).unwrap();
            writer.atom("message").unwrap();
            writer.atom("dispatcher").unwrap();
        })
    }

    #[test]
    fn data_has_a_topic_and_markers_are_control() {
        let data = message("$outrigger", b"news");
        let Kind::Data(at) = kind(&data) else { panic!("control") };
        assert_eq!(data[at], *b"news");
        for tag in ["$outrigger_begin", "$outrigger_end", "$outrigger_later"] {
            assert_eq!(kind(&message(tag, b"news")), Kind::Control, "{tag}");
        }
        for other in [message("hello", b"news"), vec![97, 5], term(|writer| writer.tuple(0)), Vec::new()] {
            assert_eq!(kind(&other), Kind::Data(0..0), "{other:?}");
        }
    }

    #[test]
    fn a_message_without_end_or_with_wrong_bytes_is_data() {
        let whole = message("$outrigger", b"news");
        for end in 0..whole.len() {
            assert!(matches!(kind(&whole[..end]), Kind::Data(_)), "cut at {end}");
        }
        for (at, value) in (0..whole.len()).flat_map(|at| (0..=255).map(move |value| (at, value))) {
            let mut wrong = whole.clone();
            wrong[at] = value;
            let _ = kind(&wrong);
        }
    }

    #[test]
    fn the_copies_keep_their_order() {
        let payloads = [message("$outrigger", b"a"), message("$outrigger_end", b""), vec![97, 5]];
        let apart = Apart::new(&"g".into(), "a@h", payloads.iter().map(Vec::as_slice));
        let seen: Vec<_> = apart.iter().map(|(payload, class)| (payload.to_vec(), class)).collect();
        assert!(matches!(seen[0].1, Class::Data { topic: b"a", origin } if &*origin.node == "a@h"));
        assert!(matches!(seen[1].1, Class::Control) && matches!(seen[2].1, Class::Data { topic: b"", .. }));
        assert!(seen.iter().map(|(payload, _)| payload).eq(&payloads));
    }
}
