//! The router: one lock for those who change lists, and a table that forwarding reads.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError};

use crossbeam::sync::{ShardedLock, ShardedLockReadGuard};
use parking_lot::Mutex;

use crate::changes::{Changes, Groups};
use crate::counters::Cells;
use crate::key::KeySource;
use crate::table::{Table, Targets};
use crate::{AttachError, Change, Counters, Dropped, PeerId, RouteKey, RouterConfig};

/// A PubSub router, shared by all links.
///
/// [`Router::route`] takes a shared lock and allocates nothing. Changes wait for each other, and each holds the
/// exclusive lock only while it swaps prepared values into the table.
///
/// # Order
///
/// Copies that the caller passes on before its closure returns are ahead of every change that comes after. A caller
/// that gathers messages first routes them when it passes them on, with [`Router::route_many`], and does so before it
/// makes a change for the same link.
pub struct Router {
    config: RouterConfig,
    groups: Mutex<Groups>,
    table: ShardedLock<Table>,
    counters: Cells,
}

impl Router {
    /// A router without groups.
    #[must_use]
    pub fn new(config: RouterConfig) -> Self {
        let groups = Groups {
            by_name: HashMap::new(),
            by_peer: HashMap::new(),
            keys: KeySource::new(config.first_key),
            attachments: 0,
            floor: 0,
        };
        let table = ShardedLock::new(Table::new(config.first_key));
        Self { config, groups: Mutex::new(groups), table, counters: Cells::default() }
    }

    /// What this router may hold.
    #[must_use]
    pub fn config(&self) -> &RouterConfig {
        &self.config
    }

    /// The right to change lists, until it is dropped. Wait for nothing else meanwhile, and do not take it from within
    /// the closures of `route` and `route_many`.
    #[must_use]
    pub fn changes(&self) -> Changes<'_> {
        Changes { groups: self.groups.lock(), table: &self.table, config: &self.config }
    }

    /// Attaches the worker of `node` to `group` over the link `peer`.
    ///
    /// It replaces an older attachment of the same node or of the same link to this group: the new one has a new key,
    /// and nothing that was sent to the old one is forwarded to it. After an error nothing has changed.
    pub fn attach(&self, peer: PeerId, node: &str, group: &str) -> Result<Change, AttachError> {
        self.changes().attach(peer, node, group)
    }

    /// Ends the attachment of a link to a group. `None` if there is none: the link never attached, or was replaced.
    pub fn detach(&self, peer: PeerId, group: &str) -> Option<Change> {
        self.changes().detach(peer, group)
    }

    /// Ends all attachments of a link that is gone: one change for each of its groups, ordered by name.
    pub fn peer_down(&self, peer: PeerId) -> Vec<Change> {
        self.changes().peer_down(peer)
    }

    /// Calls `forward` with those a message to `key` that came over the link `from` goes to, unless it is dropped, and
    /// counts it either way.
    ///
    /// `forward` runs under the shared lock: it should hand over and return, and must not change this router.
    pub fn route<R>(
        &self,
        key: RouteKey,
        from: PeerId,
        forward: impl FnOnce(&Targets<'_>) -> R,
    ) -> Result<R, Dropped> {
        let table = self.table();
        let targets = table.targets(key, from).inspect_err(|why| self.counters.dropped(*why, 1))?;
        self.counters.forwarded(1, targets.count() as u64);
        Ok(forward(&targets))
    }

    /// [`Router::route`] for a run of `messages` messages to `key` that the caller has gathered and passes on together:
    /// they are routed as the lists are now, not as they were when the first one came. `forward` says how many copies it made, and
    /// so does this.
    pub fn route_many(
        &self,
        key: RouteKey,
        from: PeerId,
        messages: u64,
        forward: impl FnOnce(&Targets<'_>) -> u64,
    ) -> Result<u64, Dropped> {
        let table = self.table();
        let targets = table.targets(key, from).inspect_err(|why| self.counters.dropped(*why, messages))?;
        let copies = forward(&targets);
        self.counters.forwarded(messages, copies);
        Ok(copies)
    }

    /// [`Router::route_many`] to all members that `group` has now, the sender's own link included: for what all get in one order. What is
    /// dropped is not counted here, see [`Router::dropped`].
    pub fn route_to_everybody(
        &self,
        group: &str,
        from: PeerId,
        messages: u64,
        forward: impl FnOnce(&Targets<'_>) -> u64,
    ) -> Result<u64, Dropped> {
        let table = self.table();
        let copies = forward(&table.everybody(group, from)?);
        self.counters.forwarded(messages, copies);
        Ok(copies)
    }

    /// Counts messages that the caller dropped.
    pub fn dropped(&self, why: Dropped, messages: u64) {
        self.counters.dropped(why, messages);
    }

    /// The group that a message to `key` over the link `from` is for: what a caller has to know to gather a run for
    /// [`Router::route_many`]. A message that would be dropped is counted as such; nothing else is counted.
    pub fn group(&self, key: RouteKey, from: PeerId) -> Result<Arc<str>, Dropped> {
        let found = self.table().targets(key, from).map(|targets| targets.group().clone());
        found.inspect_err(|why| self.counters.dropped(*why, 1))
    }

    /// Counts a message to a pid that cannot be a key of any router (`RouteKey::from_pid` gave `None`).
    pub fn dropped_foreign(&self) -> Dropped {
        self.counters.dropped(Dropped::UnknownRoute, 1);
        Dropped::UnknownRoute
    }

    /// What this router has done so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters.read()
    }

    /// Groups and attachments at this moment.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let groups = self.groups.lock();
        (groups.by_name.len(), groups.attachments)
    }

    // A panic under the exclusive lock would be a bug of ours and leave the table short of one change, which is less
    // bad than a node that forwards nothing any more.
    fn table(&self) -> ShardedLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (groups, attachments) = self.size();
        f.debug_struct("Router")
            .field("groups", &groups)
            .field("attachments", &attachments)
            .finish_non_exhaustive()
    }
}
