//! One key's hits, the oldest first.

use std::collections::VecDeque;

use super::At;
use crate::Verdict;

/// When, and how much was admitted up to and with it since the log began: so what an interval has is one difference,
/// and its borders are found by bisection.
#[derive(Clone, Copy, Debug)]
struct Entry {
    time: u64,
    through: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Entries {
    hits: VecDeque<Entry>,
    /// What was admitted before the first entry.
    before: u64,
}

impl Entries {
    /// Of one entry.
    pub(super) const BYTES: u64 = size_of::<Entry>() as u64;
    /// No entries, for a key that has no log.
    pub(super) const NONE: &'static Self = &Self { hits: VecDeque::new(), before: 0 };

    /// What a hit of this cost gets. `at.now` is not before the last entry.
    pub(crate) fn decide(&self, cost: u64, at: At) -> Verdict {
        let At { rule, now, .. } = at;
        let gone = self.older_than(rule.period_ns, now);
        let used = self.total() - self.through(gone);
        let left = rule.limit.saturating_sub(used);
        let reset = self.last().filter(|_| used > 0).map_or(0, |last| last + rule.period_ns - now);
        if cost == 0 {
            return Verdict::allowed(rule.limit, left, reset);
        }
        if cost <= left {
            return Verdict::allowed(rule.limit, left - cost, rule.period_ns);
        }
        let retry = (cost <= rule.limit).then(|| {
            // As soon as so much is out of the period.
            let enough = self.total() - (rule.limit - cost);
            let last = self.hits.partition_point(|hit| hit.through < enough);
            self.hits.get(last).map_or(0, |hit| hit.time + rule.period_ns - now)
        });
        Verdict::denied(rule.limit, left, reset, retry)
    }

    pub(crate) fn push(&mut self, cost: u64, now: u64) {
        let through = self.total() + cost;
        match self.hits.back_mut() {
            Some(last) if last.time == now => last.through = through,
            _ => self.hits.push_back(Entry { time: now, through }),
        }
    }

    /// Takes off the latest entries what is within the period.
    pub(super) fn refund(&mut self, cost: u64, at: At) {
        let gone = self.older_than(at.rule.period_ns, at.now);
        let left = self.total().saturating_sub(cost).max(self.through(gone));
        while self.hits.len() > gone && self.through(self.hits.len() - 1) >= left {
            self.hits.pop_back();
        }
        if let Some(last) = self.hits.back_mut() {
            last.through = last.through.min(left);
        }
    }

    /// Takes off the oldest entries what is within the period: what is left counts for as long as any of it would have.
    pub(crate) fn refund_oldest(&mut self, cost: u64, at: At) {
        let gone = self.older_than(at.rule.period_ns, at.now);
        self.before = self.through(gone).saturating_add(cost).min(self.total());
        let before = self.before;
        let empty = self.hits.partition_point(|hit| hit.through <= before);
        self.hits.drain(..empty);
    }

    /// Forgets what no rule looks at any more.
    pub(crate) fn forget(&mut self, at: At) {
        let gone = self.older_than(at.longest_ns, at.now);
        self.before = self.through(gone);
        self.hits.drain(..gone);
    }

    /// Whether all of it is out of every period.
    pub(crate) fn is_idle(&self, longest_ns: u64, now: u64) -> bool {
        self.last().is_none_or(|last| last + longest_ns <= now)
    }

    /// The time of the last entry.
    pub(crate) fn last(&self) -> Option<u64> {
        self.hits.back().map(|last| last.time)
    }

    /// The bytes that entries have, used or not.
    pub(super) fn bytes(&self) -> u64 {
        self.hits.capacity() as u64 * Self::BYTES
    }

    /// How many entries there will be room for after the next one.
    pub(super) fn next_capacity(&self, now: u64) -> usize {
        let (len, capacity) = (self.hits.len(), self.hits.capacity());
        if len < capacity || self.last() == Some(now) { capacity } else { (capacity * 2).max(1) }
    }

    /// Makes room for exactly so many.
    pub(super) fn grow(&mut self, capacity: usize) {
        self.hits.reserve_exact(capacity.saturating_sub(self.hits.len()));
    }

    fn total(&self) -> u64 {
        self.through(self.hits.len())
    }

    /// What was admitted before the entry with this index.
    fn through(&self, index: usize) -> u64 {
        index.checked_sub(1).and_then(|last| self.hits.get(last)).map_or(self.before, |hit| hit.through)
    }

    fn older_than(&self, period_ns: u64, now: u64) -> usize {
        self.hits.partition_point(|hit| hit.time + period_ns <= now)
    }
}
