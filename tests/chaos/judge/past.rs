//! What is judged for good: a run of an hour costs what its last minute costs.
//!
//! A publisher lives for seconds. When it has been silent for so long that nothing of it can still be on its way, what there is to say of it
//! is said, and it is forgotten. Whatever still comes of it then counts as a duplicate.

use std::collections::{BTreeMap, HashSet};

use super::book::Judge;
use super::verdict::{Loss, Misplaced};
use crate::journal::{Micros, incarnation};

/// What was found, before it is known whether routers have announced it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(super) duplicates: Vec<Misplaced>,
    pub(super) reordered: Vec<Misplaced>,
    pub(super) late: u64,
    pub(super) explained: BTreeMap<&'static str, u64>,
    /// Losses that no fault excuses.
    pub(super) homeless: Vec<Loss>,
}

impl Found {
    pub(super) fn add(&mut self, other: Self) {
        self.duplicates.extend(other.duplicates);
        self.reordered.extend(other.reordered);
        self.late += other.late;
        for (cause, count) in other.explained {
            *self.explained.entry(cause).or_default() += count;
        }
        self.homeless.extend(other.homeless);
    }
}

impl Judge {
    /// Judges for good, and forgets, the publishers that have published nothing since `before`.
    pub(crate) fn forget(&mut self, before: Micros) {
        let silent =
            self.publishers.iter().filter(|(_, all)| all.messages.last().is_none_or(|(_, at)| *at < before));
        let over: HashSet<_> = silent.map(|(id, _)| *id).collect();
        if over.is_empty() {
            return;
        }
        let found = self.look(Micros::MAX, |publisher| over.contains(&publisher));
        self.past.add(found);
        self.out_of_place.retain(|(_, message, _)| !over.contains(&message.publisher));
        self.firsts.retain(|(_, publisher), _| !over.contains(publisher));
        self.lines.retain(|(_, publisher), _| !over.contains(publisher));
        self.refused.retain(|(publisher, _)| !over.contains(publisher));
        self.publishers.retain(|publisher, _| !over.contains(publisher));
        self.over.extend(over);
        let heard: HashSet<_> = self.firsts.keys().map(|(subscription, _)| *subscription).collect();
        let nodes = &self.nodes;
        self.subscriptions.retain(|id, subscription| {
            let died = nodes.get(&incarnation(subscription.subscriber)).map_or(Micros::MAX, |node| node.died);
            subscription.until.min(died) >= before || heard.contains(id)
        });
    }
}
