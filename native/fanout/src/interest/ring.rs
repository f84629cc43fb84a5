//! What was handed on a moment ago and not to everybody: for those whose interest comes late.
//!
//! A subscriber counts on what is published after `subscribe` has returned. Its node's interest reaches the router a moment later, and what
//! was handed on in between went to others only. The ring has it.
//!
//! Messages are numbered in the order they are put in, from 1. A *stamp* is the number of the last one: what is put in later comes
//! behind it.
//!
//! # Invariants
//!
//! - Messages come out in the order they were put in, and each once for each slot: the ring knows who has had it.
//! - [`Ring::late`] says whether what it was asked for is all there: a bound that was passed is never silent.
//! - What a publisher sent on a way that has ended does not come any more: it would come behind what it has sent since on another.
//!
//! # Limits
//!
//! Bounded in bytes and in age. To look for a topic is to look at all that came since: the later the interest, the longer.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use super::{Slots, Wanted};
use crate::PeerId;

/// What a ring may hold.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RingBounds {
    /// Bytes of all messages, each with 128 for its place. Default 32 MiB.
    pub max_bytes: usize,
    /// Microseconds after which a message is forgotten. Default 5 s.
    pub max_age: u64,
}

impl Default for RingBounds {
    fn default() -> Self {
        Self { max_bytes: 32 << 20, max_age: 5_000_000 }
    }
}

/// The newest messages of one group that did not go to everybody. `M` holds the message, topic included.
#[derive(Debug)]
pub struct Ring<M> {
    bounds: RingBounds,
    hasher: RandomState,
    entries: VecDeque<Kept<M>>,
    bytes: usize,
    /// The number of the message that was put in last.
    stamp: u64,
    /// Publishers by their hash, and the stamp under which they left their way.
    ended: HashMap<u64, u64>,
}

/// A message, and where in it is what a ring has to know.
#[derive(Clone, Debug)]
pub struct Entry<M> {
    /// The message.
    pub message: M,
    /// The bytes of its topic.
    pub topic: Range<usize>,
    /// The bytes that name its publisher.
    pub publisher: Range<usize>,
    /// The link that it came over.
    pub from: PeerId,
    /// Who has had it, or is not to have it.
    pub had: Slots,
}

#[derive(Debug)]
struct Kept<M> {
    at: u64,
    /// Of the topic: what is not looked for is passed over without a look at the message.
    hash: u64,
    /// The way it came has ended.
    over: bool,
    entry: Entry<M>,
}

/// What a late interest has missed.
#[derive(Debug, PartialEq, Eq)]
pub struct Late<M> {
    /// Whether it is all there. If not, older messages were forgotten.
    pub complete: bool,
    /// The messages, oldest first.
    pub messages: Vec<M>,
}

impl<M: AsRef<[u8]>> Ring<M> {
    /// Bytes that the place of a message is charged with.
    const PLACE: usize = 128;
    /// Publishers whose way has ended.
    const MOST_ENDED: usize = 1 << 16;

    /// A ring that nothing was put into.
    #[must_use]
    pub fn new(bounds: RingBounds) -> Self {
        Self {
            bounds,
            hasher: RandomState::new(),
            entries: VecDeque::new(),
            bytes: 0,
            stamp: 0,
            ended: HashMap::new(),
        }
    }

    /// Puts in a message that was handed on at `now` (us).
    pub fn push(&mut self, now: u64, entry: Entry<M>) {
        self.stamp += 1;
        self.bytes += Self::PLACE + entry.message.as_ref().len();
        let hash = self.hash(entry.message.as_ref().get(entry.topic.clone()));
        self.entries.push_back(Kept { at: now, hash, over: false, entry });
        self.expire(now);
    }

    /// The way of a publisher ends here, and it goes on by another.
    pub fn ended(&mut self, publisher: &[u8]) {
        if self.ended.len() >= Self::MOST_ENDED {
            self.clear();
        }
        if !self.entries.is_empty() {
            self.ended.insert(self.hash(Some(publisher)), self.stamp);
        }
    }

    /// So do those of all publishers behind a link.
    pub fn ended_all(&mut self, from: PeerId) {
        let theirs = self.entries.iter_mut().filter(|kept| kept.entry.from == from);
        theirs.for_each(|kept| kept.over = true);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.ended.clear();
        self.bytes = 0;
    }

    /// Forgets what is too old or too much.
    pub fn expire(&mut self, now: u64) {
        let oldest = now.saturating_sub(self.bounds.max_age);
        while let Some(kept) = self.entries.front()
            && (self.bytes > self.bounds.max_bytes || kept.at < oldest)
        {
            self.bytes -= Self::PLACE + kept.entry.message.as_ref().len();
            self.entries.pop_front();
        }
        if self.entries.is_empty() {
            self.ended.clear();
        }
    }

    /// The number of the message that was put in last; 0 before the first.
    #[must_use]
    pub const fn stamp(&self) -> u64 {
        self.stamp
    }

    /// Patterns to look for here.
    #[must_use]
    pub fn wanted<'a>(&self) -> Wanted<'a> {
        Wanted::nothing(self.hasher.clone())
    }

    /// What was put in behind the stamp `since`, is wanted by its topic, and `slot` has not had. From now on it has.
    pub fn late(&mut self, since: u64, slot: usize, wanted: &Wanted<'_>) -> Late<M>
    where
        M: Clone,
    {
        let forgotten = self.stamp - self.entries.len() as u64;
        let first = usize::try_from(since.saturating_sub(forgotten)).unwrap_or(usize::MAX);
        // A stamp that is none of ours says nothing about what was missed.
        let mut complete = forgotten <= since && since <= self.stamp;
        let mut messages = Vec::new();
        for (number, kept) in (forgotten + 1..).zip(&mut self.entries).skip(first) {
            let Kept { hash, over, entry: Entry { message, topic, publisher, had, .. }, .. } = kept;
            let part = |of: &Range<usize>| message.as_ref().get(of.clone());
            if !wanted.has(*hash, || part(topic)) || !had.insert(slot) {
                continue;
            }
            let ended =
                || part(publisher).and_then(|publisher| self.ended.get(&self.hasher.hash_one(publisher)));
            if *over || (!self.ended.is_empty() && ended().is_some_and(|ended| *ended >= number)) {
                complete = false;
            } else {
                messages.push(message.clone());
            }
        }
        Late { complete, messages }
    }

    /// Who has had a message as `from` has had it as `to`, and what was had as `to` before was another's.
    pub fn moved(&mut self, from: usize, to: usize) {
        for had in self.entries.iter_mut().map(|kept| &mut kept.entry.had) {
            if had.contains(from) {
                had.insert(to);
            } else {
                had.remove(to);
            }
        }
    }

    fn hash(&self, bytes: Option<&[u8]>) -> u64 {
        self.hasher.hash_one(bytes.unwrap_or_default())
    }

    /// Messages and bytes that are held.
    #[cfg(test)]
    fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Pattern;
    use super::*;

    fn ring(max_bytes: usize) -> Ring<Vec<u8>> {
        Ring::new(RingBounds { max_bytes, max_age: 1_000 })
    }

    fn push(ring: &mut Ring<Vec<u8>>, at: u64, topic: &str, number: u8, had: &[usize]) {
        let message = [topic.as_bytes(), &[number % 2, number]].concat();
        let publisher = topic.len()..topic.len() + 1;
        let had = had.iter().copied().collect();
        let from = PeerId(u64::from(number / 10));
        ring.push(at, Entry { message, topic: 0..topic.len(), publisher, from, had });
    }

    fn numbers(late: &Late<Vec<u8>>) -> (bool, Vec<u8>) {
        (late.complete, late.messages.iter().map(|message| *message.last().unwrap()).collect())
    }

    #[test]
    fn who_is_late_gets_what_it_missed_in_order_and_once() {
        let mut ring = ring(10_000);
        for number in 0..6 {
            push(&mut ring, 100, if number % 2 == 0 { "a:x" } else { "b" }, number, &[1]);
        }
        assert_eq!(ring.stamp(), 6);
        let mut late = |since, slot, patterns: &[Pattern<'static>]| {
            let mut wanted = ring.wanted();
            patterns.iter().for_each(|pattern| wanted.add(*pattern));
            numbers(&ring.late(since, slot, &wanted))
        };
        let (topic, prefix) = (Pattern::Topic, Pattern::Prefix);
        assert_eq!(late(3, 9, &[topic(b"a:x"), topic(b"c")]), (true, vec![4]));
        assert_eq!(late(0, 9, &[prefix(b"a:")]), (true, vec![0, 2]), "the rest it has had");
        assert_eq!(late(0, 9, &[topic(b"a:")]), (true, vec![]));
        assert_eq!(late(0, 1, &[prefix(b"")]), (true, vec![]), "its own");
        assert_eq!(late(6, 7, &[prefix(b"")]), (true, vec![]));
        assert_eq!(late(7, 7, &[prefix(b"")]), (false, vec![]), "that stamp was never given");
    }

    #[test]
    fn a_bound_that_was_passed_is_told() {
        let mut by_bytes = ring(2 * 131);
        for number in 0..4 {
            push(&mut by_bytes, u64::from(number), "t", number, &[]);
        }
        assert_eq!(by_bytes.size(), (2, 2 * 131));
        assert_eq!(numbers(&by_bytes.late(1, 9, &Wanted::everything())), (false, vec![2, 3]));
        assert_eq!(numbers(&by_bytes.late(2, 8, &Wanted::everything())), (true, vec![2, 3]));
        let mut by_age = ring(10_000);
        push(&mut by_age, 5, "t", 1, &[]);
        push(&mut by_age, 1_005, "t", 2, &[]);
        assert_eq!(numbers(&by_age.late(0, 9, &Wanted::everything())), (true, vec![1, 2]));
        by_age.expire(1_006);
        assert_eq!(numbers(&by_age.late(0, 8, &Wanted::everything())), (false, vec![2]));
        by_age.expire(1 << 40);
        assert_eq!((by_age.size(), by_age.stamp()), ((0, 0), 2));
        assert_eq!(numbers(&by_age.late(2, 9, &Wanted::everything())), (true, vec![]));
    }

    #[test]
    fn a_new_slot_has_had_what_the_old_one_has() {
        let mut ring = ring(10_000);
        push(&mut ring, 1, "t", 1, &[4]);
        push(&mut ring, 1, "t", 2, &[5]);
        ring.moved(4, 5);
        assert_eq!(numbers(&ring.late(0, 5, &Wanted::everything())), (true, vec![2]));
    }

    /// Odd and even numbers are of two publishers, tens of one link.
    #[test]
    fn what_came_on_a_way_that_has_ended_is_a_gap() {
        let mut ring = ring(10_000);
        for number in [1, 2, 11, 12] {
            push(&mut ring, 1, "t", number, &[]);
        }
        ring.ended(&[1]);
        push(&mut ring, 1, "t", 13, &[]);
        push(&mut ring, 1, "t", 14, &[]);
        assert_eq!(numbers(&ring.late(0, 1, &Wanted::everything())), (false, vec![2, 12, 13, 14]));
        assert_eq!(numbers(&ring.late(4, 2, &Wanted::everything())), (true, vec![13, 14]));
        ring.ended_all(PeerId(1));
        assert_eq!(numbers(&ring.late(0, 3, &Wanted::everything())), (false, vec![2]));
        ring.clear();
        assert_eq!(numbers(&ring.late(5, 3, &Wanted::everything())), (false, vec![]));
        assert_eq!(numbers(&ring.late(6, 3, &Wanted::everything())), (true, vec![]));
    }
}
