//! What faults excuse: from when to when, and between which nodes.

use crate::journal::{Incarnation, Micros};

/// Between which publishers' and subscribers' nodes.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    /// Between any two nodes.
    All,
    /// Between this node and others.
    Node(Incarnation),
    /// From one side to the other, or back.
    Across(Vec<Incarnation>, Vec<Incarnation>),
    /// Among these nodes.
    Among(Vec<Incarnation>),
}

/// An excuse for what was published in a stretch of time.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) cause: &'static str,
    pub(crate) from: Micros,
    /// [`Micros::MAX`] while the fault lasts.
    pub(crate) to: Micros,
    pub(crate) who: Who,
    /// It excuses no more than the subscribers' nodes were told to have lost perhaps.
    pub(crate) told: bool,
}

impl Window {
    /// Whether it is about messages from the one node to the other. No fault excuses what gets lost within a node.
    pub(crate) fn between(&self, publisher: Incarnation, subscriber: Incarnation) -> bool {
        let both = [publisher, subscriber];
        publisher != subscriber
            && match &self.who {
                Who::All => true,
                Who::Node(node) => both.contains(node),
                Who::Among(nodes) => both.iter().all(|node| nodes.contains(node)),
                Who::Across(a, b) => {
                    (a.contains(&publisher) && b.contains(&subscriber))
                        || (b.contains(&publisher) && a.contains(&subscriber))
                }
            }
    }

    /// Whether it covers what was published at `at`.
    pub(crate) fn covers(&self, at: Micros) -> bool {
        (self.from..=self.to).contains(&at)
    }
}
