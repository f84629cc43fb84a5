//! A set of numbers that come almost in order: runs without a gap.

use std::collections::BTreeMap;

/// First and last of each run.
#[derive(Default)]
pub(crate) struct Ranges(BTreeMap<u32, u32>);

impl Ranges {
    /// Adds a number; `false` if it was there.
    pub(crate) fn insert(&mut self, number: u32) -> bool {
        let before = self.0.range(..=number).next_back().map(|(&first, &last)| (first, last));
        if before.is_some_and(|(_, last)| last >= number) {
            return false;
        }
        let after = number.checked_add(1).and_then(|next| self.0.remove(&next));
        let last = after.unwrap_or(number);
        match before {
            Some((first, end)) if end + 1 == number => self.0.insert(first, last),
            _ => self.0.insert(number, last),
        };
        true
    }

    /// The numbers of `from..=to` that are not there.
    pub(crate) fn missing(&self, from: u32, to: u32) -> Vec<u32> {
        let mut missing = Vec::new();
        let mut next = from;
        if let Some((_, &last)) = self.0.range(..=from).next_back() {
            next = next.max(last.saturating_add(1));
        }
        for (&first, &last) in self.0.range(from..) {
            missing.extend(next..first.min(to.saturating_add(1)));
            next = next.max(last.saturating_add(1));
        }
        missing.extend(next..=to);
        missing.retain(|number| (from..=to).contains(number));
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_is_missing() {
        let mut ranges = Ranges::default();
        for number in [2, 3, 7, 5, 6] {
            assert!(ranges.insert(number));
        }
        assert!(!ranges.insert(6) && !ranges.insert(2));
        assert_eq!(ranges.0.len(), 2);
        assert_eq!(ranges.missing(1, 9), [1, 4, 8, 9]);
        assert_eq!(ranges.missing(3, 4), [4]);
        assert_eq!(ranges.missing(5, 7), [0; 0]);
        assert_eq!(ranges.missing(9, 10), [9, 10]);
        assert_eq!(ranges.missing(4, 3), [0; 0]);
    }
}
