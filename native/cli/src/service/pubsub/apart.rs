//! A run of messages taken apart, for targets that do not get it whole.
//!
//! Each message is a copy of its own, so that one that waits keeps nothing alive but itself. The copies are made once, by the
//! first target that needs them. This is the one place that looks into payloads, as far as the topic, and only while somebody
//! lags or has said what it wants:
//!
//! - `{'$outrigger', epoch, publisher, topic, message, dispatcher}` is data;
//! - `{'$outrigger_total', router, prefix, term, first, [{from, topic, message, dispatcher}]}` is data, put in order;
//! - any other `{'$outrigger_…', …}` holds a publisher's order together, and is never dropped;
//! - anything else is data without a topic.
//!
//! Whose message it is, is said by the link that it came over: the pid in it is a claim.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use outrigger_fanout::{Class, Origin};
use outrigger_term::{Reader, TermError};

use super::ordered;

/// The messages of one run.
pub(super) struct Apart {
    origin: Arc<Origin>,
    messages: Vec<(Bytes, Kind)>,
}

/// What a payload is to a router, and where in it is what counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The way of a publisher ends.
    End { publisher: Range<usize> },
    /// Another marker.
    Marker,
    /// A message on a topic.
    Data { publisher: Range<usize>, topic: Range<usize> },
    /// Something else: a message as far as we are concerned.
    Other,
}

impl Kind {
    /// Looks as far as the topic.
    pub(super) fn of(payload: &[u8]) -> Self {
        read(payload).unwrap_or(Self::Other)
    }
}

impl Apart {
    /// Copies payloads, which are all of one origin.
    pub(super) fn new<'a>(origin: Arc<Origin>, payloads: impl Iterator<Item = &'a [u8]>) -> Self {
        let copy = |payload: &[u8]| (Bytes::copy_from_slice(payload), Kind::of(payload));
        Self { origin, messages: payloads.map(copy).collect() }
    }

    /// The group of all of them.
    pub(super) fn group(&self) -> &Arc<str> {
        &self.origin.group
    }

    fn data<'a>(&'a self, topic: Option<&'a [u8]>) -> Class<'a> {
        Class::Data { origin: &self.origin, topic: topic.unwrap_or_default() }
    }

    /// The messages in their order, and what they are to a queue.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Bytes, Class<'_>)> {
        self.messages.iter().map(|(payload, kind)| {
            let class = match kind {
                Kind::End { .. } | Kind::Marker => Class::Control,
                Kind::Data { topic, .. } => self.data(payload.get(topic.clone())),
                Kind::Other => self.data(None),
            };
            (payload, class)
        })
    }
}

fn read(payload: &[u8]) -> Result<Kind, TermError> {
    let mut reader = Reader::new(payload);
    let arity = reader.tuple()?;
    let tag = reader.atom()?;
    if arity == 6 && tag.eq_str("$outrigger_total") {
        // Who published it does not matter: no way of its ends here.
        return Ok(Kind::Data { publisher: 0..0, topic: ordered::topic(payload, reader)? });
    }
    let is_end = arity == 4 && tag.eq_str("$outrigger_end");
    if !is_end && tag.text().starts_with("$outrigger_") {
        return Ok(Kind::Marker);
    }
    if !is_end && (arity != 6 || !tag.eq_str("$outrigger")) {
        return Ok(Kind::Other);
    }
    let at = |reader: &Reader<'_>| payload.len() - reader.remaining().len();
    let mut publisher = || {
        let _epoch = reader.skip()?;
        let start = at(&reader);
        reader.skip()?;
        Ok::<_, TermError>(start..at(&reader))
    };
    if is_end {
        return Ok(publisher().map_or(Kind::Marker, |publisher| Kind::End { publisher }));
    }
    let publisher = publisher()?;
    let topic = reader.binary()?.len();
    Ok(Kind::Data { publisher, topic: at(&reader) - topic..at(&reader) })
}

#[cfg(test)]
mod tests {
    use outrigger_term::{Atom, Pid};

    use super::super::tests::term;
    use super::*;

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

    fn end() -> Vec<u8> {
        term(|writer| {
            writer.tuple(4);
            writer.atom("$outrigger_end").unwrap();
            writer.integer(5);
            writer.pid(&Pid { node: Atom::Utf8("a@h"), id: 1, serial: 2, creation: 3 }).unwrap();
            writer.atom("direct").unwrap();
        })
    }

    #[test]
    fn data_has_a_topic_and_markers_are_control() {
        let data = message("$outrigger", b"news");
        let Kind::Data { publisher, topic } = Kind::of(&data) else { panic!("control") };
        assert_eq!(data[topic], *b"news");
        assert_eq!(Reader::new(&data[publisher.clone()]).pid().unwrap().id, 1);
        for tag in ["$outrigger_begin", "$outrigger_end", "$outrigger_later"] {
            assert_eq!(Kind::of(&message(tag, b"news")), Kind::Marker, "{tag}");
        }
        let end = end();
        let Kind::End { publisher: same } = Kind::of(&end) else { panic!("no end") };
        assert_eq!(end[same], data[publisher]);
        for other in [message("hello", b"news"), vec![97, 5], term(|writer| writer.tuple(0)), Vec::new()] {
            assert_eq!(Kind::of(&other), Kind::Other, "{other:?}");
        }
    }

    #[test]
    fn a_message_without_end_or_with_wrong_bytes_is_data_and_a_marker_stays_one() {
        let (whole, end) = (message("$outrigger", b"news"), end());
        for cut in 0..whole.len() {
            assert!(matches!(Kind::of(&whole[..cut]), Kind::Other | Kind::Data { .. }), "cut at {cut}");
        }
        // Behind the tag.
        for cut in 18..end.len() {
            assert!(matches!(Kind::of(&end[..cut]), Kind::Marker | Kind::End { .. }), "cut at {cut}");
        }
        for (at, value) in (0..whole.len()).flat_map(|at| (0..=255).map(move |value| (at, value))) {
            let mut wrong = whole.clone();
            wrong[at] = value;
            let _ = Kind::of(&wrong);
        }
    }

    #[test]
    fn the_copies_keep_their_order() {
        let payloads = [message("$outrigger", b"a"), message("$outrigger_end", b""), vec![97, 5]];
        let origin = Arc::new(Origin { group: "g".into(), node: "a@h".into() });
        let apart = Apart::new(origin.clone(), payloads.iter().map(Vec::as_slice));
        let seen: Vec<_> = apart.iter().map(|(payload, class)| (payload.to_vec(), class)).collect();
        assert!(matches!(seen[0].1, Class::Data { topic: b"a", origin } if &*origin.node == "a@h"));
        assert!(matches!(seen[1].1, Class::Control) && matches!(seen[2].1, Class::Data { topic: b"", .. }));
        assert!(seen.iter().map(|(payload, _)| payload).eq(&payloads));
    }
}
