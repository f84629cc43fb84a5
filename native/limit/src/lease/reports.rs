//! What app nodes report of the keys that an owner is to take over: so that it knows what was spent before it.
//!
//! A report counts under the vote that it is given with. It comes in parts; one that lacks a part is none.
//!
//! Limits: so many entries as there is room for in the books.

use std::collections::HashMap;

use super::broken::{self, Broken};
use super::bucket::Begin;
use super::clock::shorter;
use super::term::learn::Word;
use super::wire::{Account, Known};
use super::{LeaseRule, NodeId};

/// What app nodes know of each key, with the time at which each heard so.
pub(super) type Heard = HashMap<u128, Vec<(Known, u64)>>;

/// The reports to one owner.
#[derive(Debug)]
pub(super) struct Reports {
    nodes: HashMap<NodeId, Report>,
    entries: usize,
    max_entries: usize,
}

#[derive(Debug)]
struct Report {
    word: Word,
    parts: u32,
    whole: bool,
    /// Until then others may have spent what this node does not know of.
    unknown_until: Option<u64>,
    rule: LeaseRule,
    known: Vec<(Known, u64)>,
}

impl Reports {
    pub(super) fn new(max_entries: usize) -> Self {
        Self { nodes: HashMap::new(), entries: 0, max_entries }
    }

    /// The vote under which a node has reported all that it knows.
    pub(super) fn word(&self, node: NodeId) -> Option<Word> {
        self.nodes.get(&node).filter(|report| report.whole).map(|report| report.word)
    }

    /// Takes a part. One that does not follow the part before makes the report void.
    pub(super) fn take(&mut self, node: NodeId, account: &Account, now: u64) {
        let word = Word { incarnation: account.incarnation, epoch: account.epoch, view: account.view };
        let before = self.nodes.remove(&node);
        self.entries -= before.as_ref().map_or(0, |report| report.known.len());
        let (rule, known) = (account.rule, Vec::new());
        let mut report = match before {
            _ if account.part == 0 => {
                Report { word, parts: 0, whole: false, unknown_until: None, rule, known }
            }
            Some(report) if report.word == word && report.parts == account.part && !report.whole => report,
            _ => return,
        };
        if self.entries + report.known.len() + account.known.len() > self.max_entries {
            return;
        }
        // `u64::MAX` is never.
        let until = (account.quiet_ns < u64::MAX).then(|| now.saturating_sub(shorter(account.quiet_ns)));
        report.unknown_until = report.unknown_until.max(until);
        report.parts += 1;
        report.whole = account.last;
        report
            .known
            .extend(account.known.iter().map(|known| (*known, now.saturating_sub(shorter(known.age_ns)))));
        self.entries += report.known.len();
        self.nodes.insert(node, report);
    }

    /// How keys begin that nobody knows of, and what is known of the others. `lost`: when somebody was last lost of whom the owner itself knows.
    pub(super) fn close(&mut self, rule: Option<LeaseRule>, lost: Option<u64>, now: u64) -> (Begin, Heard) {
        let mut unknown_until = lost;
        let mut heard = Heard::new();
        for report in std::mem::take(&mut self.nodes).into_values() {
            let until = if Some(report.rule) == rule { report.unknown_until } else { Some(now) };
            unknown_until = unknown_until.max(until);
            for (known, at) in report.known {
                heard.entry(known.key).or_default().push((known, at));
            }
        }
        if broken::is(Broken::Reports) {
            heard.clear();
        }
        if broken::is(Broken::Losses) {
            unknown_until = None;
        }
        self.entries = 0;
        (Begin { at: unknown_until.unwrap_or(0), full: unknown_until.is_none() }, heard)
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.entries = 0;
    }
}
