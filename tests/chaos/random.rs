//! The dice of the schedule: the same seed, the same schedule.

use std::ops::Range;
use std::time::Duration;

#[path = "../support/dice.rs"]
mod dice;
pub(crate) use dice::Dice;

impl Dice {
    /// A number in a range that is not empty.
    pub(crate) fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.next() % (range.end - range.start)
    }

    pub(crate) fn millis(&mut self, range: Range<u64>) -> Duration {
        Duration::from_millis(self.within(range))
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}
