//! What each function took: itself, and with all that it called.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Folded;

/// What one frame took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spent {
    /// The frame.
    pub name: String,
    /// Where it was the innermost one.
    pub own: u64,
    /// Wherever it was in the stack, each stack once.
    pub total: u64,
}

impl Folded {
    /// Of each frame, the ones that took most by themselves first.
    ///
    /// ```
    /// use outrigger_watch::flame::Folded;
    ///
    /// let folded = Folded::parse(b"a;b 3\na;b;a 4\n")?;
    /// let first = &folded.functions()[0];
    /// assert_eq!((first.name.as_str(), first.own, first.total), ("a", 4, 7));
    /// # Ok::<(), outrigger_watch::flame::FlameError>(())
    /// ```
    #[must_use]
    pub fn functions(&self) -> Vec<Spent> {
        let mut of: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for (frames, count) in self.iter() {
            for frame in frames.iter().map(String::as_str).collect::<BTreeSet<_>>() {
                let (_, total) = of.entry(frame).or_default();
                *total += count;
            }
            if let Some(last) = frames.last() {
                let (own, _) = of.entry(last).or_default();
                *own += count;
            }
        }
        let mut all: Vec<Spent> =
            of.into_iter().map(|(name, (own, total))| Spent { name: name.to_owned(), own, total }).collect();
        all.sort_by_key(|spent| Reverse((spent.own, spent.total)));
        all
    }
}
