//! Who is named by which source, and what a new answer changes.
//!
//! Invariants: a peer is joined when the first source names it, and given up when the last one has stopped. A source that
//! has failed has said nothing: its last answer counts. No clock, no sockets.
//!
//! Limits: an answer of more than `max` names is cut there, in the order of the names, so that the same ones are taken
//! each time.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use outrigger_proto::{NameKind, NodeName};

use crate::config::Target;

/// A source, by its place in the order of their start.
pub(super) type SourceId = usize;

/// What is known of all peers that sources have named.
#[derive(Debug)]
pub(crate) struct Directory {
    own: NodeName,
    max: usize,
    sources: SourceId,
    named_by: BTreeMap<NodeName, BTreeSet<SourceId>>,
}

/// What an answer changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Join(Target),
    GiveUp(NodeName),
}

/// The changes of one answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) changes: Vec<Change>,
    /// How many names were left out: ours, of the other kind, beyond the bound.
    pub(super) left_out: usize,
}

impl Directory {
    pub(crate) fn new(own: NodeName, max: usize) -> Self {
        Self { own, max, sources: 0, named_by: BTreeMap::new() }
    }

    pub(super) fn add_source(&mut self) -> SourceId {
        self.sources += 1;
        self.sources
    }

    /// Takes the whole answer of a source.
    pub(super) fn answer(&mut self, source: SourceId, answer: Vec<Target>) -> Changes {
        let told = answer.len();
        let kind = self.own.kind();
        let fits = |target: &Target| target.name != self.own && same_kind(kind, &target.name);
        let answer: BTreeMap<NodeName, Target> =
            answer.into_iter().filter(fits).map(|target| (target.name.clone(), target)).collect();
        let mut changes = Vec::new();
        self.named_by.retain(|name, sources| {
            if !answer.contains_key(name) && sources.remove(&source) && sources.is_empty() {
                changes.push(Change::GiveUp(name.clone()));
                return false;
            }
            true
        });
        let mut taken = 0;
        for (name, target) in answer {
            let room = self.named_by.len() < self.max;
            match self.named_by.entry(name) {
                Entry::Occupied(mut sources) => drop(sources.get_mut().insert(source)),
                Entry::Vacant(entry) if room => {
                    entry.insert(BTreeSet::from([source]));
                    changes.push(Change::Join(target));
                }
                Entry::Vacant(_) => continue,
            }
            taken += 1;
        }
        Changes { changes, left_out: told - taken }
    }

    /// A peer could not be joined: the next answer that names it tries again.
    pub(super) fn not_joined(&mut self, name: &NodeName) {
        self.named_by.remove(name);
    }
}

fn same_kind(kind: NameKind, name: &NodeName) -> bool {
    name.kind() == kind
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(names: &[&str]) -> Vec<Target> {
        names.iter().map(|name| Target::by_epmd(name.parse().unwrap())).collect()
    }

    /// `+a@h` joins, `-a@h` gives up.
    fn told(changes: Changes) -> Vec<String> {
        let told = changes.changes.iter().map(|change| match change {
            Change::Join(target) => format!("+{}", target.name),
            Change::GiveUp(name) => format!("-{name}"),
        });
        told.collect()
    }

    fn directory(max: usize) -> (Directory, SourceId, SourceId) {
        let mut directory = Directory::new("me@h".parse().unwrap(), max);
        let (one, two) = (directory.add_source(), directory.add_source());
        (directory, one, two)
    }

    #[test]
    fn joined_by_the_first_source_and_given_up_by_the_last() {
        let (mut directory, one, two) = directory(9);
        assert_eq!(told(directory.answer(one, targets(&["b@h", "a@h"]))), ["+a@h", "+b@h"]);
        assert_eq!(told(directory.answer(two, targets(&["a@h", "c@h"]))), ["+c@h"]);
        assert_eq!(told(directory.answer(one, targets(&[]))), ["-b@h"]);
        assert_eq!(told(directory.answer(two, targets(&["c@h"]))), ["-a@h"]);
        assert_eq!(told(directory.answer(two, targets(&["c@h"]))), [""; 0]);
    }

    #[test]
    fn neither_ourselves_nor_names_of_the_other_kind() {
        let (mut directory, one, _) = directory(9);
        let changes = directory.answer(one, targets(&["me@h", "a@h.example.org", "a@::1", "b@h", "b@h"]));
        assert_eq!(changes.left_out, 4);
        assert_eq!(told(changes), ["+b@h"]);
    }

    #[test]
    fn never_more_than_the_bound_and_the_same_ones_each_time() {
        let (mut directory, one, two) = directory(2);
        assert_eq!(told(directory.answer(one, targets(&["c@h", "b@h", "a@h"]))), ["+a@h", "+b@h"]);
        let changes = directory.answer(two, targets(&["a@h", "d@h"]));
        assert_eq!((changes.left_out, told(changes).len()), (1, 0));
        // Room again: the next answers take it.
        assert_eq!(told(directory.answer(one, targets(&["c@h", "a@h"]))), ["-b@h", "+c@h"]);
    }

    #[test]
    fn who_could_not_be_joined_is_tried_with_the_next_answer() {
        let (mut directory, one, _) = directory(9);
        assert_eq!(told(directory.answer(one, targets(&["a@h"]))), ["+a@h"]);
        directory.not_joined(&"a@h".parse().unwrap());
        assert_eq!(told(directory.answer(one, targets(&["a@h"]))), ["+a@h"]);
    }

    /// The directory agrees with the obvious rule after any answers: joined are exactly those that somebody names.
    #[test]
    fn any_answers_leave_exactly_the_named_ones() {
        let mut random = 7u32;
        let mut next = |below: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 16) % below
        };
        let (mut directory, one, two) = directory(99);
        let mut answers = [BTreeSet::new(), BTreeSet::new()];
        let mut joined = BTreeSet::new();
        for _ in 0..2_000 {
            let source = next(2) as usize;
            let names: Vec<String> = (0..next(6)).map(|_| format!("n{}@h", next(8))).collect();
            answers[source] = names.iter().cloned().collect();
            let id = [one, two][source];
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            for change in directory.answer(id, targets(&names)).changes {
                match change {
                    Change::Join(target) => assert!(joined.insert(target.name.to_string())),
                    Change::GiveUp(name) => assert!(joined.remove(name.as_str())),
                }
            }
            assert_eq!(joined, &answers[0] | &answers[1]);
        }
    }
}
