//! The patterns that this program wants, and since when those are vacant that nobody wants any more.
//!
//! A vacant pattern is still told to be wanted for 5 s, so that subscribers that come and go change nothing.
//!
//! Invariant: [`Wanted::portion`] finds what was there all the time once, while patterns come and go.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use crate::pattern::Pattern;

const PORTION: usize = 1_000;
const QUIET_MS: u64 = 5_000;

/// How far a walk over the patterns has come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cursor {
    Start,
    /// Everything up to here was told.
    At(Pattern),
    Done,
}

#[derive(Debug, Default)]
struct Row {
    subscribers: usize,
    /// Since when there is none.
    vacant: Option<u64>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    rows: BTreeMap<Pattern, Row>,
    /// Patterns that became vacant, and when, oldest first. Somebody may have come since.
    vacant: VecDeque<(u64, Pattern)>,
}

impl Wanted {
    /// How many patterns are wanted.
    pub(crate) fn count(&self) -> usize {
        self.rows.len()
    }

    /// Somebody has subscribed. Whether that pattern is new.
    pub(crate) fn add(&mut self, pattern: &Pattern) -> bool {
        let new = !self.rows.contains_key(pattern);
        let row = self.rows.entry(pattern.clone()).or_default();
        row.subscribers += 1;
        row.vacant = None;
        new
    }

    /// Somebody has gone.
    pub(crate) fn left(&mut self, pattern: &Pattern, now: u64) {
        let Some(row) = self.rows.get_mut(pattern) else { return };
        row.subscribers = row.subscribers.saturating_sub(1);
        if row.subscribers == 0 {
            row.vacant = Some(now);
            self.vacant.push_back((now, pattern.clone()));
        }
    }

    /// Up to 1,000 patterns in order behind a cursor, and the next cursor.
    pub(crate) fn portion(&self, cursor: &Cursor) -> (Vec<Pattern>, Cursor) {
        let from = match cursor {
            Cursor::Start => Bound::Unbounded,
            Cursor::At(pattern) => Bound::Excluded(pattern.clone()),
            Cursor::Done => return (Vec::new(), Cursor::Done),
        };
        let mut rest = self.rows.range((from, Bound::Unbounded)).map(|(pattern, _)| pattern.clone());
        let portion: Vec<_> = rest.by_ref().take(PORTION).collect();
        let next = match (rest.next(), portion.last()) {
            (Some(_), Some(last)) => Cursor::At(last.clone()),
            _ => Cursor::Done,
        };
        (portion, next)
    }

    /// Takes out the patterns that have been vacant for 5 s.
    pub(crate) fn sweep(&mut self, now: u64) -> Vec<Pattern> {
        let mut gone = Vec::new();
        while self.vacant.front().is_some_and(|(since, _)| since + QUIET_MS <= now) {
            let Some((since, pattern)) = self.vacant.pop_front() else { break };
            if self.rows.get(&pattern).is_some_and(|row| row.vacant == Some(since)) {
                self.rows.remove(&pattern);
                gone.push(pattern);
            }
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(number: usize) -> Pattern {
        Pattern::Topic(format!("t{number:05}").into())
    }

    #[test]
    fn portions_cover_all_once() {
        let mut wanted = Wanted::default();
        (0..2_500).for_each(|number| assert!(wanted.add(&pattern(number))));
        let (first, cursor) = wanted.portion(&Cursor::Start);
        assert_eq!((first.len(), &cursor), (1_000, &Cursor::At(pattern(999))));
        let (second, cursor) = wanted.portion(&cursor);
        let (third, done) = wanted.portion(&cursor);
        assert_eq!((second.len(), third.len(), done), (1_000, 500, Cursor::Done));
        assert_eq!(wanted.portion(&Cursor::Done), (vec![], Cursor::Done));
    }

    #[test]
    fn who_comes_back_in_time_changes_nothing() {
        let mut wanted = Wanted::default();
        assert!(wanted.add(&pattern(1)) && !wanted.add(&pattern(1)));
        wanted.left(&pattern(1), 0);
        assert_eq!(wanted.sweep(9_000), Vec::<Pattern>::new(), "one is left");
        wanted.left(&pattern(1), 10_000);
        assert!(!wanted.add(&pattern(1)), "still wanted");
        wanted.left(&pattern(1), 14_000);
        assert_eq!(wanted.sweep(15_000), Vec::<Pattern>::new(), "vacant for one second");
        assert_eq!(wanted.sweep(19_000), [pattern(1)]);
        assert!(wanted.add(&pattern(1)), "new again");
    }
}
