//! Patterns and the slots of those who want them.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};

use super::{Pattern, Slots};

/// Parts that are swept one at a time.
const SHARDS: usize = 64;

type Map = HashMap<Box<[u8]>, Slots>;

#[derive(Debug)]
pub(super) struct Table {
    hasher: RandomState,
    topics: Vec<Map>,
    prefixes: Map,
    /// How many prefixes there are of each length.
    lengths: BTreeMap<usize, usize>,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            topics: vec![Map::new(); SHARDS],
            prefixes: Map::new(),
            lengths: BTreeMap::new(),
        }
    }
}

impl Table {
    /// Whether a slot is among those who want a pattern.
    pub(super) fn has(&self, pattern: Pattern<'_>, slot: usize) -> bool {
        self.map(pattern).get(pattern.bytes()).is_some_and(|slots| slots.contains(slot))
    }

    pub(super) fn insert(&mut self, pattern: Pattern<'_>, slot: usize) {
        let (map, bytes) = (self.map_mut(pattern), pattern.bytes());
        if let Some(slots) = map.get_mut(bytes) {
            slots.insert(slot);
            return;
        }
        map.insert(bytes.into(), Slots::from_iter([slot]));
        if let Pattern::Prefix(_) = pattern {
            *self.lengths.entry(bytes.len()).or_default() += 1;
        }
    }

    /// Whether it was there.
    pub(super) fn remove(&mut self, pattern: Pattern<'_>, slot: usize) -> bool {
        let (map, bytes) = (self.map_mut(pattern), pattern.bytes());
        let Some(slots) = map.get_mut(bytes) else { return false };
        let removed = slots.remove(slot);
        if slots.is_empty() {
            map.remove(bytes);
            if let Pattern::Prefix(_) = pattern {
                shorten(&mut self.lengths, bytes.len());
            }
        }
        removed
    }

    /// Adds those who want a topic.
    pub(super) fn add_to(&self, topic: &[u8], targets: &mut Slots) {
        if let Some(slots) = self.map(Pattern::Topic(topic)).get(topic) {
            targets.add(slots);
        }
        for (length, _) in self.lengths.range(..=topic.len()) {
            if let Some(slots) = topic.get(..*length).and_then(|prefix| self.prefixes.get(prefix)) {
                targets.add(slots);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.topics.iter().map(Map::len).sum::<usize>() + self.prefixes.len()
    }

    pub(super) const fn shards(&self) -> usize {
        SHARDS
    }

    /// Takes slots out of one shard, and out of the prefixes with the first one.
    pub(super) fn sweep(&mut self, shard: usize, gone: &[usize]) {
        let stays = |slots: &mut Slots| {
            gone.iter().for_each(|slot| {
                slots.remove(*slot);
            });
            !slots.is_empty()
        };
        if let Some(map) = self.topics.get_mut(shard) {
            map.retain(|_, slots| stays(slots));
            if map.capacity() > 4 * map.len() {
                map.shrink_to_fit();
            }
        }
        if shard == 0 {
            let lengths = &mut self.lengths;
            self.prefixes.retain(|prefix, slots| {
                let stays = stays(slots);
                if !stays {
                    shorten(lengths, prefix.len());
                }
                stays
            });
        }
    }

    fn map(&self, pattern: Pattern<'_>) -> &Map {
        match pattern {
            Pattern::Topic(topic) => self.topics.get(self.shard(topic)).unwrap_or(&self.prefixes),
            Pattern::Prefix(_) => &self.prefixes,
        }
    }

    fn map_mut(&mut self, pattern: Pattern<'_>) -> &mut Map {
        match pattern {
            Pattern::Topic(topic) => {
                let shard = self.shard(topic);
                self.topics.get_mut(shard).unwrap_or(&mut self.prefixes)
            }
            Pattern::Prefix(_) => &mut self.prefixes,
        }
    }

    fn shard(&self, topic: &[u8]) -> usize {
        self.hasher.hash_one(topic) as usize % SHARDS
    }
}

fn shorten(lengths: &mut BTreeMap<usize, usize>, length: usize) {
    if let Some(count) = lengths.get_mut(&length) {
        *count -= 1;
        if *count == 0 {
            lengths.remove(&length);
        }
    }
}
