//! Slots have no end by time: before a term hands any out, it has to hear which are held.
//!
//! It has heard all when the whole electorate votes for its view and has reported in doing so. Or, when the longest lease is over, if all
//! have of whom anything was heard in twice that time: the others are cut off.

use super::super::clock::longer;
use super::super::{Incarnation, NodeId};
use super::{Terms, Voter};

/// Under which vote a node says what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Word {
    pub(in super::super) incarnation: Incarnation,
    pub(in super::super) epoch: u64,
    pub(in super::super) view: u64,
}

impl Terms {
    /// The term that grants, by a name of its own.
    pub(in super::super) fn open_term(&self) -> Option<(u64, u64)> {
        let term = self.term.as_ref().filter(|term| term.open && !term.lapsed)?;
        Some((term.digest, term.since))
    }

    /// Whether all that is held has been reported to this term. `word`: what a node last reported under.
    pub(in super::super) fn has_heard_all(&self, word: impl Fn(NodeId) -> Option<Word>, now: u64) -> bool {
        let Some(term) = &self.term else { return false };
        let told = |node: NodeId, voter: &Voter| {
            let vote = voter.vote.as_ref().filter(|_| voter.votes(term.digest, now));
            vote.is_some_and(|vote| word(node) == Some(vote.word()))
        };
        let all: Vec<_> = self.members.alive(now).collect();
        let has_told = |node: &NodeId| self.voters.get(node).is_some_and(|voter| told(*node, voter));
        if all.len() >= self.electorate(now) && all.iter().all(has_told) {
            return true;
        }
        let lease = longer(self.timing.lease_ns);
        // Twice: one that stands still for less than a lease may be unheard for longer, by what is under way and the time between polls.
        let mut here = self.voters.iter().filter(|(_, voter)| voter.heard + 2 * lease > now);
        now >= term.since + lease && here.all(|(node, voter)| told(*node, voter))
    }
}
