//! A set of slots: small numbers, one for each member of a group.

use std::fmt;

/// Slots in a word.
const WORD: usize = u64::BITS as usize;

/// A set of slots. Up to 64 of them cost no allocation.
#[derive(Clone, Default)]
pub struct Slots {
    low: u64,
    /// The words behind the first one. May end with zeros.
    high: Box<[u64]>,
}

impl Slots {
    /// Adds a slot. Whether it is new.
    pub fn insert(&mut self, slot: usize) -> bool {
        let (word, bit) = (slot / WORD, 1 << (slot % WORD));
        if word > self.high.len() {
            let mut words = std::mem::take(&mut self.high).into_vec();
            words.resize(word, 0);
            self.high = words.into();
        }
        let word = self.word_mut(word);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// Takes a slot out. Whether it was there.
    pub fn remove(&mut self, slot: usize) -> bool {
        if !self.contains(slot) {
            return false;
        }
        *self.word_mut(slot / WORD) &= !(1 << (slot % WORD));
        true
    }

    /// Whether a slot is in the set.
    #[must_use]
    pub fn contains(&self, slot: usize) -> bool {
        self.word(slot / WORD) & 1 << (slot % WORD) != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.low == 0 && self.high.iter().all(|word| *word == 0)
    }

    /// Adds all slots of another set.
    pub fn add(&mut self, other: &Self) {
        self.low |= other.low;
        if other.high.len() > self.high.len() {
            let mut words = std::mem::take(&mut self.high).into_vec();
            words.resize(other.high.len(), 0);
            self.high = words.into();
        }
        self.high.iter_mut().zip(&other.high).for_each(|(word, other)| *word |= other);
    }

    /// Takes out all slots of another set.
    pub fn take_out(&mut self, other: &Self) {
        self.low &= !other.low;
        self.high.iter_mut().zip(&other.high).for_each(|(word, other)| *word &= !other);
    }

    /// Whether a slot is in both sets.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.low & other.low != 0 || self.high.iter().zip(&other.high).any(|(one, other)| one & other != 0)
    }

    /// Takes out all slots that are not in another set.
    pub fn keep(&mut self, other: &Self) {
        self.low &= other.low;
        self.high.iter_mut().enumerate().for_each(|(at, word)| *word &= other.word(at + 1));
    }

    /// The slots, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let words = std::iter::once(self.low).chain(self.high.iter().copied());
        words.enumerate().flat_map(|(at, mut word)| {
            std::iter::from_fn(move || {
                let bit = word.trailing_zeros();
                word &= word.wrapping_sub(1);
                (bit < u64::BITS).then_some(at * WORD + bit as usize)
            })
        })
    }

    fn word(&self, at: usize) -> u64 {
        match at.checked_sub(1) {
            None => self.low,
            Some(at) => self.high.get(at).copied().unwrap_or(0),
        }
    }

    /// A word that is there.
    fn word_mut(&mut self, at: usize) -> &mut u64 {
        match at.checked_sub(1).and_then(|at| self.high.get_mut(at)) {
            Some(word) => word,
            None => &mut self.low,
        }
    }
}

impl PartialEq for Slots {
    fn eq(&self, other: &Self) -> bool {
        let words = self.high.len().max(other.high.len());
        (0..=words).all(|at| self.word(at) == other.word(at))
    }
}

impl Eq for Slots {}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl FromIterator<usize> for Slots {
    fn from_iter<I: IntoIterator<Item = usize>>(slots: I) -> Self {
        let mut set = Self::default();
        slots.into_iter().for_each(|slot| {
            set.insert(slot);
        });
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set(
            one in prop::collection::btree_set(0..300usize, 0..40),
            other in prop::collection::btree_set(0..300usize, 0..40),
        ) {
            let set = |of: &BTreeSet<usize>| of.iter().copied().collect::<Slots>();
            prop_assert_eq!(set(&one).iter().collect::<Vec<_>>(), one.iter().copied().collect::<Vec<_>>());
            let mut sum = set(&one);
            sum.add(&set(&other));
            prop_assert_eq!(&sum, &set(&(&one | &other)));
            let mut both = set(&one);
            both.keep(&set(&other));
            prop_assert_eq!(&both, &set(&(&one & &other)));
            prop_assert_eq!(both.is_empty(), one.is_disjoint(&other));
            prop_assert_eq!(set(&one).meets(&set(&other)), !one.is_disjoint(&other));
            let mut rest = set(&one);
            rest.take_out(&set(&other));
            prop_assert_eq!(&rest, &set(&(&one - &other)));
            for slot in &one {
                prop_assert!(!sum.insert(*slot) && sum.remove(*slot) && !sum.contains(*slot) && !sum.remove(*slot));
            }
            prop_assert_eq!(sum, set(&(&other - &one)));
        }
    }
}
