//! How much a call may make of what it reads.
//!
//! The size of a document bounds how long it takes to read, and not what it is made into: one byte of Avro is an instant of thirteen
//! fields, or a record of a hundred defaults. So each term has a price, and who has spent what a normal scheduler gives makes no more
//! terms: the caller begins anew on a dirty one.
//!
//! # Invariants
//!
//! - What has been spent depends on the document alone, not on the machine: the same document goes the same way each time.
//! - Once it is spent, nothing more is made: a word that stands for a term which was not made never comes into another one.

/// What a call may still spend. A unit is some ten nanoseconds; the prices are measured, `make bench-events` has the worst of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    left: usize,
    spent: bool,
}

impl Effort {
    /// Of a call on a normal scheduler: a third of a millisecond, beside reading.
    pub(super) const NORMAL: Self = Self { left: 30_000, spent: false };
    /// Of one on a dirty scheduler, where nobody waits.
    pub(super) const DIRTY: Self = Self { left: usize::MAX, spent: false };

    /// Whether there is so much left. If not, there is nothing left from then on.
    #[inline]
    pub(super) const fn spend(&mut self, price: usize) -> bool {
        match self.left.checked_sub(price) {
            Some(left) => self.left = left,
            None => *self = Self { left: 0, spent: true },
        }
        !self.spent
    }

    /// What has been spent on a normal scheduler.
    pub(super) const fn used(&self) -> usize {
        Self::NORMAL.left.saturating_sub(self.left)
    }

    /// Whether more was wanted than there was.
    #[inline]
    pub(super) const fn is_spent(&self) -> bool {
        self.spent
    }
}

/// A number, an atom, a string that refers to its document.
pub(super) const WORD: usize = 1;
/// A binary, and for each [`PER`] bytes of it one more.
pub(super) const BINARY: usize = 3;
/// A list, and for each [`PER`] elements one more.
pub(super) const LIST: usize = 2;
/// A map, and each of its pairs.
pub(super) const MAP: usize = 5;
pub(super) const PAIR: usize = 5;
/// A pair of a map that the VM keeps as a tree, and one of a map in which a key is there twice.
pub(super) const LARGE_PAIR: usize = 12;
pub(super) const SORTED_PAIR: usize = 30;
/// A struct: a date, a time, a decimal; and an instant, which has the most fields.
pub(super) const STRUCT: usize = 12;
pub(super) const INSTANT: usize = 20;
/// A number that is no word, and for each [`PER`] bytes of it as much again.
pub(super) const BIG: usize = 24;
/// An atom that has to be looked for.
pub(super) const ATOM: usize = 8;

pub(super) const PER: usize = 64;
