//! What a target has lost since it was last told.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Where a message comes from: the group it was sent to, and the publisher's node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The group's name.
    pub group: Arc<str>,
    /// The full name of the publisher's node.
    pub node: Arc<str>,
}

/// Messages of one origin that a target will not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Whose messages.
    pub origin: Arc<Origin>,
    /// How many.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The counts of one target.
#[derive(Debug, Default)]
pub(super) struct LostCounts {
    by_origin: BTreeMap<Arc<Origin>, (u64, u64)>,
}

impl LostCounts {
    pub(super) fn is_empty(&self) -> bool {
        self.by_origin.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.by_origin.len()
    }

    pub(super) fn add(&mut self, origin: &Arc<Origin>, bytes: usize) {
        let (messages, total) = match self.by_origin.get_mut(origin) {
            Some(counts) => counts,
            None => self.by_origin.entry(origin.clone()).or_default(),
        };
        *messages += 1;
        *total += bytes as u64;
    }

    /// All counts, ordered by origin; then there are none.
    pub(super) fn take(&mut self) -> Vec<Lost> {
        let taken = std::mem::take(&mut self.by_origin).into_iter();
        taken.map(|(origin, (messages, bytes))| Lost { origin, messages, bytes }).collect()
    }
}
