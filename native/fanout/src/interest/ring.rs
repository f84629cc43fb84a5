//! What was passed on a moment ago and not to everybody: for those whose interest comes late.
//!
//! A subscriber counts on what is published after `subscribe` has returned. Its node's interest reaches the router a moment later, and what
//! was passed on in between went to others only. The ring has it.
//!
//! # Invariants
//!
//! - Messages come out in the order they were put in.
//! - [`Ring::late`] says whether what it was asked for is all there: a bound that was passed is never silent.
//!
//! # Limits
//!
//! Bounded in bytes and in age. To look for a topic is to look at all that came since: the later the interest, the longer.

use std::collections::VecDeque;
use std::ops::Range;

use super::Pattern;
use crate::PeerId;

/// What a ring may hold.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RingBounds {
    /// Bytes of all messages, each with 64 for its place. Default 8 MiB.
    pub max_bytes: usize,
    /// Microseconds after which a message is forgotten. Default 1 s.
    pub max_age: u64,
}

impl Default for RingBounds {
    fn default() -> Self {
        Self { max_bytes: 8 << 20, max_age: 1_000_000 }
    }
}

/// The newest messages of one group that did not go to everybody. `M` holds the message, topic included.
#[derive(Debug)]
pub struct Ring<M> {
    bounds: RingBounds,
    entries: VecDeque<Entry<M>>,
    bytes: usize,
    /// When the newest message was passed on that is not here any more.
    forgotten: Option<u64>,
}

#[derive(Debug)]
struct Entry<M> {
    at: u64,
    from: PeerId,
    message: M,
    topic: Range<usize>,
}

/// What a late interest has missed.
#[derive(Debug)]
pub struct Late<'a, M> {
    /// Whether it is all there. If not, older messages were forgotten.
    pub complete: bool,
    /// The messages, oldest first.
    pub messages: Vec<&'a M>,
}

impl<M: AsRef<[u8]>> Ring<M> {
    /// Bytes that the place of a message is charged with.
    const PLACE: usize = 64;

    /// A ring that nothing was put into.
    #[must_use]
    pub fn new(bounds: RingBounds) -> Self {
        Self { bounds, entries: VecDeque::new(), bytes: 0, forgotten: None }
    }

    /// Puts in a message that was passed on at `now` (us), the bytes of its topic within it, and whose it was.
    pub fn push(&mut self, now: u64, from: PeerId, message: M, topic: Range<usize>) {
        self.bytes += Self::PLACE + message.as_ref().len();
        self.entries.push_back(Entry { at: now, from, message, topic });
        self.expire(now);
    }

    /// Forgets what is too old or too much.
    pub fn expire(&mut self, now: u64) {
        let oldest = now.saturating_sub(self.bounds.max_age);
        while let Some(entry) = self.entries.front()
            && (self.bytes > self.bounds.max_bytes || entry.at < oldest)
        {
            self.bytes -= Self::PLACE + entry.message.as_ref().len();
            self.forgotten = self.forgotten.max(Some(entry.at));
            self.entries.pop_front();
        }
    }

    /// What was passed on at `since` or later, matches, and is not of the peer that asks.
    #[must_use]
    pub fn late(&self, pattern: Pattern<'_>, since: u64, asker: PeerId) -> Late<'_, M> {
        let first = self.entries.partition_point(|entry| entry.at < since);
        let matches = |entry: &&Entry<M>| {
            let topic = entry.message.as_ref().get(entry.topic.clone());
            entry.from != asker && topic.is_some_and(|topic| pattern.matches(topic))
        };
        Late {
            complete: self.forgotten.is_none_or(|forgotten| forgotten < since),
            messages: self.entries.range(first..).filter(matches).map(|entry| &entry.message).collect(),
        }
    }

    /// Messages and bytes that are held.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: PeerId = PeerId(1);

    fn ring(max_bytes: usize) -> Ring<Vec<u8>> {
        Ring::new(RingBounds { max_bytes, max_age: 1_000 })
    }

    fn push(ring: &mut Ring<Vec<u8>>, at: u64, topic: &str, number: u8) {
        ring.push(at, ONE, [topic.as_bytes(), &[number]].concat(), 0..topic.len());
    }

    fn numbers(late: &Late<'_, Vec<u8>>) -> (bool, Vec<u8>) {
        (late.complete, late.messages.iter().map(|message| *message.last().unwrap()).collect())
    }

    #[test]
    fn who_is_late_gets_what_it_missed_in_order() {
        let mut ring = ring(10_000);
        for number in 0..6 {
            push(&mut ring, 100 + u64::from(number), if number % 2 == 0 { "a:x" } else { "b" }, number);
        }
        let late = |pattern, since, asker| numbers(&ring.late(pattern, since, PeerId(asker)));
        assert_eq!(late(Pattern::Topic(b"a:x"), 0, 9), (true, vec![0, 2, 4]));
        assert_eq!(late(Pattern::Topic(b"a:x"), 102, 9), (true, vec![2, 4]));
        assert_eq!(late(Pattern::Prefix(b"a:"), 103, 9), (true, vec![4]));
        assert_eq!(late(Pattern::Topic(b"a:"), 0, 9), (true, vec![]));
        assert_eq!(late(Pattern::Topic(b"b"), 0, 1), (true, vec![]), "its own it has had");
    }

    #[test]
    fn a_bound_that_was_passed_is_told() {
        let mut by_bytes = ring(2 * 66);
        for number in 0..4 {
            push(&mut by_bytes, u64::from(number), "t", number);
        }
        assert_eq!(by_bytes.size(), (2, 2 * 66));
        assert_eq!(numbers(&by_bytes.late(Pattern::Topic(b"t"), 0, PeerId(9))), (false, vec![2, 3]));
        assert_eq!(numbers(&by_bytes.late(Pattern::Topic(b"t"), 2, PeerId(9))), (true, vec![2, 3]));
        let mut by_age = ring(10_000);
        push(&mut by_age, 5, "t", 1);
        push(&mut by_age, 1_005, "t", 2);
        assert_eq!(numbers(&by_age.late(Pattern::Topic(b"t"), 5, PeerId(9))), (true, vec![1, 2]));
        by_age.expire(1_006);
        assert_eq!(numbers(&by_age.late(Pattern::Topic(b"t"), 5, PeerId(9))), (false, vec![2]));
        by_age.expire(1 << 40);
        assert_eq!(by_age.size(), (0, 0));
    }
}
