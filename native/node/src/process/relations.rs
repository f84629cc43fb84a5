//! What ties a process to others: links, monitors in both directions, names, aliases. One lock for all of it.
//!
//! Invariants: nothing is added once `ended` is set, so that whoever ends the process has seen all there is. What a peer
//! added costs a [`Permit`] of that peer's [`Quota`], given back when the tie is gone.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use outrigger_proto::links::Links;
use outrigger_proto::{OwnedPid, OwnedRef};

use super::{Dest, Reason};

#[derive(Default)]
pub(super) struct Relations {
    pub(super) links: Links,
    /// What peers paid for the links that they asked for.
    pub(super) paid: HashMap<OwnedPid, Permit>,
    /// What it watches, as it was named.
    pub(super) monitors: HashMap<OwnedRef, Dest>,
    /// Who watches it.
    pub(super) watchers: HashMap<OwnedRef, Watcher>,
    pub(super) names: HashSet<Arc<str>>,
    pub(super) aliases: HashSet<OwnedRef>,
    pub(super) trap_exit: bool,
    pub(super) monitors_nodes: bool,
    pub(super) ended: Option<Reason>,
}

/// What a process holds at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessFigures {
    /// Messages that wait in the mailbox.
    pub waiting: usize,
    /// Messages that the mailbox had no room for, since the start.
    pub dropped: u64,
    /// Links, those included whose end is not acknowledged yet.
    pub links: usize,
    /// What it watches.
    pub monitors: usize,
    /// Who watches it.
    pub watchers: usize,
    /// Registered names.
    pub names: usize,
    /// Aliases.
    pub aliases: usize,
}

/// Who watches a process.
pub(super) struct Watcher {
    pub(super) pid: OwnedPid,
    /// How the process was named: a `DOWN` names it the same way.
    pub(super) of: Dest,
    pub(super) _permit: Option<Permit>,
}

impl Relations {
    pub(super) fn figures(&self, waiting: usize, dropped: u64) -> ProcessFigures {
        ProcessFigures {
            waiting,
            dropped,
            links: self.links.len(),
            monitors: self.monitors.len(),
            watchers: self.watchers.len(),
            names: self.names.len(),
            aliases: self.aliases.len(),
        }
    }

    /// Forgets what a peer paid for a link, if there is no link any more.
    pub(super) fn settle(&mut self, peer: &OwnedPid) {
        self.paid.remove(peer);
    }
}

/// How many ties a peer may have here.
#[derive(Debug, Default)]
pub(crate) struct Quota(Arc<AtomicUsize>);

/// One tie of a peer.
#[derive(Debug)]
pub(crate) struct Permit(Arc<AtomicUsize>);

impl Quota {
    pub(crate) fn take(&self, max: usize) -> Option<Permit> {
        let more = |used: usize| (used < max).then_some(used + 1);
        self.0.fetch_update(Relaxed, Relaxed, more).ok().map(|_used| Permit(self.0.clone()))
    }

    /// Ties that the peer has now.
    pub(crate) fn used(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
