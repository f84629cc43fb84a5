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

/// Who watches a process.
pub(super) struct Watcher {
    pub(super) pid: OwnedPid,
    /// How the process was named: a `DOWN` names it the same way.
    pub(super) of: Dest,
    pub(super) _permit: Option<Permit>,
}

impl Relations {
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
