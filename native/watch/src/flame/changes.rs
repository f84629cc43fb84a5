//! One profile against an earlier one.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Folded;

/// What has changed from one profile to another, as shares of all: a run of another length or load changes nothing by itself.
#[derive(Clone, Copy, Debug)]
pub struct Changes<'a> {
    pub(super) before: &'a Folded,
    pub(super) after: &'a Folded,
}

/// What has changed of one function.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The frame.
    pub name: String,
    /// The share of the time in which it was the innermost one, then and now.
    pub own: (f64, f64),
    /// The share in which it was anywhere in the stack.
    pub total: (f64, f64),
}

impl<'a> Changes<'a> {
    /// What `after` does more, and what less.
    #[must_use]
    pub fn new(before: &'a Folded, after: &'a Folded) -> Self {
        Self { before, after }
    }

    /// Of each function whose own share has changed, the largest change first.
    ///
    /// ```
    /// use outrigger_watch::flame::{Changes, Folded};
    ///
    /// let before = Folded::parse(b"a;b 50\na;c 50\n")?;
    /// let after = Folded::parse(b"a;b 150\na;c 50\n")?;
    /// let changes = Changes::new(&before, &after).functions();
    /// assert_eq!((changes[0].name.as_str(), changes[0].own), ("b", (0.5, 0.75)));
    /// # Ok::<(), outrigger_watch::flame::FlameError>(())
    /// ```
    #[must_use]
    pub fn functions(&self) -> Vec<Change> {
        let mut of: BTreeMap<String, [(f64, f64); 2]> = BTreeMap::new();
        for (place, folded) in [self.before, self.after].into_iter().enumerate() {
            let all = folded.total().max(1) as f64;
            for spent in folded.functions() {
                of.entry(spent.name).or_default()[place] = (spent.own as f64 / all, spent.total as f64 / all);
            }
        }
        let mut changes: Vec<Change> = of
            .into_iter()
            .map(|(name, [then, now])| Change { name, own: (then.0, now.0), total: (then.1, now.1) })
            .filter(|change| change.own.0 != change.own.1)
            .collect();
        let size = |change: &Change| (change.own.1 - change.own.0).abs();
        changes.sort_by(|a, b| size(b).total_cmp(&size(a)));
        changes
    }

    /// Lines `stack BEFORE AFTER`, those before as if both profiles had taken as long.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut stacks: BTreeMap<&[String], u64> = self.after.iter().collect();
        for (frames, _) in self.before.iter() {
            stacks.entry(frames).or_default();
        }
        let factor = self.after.total() as f64 / self.before.total().max(1) as f64;
        stacks
            .into_iter()
            .map(|(frames, now)| {
                let then = (self.before.of(frames) as f64 * factor).round() as u64;
                format!("{} {then} {now}", frames.join(";"))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_run_alone_is_no_change() {
        let before = Folded::parse(b"a;b 10\na;c 30\n").unwrap();
        let after = Folded::parse(b"a;b 100\na;c 300\n").unwrap();
        let changes = Changes::new(&before, &after);
        assert_eq!(changes.functions(), []);
        assert_eq!(changes.lines(), ["a;b 100 100", "a;c 300 300"]);
    }

    #[test]
    fn what_is_gone_and_what_is_new() {
        let before = Folded::parse(b"a;old 4\n").unwrap();
        let after = Folded::parse(b"a;new 8\n").unwrap();
        let changes = Changes::new(&before, &after);
        assert_eq!(changes.lines(), ["a;new 0 8", "a;old 8 0"]);
        let names: Vec<_> = changes.functions().into_iter().map(|change| (change.name, change.own)).collect();
        assert_eq!(names, [("new".to_owned(), (0.0, 1.0)), ("old".to_owned(), (1.0, 0.0))]);
    }
}
