//! Processes that nobody would restart or end, seen in two walks: one that is about to end by itself is none. Pure.

use std::collections::BTreeMap;

use crate::answer::{ProcessInfo, Top};

/// Orphans that are kept by name.
const NAMED: usize = 1_000;

/// What the walks have shown.
#[derive(Debug, Default)]
pub(crate) struct Orphans {
    /// Of the walk that goes on.
    now: Walk,
    /// Of the one before.
    before: Walk,
    /// Of both, as of the end of the last walk. `None` before two walks are over.
    both: Option<(u64, Vec<ProcessInfo>)>,
    walks: u64,
}

#[derive(Debug, Default)]
struct Walk {
    /// All of them.
    count: u64,
    /// Those that were named.
    named: BTreeMap<String, ProcessInfo>,
}

impl Orphans {
    /// Takes a part of a walk.
    pub(crate) fn take(&mut self, top: &Top) {
        let (count, named) = &top.orphans;
        self.now.count = self.now.count.saturating_add(*count);
        let room = NAMED.saturating_sub(self.now.named.len());
        self.now.named.extend(named.iter().take(room).map(|process| (process.pid.clone(), process.clone())));
        if !top.whole {
            return;
        }
        let before = std::mem::replace(&mut self.before, std::mem::take(&mut self.now));
        self.walks += 1;
        if self.walks < 2 {
            return;
        }
        let both: Vec<ProcessInfo> = self
            .before
            .named
            .values()
            .filter(|process| before.named.contains_key(&process.pid))
            .cloned()
            .collect();
        // Not all of them are named when there are many; then none of the rest can be told from another.
        let rest = |walk: &Walk| walk.count.saturating_sub(walk.named.len() as u64);
        let unnamed = rest(&before).min(rest(&self.before));
        self.both = Some((unnamed.saturating_add(both.len() as u64), both));
    }

    /// How many there are, and those that are named. `None`: not known yet.
    pub(crate) fn found(&self) -> Option<(u64, &[ProcessInfo])> {
        self.both.as_ref().map(|(count, named)| (*count, named.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Function;

    fn part(whole: bool, count: u64, pids: &[&str]) -> Top {
        let process = |pid: &&str| ProcessInfo {
            pid: (*pid).to_owned(),
            name: None,
            started: Function("m".into(), "f".into(), 0),
            current: None,
            status: "waiting".into(),
            mailbox: 0,
            memory: 0,
            reductions: 0,
        };
        Top { read: 10, whole, processes: Vec::new(), orphans: (count, pids.iter().map(process).collect()) }
    }

    #[test]
    fn one_that_is_seen_once_is_none() {
        let mut orphans = Orphans::default();
        orphans.take(&part(false, 1, &["a"]));
        orphans.take(&part(true, 1, &["b"]));
        assert_eq!(orphans.found(), None, "after one walk");
        orphans.take(&part(true, 2, &["b", "c"]));
        let (count, named) = orphans.found().unwrap();
        assert_eq!((count, named[0].pid.as_str()), (1, "b"));
        orphans.take(&part(true, 0, &[]));
        assert_eq!(orphans.found().unwrap().0, 0);
    }

    #[test]
    fn of_many_the_unnamed_count_too() {
        let mut orphans = Orphans::default();
        orphans.take(&part(true, 50, &["a", "b"]));
        orphans.take(&part(true, 40, &["b", "c"]));
        assert_eq!(orphans.found().unwrap().0, 1 + 38);
    }
}
