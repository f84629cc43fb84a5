//! Which nodes we should dial: those that attached peers miss.
//!
//! A worker that sees others of its group which the router does not reach names them (`cover`), all of them, once per change.
//!
//! - What a worker names replaces what it named before, and counts as long as it is attached.
//! - A node that leaves a group is named there no more: all workers see a new list, and name it again if it is still among them. So a
//!   node that is gone for good is not dialled for ever.

use std::collections::{BTreeMap, BTreeSet};

use outrigger_fanout::PeerId;
use outrigger_node::NodeName;

/// What is missed, by group and worker.
#[derive(Debug, Default)]
pub(super) struct Missed {
    named: BTreeMap<(String, u64), Vec<NodeName>>,
}

impl Missed {
    /// The worker of a group behind a link names all nodes that it misses.
    pub(super) fn cover(&mut self, by: PeerId, group: &str, nodes: Vec<NodeName>) {
        self.named.insert((group.to_owned(), by.0), nodes);
    }

    /// The worker on `node` leaves a group.
    pub(super) fn left(&mut self, by: PeerId, node: &str, group: &str) {
        self.named.remove(&(group.to_owned(), by.0));
        self.named.retain(|(of, _), nodes| {
            if of == group {
                nodes.retain(|name| name.as_str() != node);
            }
            !nodes.is_empty()
        });
    }

    /// All nodes that somebody misses, each once.
    pub(super) fn nodes(&self) -> BTreeSet<NodeName> {
        self.named.values().flatten().cloned().collect()
    }
}

/// How many of these nodes can never be connected to, since they have the other kind of name.
pub(super) fn of_the_other_kind(own: &NodeName, nodes: &[NodeName]) -> usize {
    nodes.iter().filter(|name| name.kind() != own.kind()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str]) -> Vec<NodeName> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[track_caller]
    fn is(missed: &Missed, expected: &[&str]) {
        assert_eq!(missed.nodes().into_iter().collect::<Vec<_>>(), names(expected));
    }

    #[test]
    fn the_last_word_of_each_worker_counts_while_it_is_attached() {
        let mut missed = Missed::default();
        missed.cover(PeerId(1), "g", names(&["b@h", "c@h"]));
        missed.cover(PeerId(2), "g", names(&["c@h", "d@h"]));
        is(&missed, &["b@h", "c@h", "d@h"]);
        missed.cover(PeerId(1), "g", names(&["c@h"]));
        is(&missed, &["c@h", "d@h"]);
        missed.left(PeerId(2), "two@h", "g");
        is(&missed, &["c@h"]);
        missed.left(PeerId(1), "one@h", "g");
        is(&missed, &[]);
    }

    #[test]
    fn a_node_that_leaves_a_group_is_missed_there_no_more() {
        let mut missed = Missed::default();
        missed.cover(PeerId(1), "g", names(&["b@h", "c@h"]));
        missed.left(PeerId(3), "b@h", "other");
        is(&missed, &["b@h", "c@h"]);
        missed.left(PeerId(3), "b@h", "g");
        is(&missed, &["c@h"]);
        missed.cover(PeerId(1), "g", names(&["b@h"]));
        is(&missed, &["b@h"]);
    }

    #[test]
    fn the_other_kind_is_counted() {
        let own = "r@h.d".parse().unwrap();
        assert_eq!(of_the_other_kind(&own, &names(&["a@h.d", "c@h"])), 1);
    }
}
