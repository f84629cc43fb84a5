//! A few patterns, to be found among many messages.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::Pattern;

/// Bits of the filter: few of the topics that are not wanted pass, with up to some thousands that are.
const BITS: usize = 1 << 14;

/// Patterns that somebody has begun to want. To say of a message that it is not wanted costs a look at one bit.
#[derive(Debug)]
pub struct Wanted<'a> {
    hasher: RandomState,
    everything: bool,
    filter: Box<[u64; BITS / 64]>,
    topics: HashSet<&'a [u8]>,
    prefixes: Vec<Pattern<'a>>,
}

impl<'a> Wanted<'a> {
    /// Nothing. `hasher` is that of the hashes which [`Wanted::has`] is asked with.
    pub(super) fn nothing(hasher: RandomState) -> Self {
        let filter = Box::new([0; BITS / 64]);
        Self { hasher, everything: false, filter, topics: HashSet::new(), prefixes: Vec::new() }
    }

    /// Every topic.
    #[must_use]
    pub fn everything() -> Self {
        Self { everything: true, ..Self::nothing(RandomState::new()) }
    }

    /// Adds a pattern.
    pub fn add(&mut self, pattern: Pattern<'a>) {
        match pattern {
            Pattern::Topic(topic) => {
                let (word, bit) = place(self.hasher.hash_one(topic));
                if let Some(word) = self.filter.get_mut(word) {
                    *word |= bit;
                }
                self.topics.insert(topic);
            }
            Pattern::Prefix(_) => self.prefixes.push(pattern),
        }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.everything && self.topics.is_empty() && self.prefixes.is_empty()
    }

    /// Whether it takes in a topic of this hash.
    pub(super) fn has<'t>(&self, hash: u64, topic: impl Fn() -> Option<&'t [u8]>) -> bool {
        let (word, bit) = place(hash);
        let by_name = self.filter.get(word).is_some_and(|word| word & bit != 0)
            && topic().is_some_and(|topic| self.topics.contains(topic));
        let matches = |topic: &[u8]| self.prefixes.iter().any(|prefix| prefix.matches(topic));
        self.everything || by_name || (!self.prefixes.is_empty() && topic().is_some_and(matches))
    }
}

const fn place(hash: u64) -> (usize, u64) {
    let bit = hash as usize % BITS;
    (bit / 64, 1 << (bit % 64))
}
