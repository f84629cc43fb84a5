//! A run of messages, sorted by who wants them.
//!
//! Messages for the same members share frames. One is put to the part that has its members, unless a part behind that one has a member
//! in common with it: each member gets its messages in their order.
//!
//! Cost for each message: reading as far as the topic, and a look-up unless it is that of the message before. Messages that do not
//! go to everybody are copied once for the ring.

use std::ops::Range;

use outrigger_fanout::Targets;
use outrigger_fanout::interest::{Slots, Topics};

use super::super::apart::Kind;
use super::super::batch::{Batch, Frames};
use super::wants::Kept;

/// How many parts are looked at to find one that a message may join.
const BACK: usize = 16;

/// Who gets a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// All that the run may go to.
    All,
    /// Some of them.
    Some(Slots),
}

/// A run that was sorted.
#[derive(Debug, Default)]
pub(super) struct Parts {
    parts: Vec<Part>,
    notes: Vec<Note>,
}

#[derive(Debug)]
struct Part {
    to: To,
    /// Places in the run, rising.
    messages: Vec<usize>,
}

/// What the ring has to know of the run, in the order of its messages.
#[derive(Debug)]
pub(super) enum Note {
    /// The message at `place` does not go to everybody.
    Kept { place: usize, topic: Range<usize>, publisher: Range<usize>, had: Slots },
    /// The one at `place` ends the way of its publisher.
    Ended { place: usize, publisher: Range<usize> },
}

/// What was found out about a topic.
struct Found<'a> {
    topic: &'a [u8],
    /// Those that get it, and those outside.
    had: Slots,
    /// The part that its messages go to, unless nobody gets them.
    part: Option<usize>,
}

impl Parts {
    /// Sorts a run.
    pub(super) fn of(topics: &Topics<Kept>, targets: &Targets<'_>, run: &Frames<'_>) -> Self {
        let outside = topics.outside(|peer| targets.contains(peer));
        let mut parts = Self::default();
        let mut last: Option<Found<'_>> = None;
        for (place, payload) in run.payloads().enumerate() {
            let (publisher, topic) = match Kind::of(payload) {
                Kind::Data { publisher, topic } => (publisher, topic),
                other => {
                    if let Kind::End { publisher } = other {
                        parts.notes.push(Note::Ended { place, publisher });
                    }
                    parts.add(To::All, place);
                    last = None;
                    continue;
                }
            };
            let bytes = payload.get(topic.clone()).unwrap_or_default();
            let found = match last.take().filter(|last| last.topic == bytes) {
                // Nothing came in between: it may join the same part.
                Some(found) => {
                    if let Some(part) = found.part.and_then(|part| parts.parts.get_mut(part)) {
                        part.messages.push(place);
                    }
                    found
                }
                None => parts.look_up(topics, &outside, bytes, place),
            };
            if !topics.are_all(&found.had) {
                parts.notes.push(Note::Kept { place, topic, publisher, had: found.had.clone() });
            }
            last = Some(found);
        }
        parts
    }

    /// Finds out who gets a message, and puts it into their part.
    fn look_up<'a>(
        &mut self,
        topics: &Topics<Kept>,
        outside: &Slots,
        topic: &'a [u8],
        place: usize,
    ) -> Found<'a> {
        let mut had = Slots::default();
        topics.targets(topic, &mut had);
        let mut to = had.clone();
        to.take_out(outside);
        had.add(outside);
        let part = if topics.are_all(&had) {
            Some(self.add(To::All, place))
        } else {
            (!to.is_empty()).then(|| self.add(To::Some(to), place))
        };
        Found { topic, had, part }
    }

    /// Puts a message into a part. Returns which.
    fn add(&mut self, to: To, place: usize) -> usize {
        for (at, part) in self.parts.iter_mut().enumerate().rev().take(BACK) {
            if part.to == to {
                part.messages.push(place);
                return at;
            }
            if part.to.meets(&to) {
                break;
            }
        }
        self.parts.push(Part { to, messages: vec![place] });
        self.parts.len() - 1
    }

    /// Whether all of the run goes to all.
    pub(super) fn are_whole(&self) -> bool {
        self.parts.iter().all(|part| part.to == To::All)
            && !self.notes.iter().any(|note| matches!(note, Note::Kept { .. }))
    }

    /// The frames of each part, and who gets it.
    pub(super) fn framed(&self, run: &Frames<'_>, prefix: &[u8]) -> Batch {
        let mut batch = Batch::default();
        for part in &self.parts {
            part.messages.iter().for_each(|place| run.push_into(&mut batch, *place, prefix));
            batch.cut();
        }
        batch
    }

    /// Who gets each part.
    pub(super) fn to(&self) -> impl Iterator<Item = &To> {
        self.parts.iter().map(|part| &part.to)
    }

    /// What the ring has to know.
    pub(super) fn into_notes(self) -> Vec<Note> {
        self.notes
    }
}

impl To {
    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Some(one), Self::Some(other)) => one.meets(other),
            _ => true,
        }
    }
}
