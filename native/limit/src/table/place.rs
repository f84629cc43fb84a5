//! Where a key may stand, from its hash.
//!
//! In the places of up to four groups. Nine of ten keys stand in their first one until the table is nearly full, and hits
//! of them look no further. With two groups for a key the first new key would be refused when six tenths of a large table
//! are in use; with four it is eight tenths (M. Mitzenmacher, "The power of two choices in randomized load balancing",
//! 2001, says why so few are enough).

use super::groups::WIDTH;
use crate::KeyHash;

/// Groups that a key may stand in.
const CHOICES: usize = 4;

/// The tag of a key, its groups, and where in a group to look first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// 48 bits, not 0.
    pub(super) tag: u64,
    pub(super) first: usize,
    pub(super) start: usize,
    low: u64,
}

impl Place {
    /// The bits of the tag and of the groups are different ones.
    #[inline]
    pub(super) const fn new(key: KeyHash, groups: usize) -> Self {
        let tag = key.high >> 16;
        // All of the place from the low half, which is there first: the table's memory is on its way while the high half
        // is being computed.
        let at = scale(key.low, groups * WIDTH);
        Self { tag: if tag == 0 { 1 } else { tag }, first: at / WIDTH, start: at % WIDTH, low: key.low }
    }

    /// The groups of the key, in the order in which to look. The second is another one than the first, which twice would
    /// be no second chance, unless there is only one.
    pub(super) fn groups(&self, groups: usize) -> impl Iterator<Item = usize> {
        let at = move |choice: usize| match choice {
            0 => self.first,
            1 => self.second(groups),
            2 => scale(self.low.rotate_left(16), groups),
            _ => scale(self.low.rotate_left(48), groups),
        };
        (0..CHOICES.min(groups)).map(at)
    }

    const fn second(&self, groups: usize) -> usize {
        let second = scale(self.low.rotate_left(32), groups);
        let next = if second + 1 < groups { second + 1 } else { 0 };
        if second == self.first { next } else { second }
    }
}

/// A number below `end`, all equally likely (D. Lemire, "Fast random integer generation in an interval", 2019).
#[inline]
const fn scale(bits: u64, end: usize) -> usize {
    ((bits as u128 * end as u128) >> 64) as usize
}
