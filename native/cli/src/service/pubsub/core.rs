//! What all links of the service share: the router, who we are, and the links to send to.
//!
//! Lock order: the right to change lists, then the table of links. Handing on a batch takes the router's shared
//! lock and then the table of links shared; nothing takes them the other way round.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use crossbeam::sync::ShardedLock;
use outrigger_fanout::{AttachError, Change, Changes, PeerId, QueueFigures, RouteKey, Router, Targets};
use outrigger_term::TermError;

use super::announce::Identity;
use super::apart::Apart;
use super::batch::Batch;
use super::lane::{Lane, LaneConfig};
use super::outlet::Outlet;
use super::request::VERSION;

/// The shared part of the service.
pub(super) struct Core<O> {
    pub(super) router: Router,
    pub(super) identity: Identity,
    links: ShardedLock<HashMap<PeerId, Linked<O>>>,
    lane: LaneConfig,
    pub(super) figures: Figures,
}

/// A link to send to.
struct Linked<O> {
    link: O,
    /// The groups that are attached over it and take one message a frame.
    single: HashSet<Arc<str>>,
    /// The way to it.
    lane: Arc<Lane>,
}

/// What the service itself counts; the router counts messages.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// Requests that could not be followed, and messages that are none.
    pub(super) malformed: AtomicU64,
    /// Requests that were refused.
    pub(super) refused: AtomicU64,
    /// Runs of messages handed on.
    pub(super) runs: AtomicU64,
    /// Frames among them that several messages share.
    pub(super) batches: AtomicU64,
    /// Copies that were dropped, since the peers they were for lagged.
    pub(super) lost: AtomicU64,
}

impl<O: Outlet> Core<O> {
    /// A service without links.
    pub(super) fn new(router: Router, identity: Identity, lane: LaneConfig) -> Self {
        Self { router, identity, links: ShardedLock::default(), lane, figures: Figures::default() }
    }

    /// A link is up and may be sent to.
    pub(super) fn link_up(&self, link: &O) {
        let lane = Arc::new(Lane::new(&self.lane));
        let linked = Linked { link: link.clone(), single: HashSet::new(), lane };
        self.links.write().unwrap_or_else(PoisonError::into_inner).insert(link.peer(), linked);
    }

    /// A link is down, and everything it gathered is handed on.
    pub(super) fn link_down(&self, link: &O) {
        let mut changes = self.router.changes();
        self.links.write().unwrap_or_else(PoisonError::into_inner).remove(&link.peer());
        let gone = changes.peer_down(link.peer());
        gone.iter().for_each(|change| self.announce(change, link.peer(), &changes));
    }

    /// Attaches the worker behind a link, and tells everybody or says no. Whether it is attached. `batches`: it takes
    /// several messages in a frame.
    pub(super) fn attach(&self, link: &O, group: &str, batches: bool) -> bool {
        let mut changes = self.router.changes();
        // Before the first message can go to it. The worker that asks has the name already.
        let before = self.take_batches(link, group, batches);
        match changes.attach(link.peer(), link.node(), group) {
            Ok(change) => {
                self.announce(&change, link.peer(), &changes);
                true
            }
            Err(error) => {
                self.take_batches(link, group, before);
                drop(changes);
                let (reason, limit) = match error {
                    AttachError::TooManyGroups { limit } => ("too_many_groups", limit),
                    AttachError::TooManyMembers { limit } => ("too_many_members", limit),
                    _ => ("", 0),
                };
                tracing::warn!(node = link.node(), group, %error, "attachment refused");
                self.figures.refused.fetch_add(1, Relaxed);
                if !reason.is_empty() {
                    self.send_to(link, self.identity.refused(group, reason, limit as u64));
                }
                false
            }
        }
    }

    /// The groups over a link that take one message a frame.
    #[cfg(test)]
    pub(super) fn notes(&self, peer: PeerId) -> HashSet<Arc<str>> {
        let links = self.links.read().unwrap_or_else(PoisonError::into_inner);
        links.get(&peer).map(|linked| linked.single.clone()).unwrap_or_default()
    }

    /// Ends the attachment behind a link, and tells everybody.
    pub(super) fn detach(&self, link: &O, group: &str) {
        let mut changes = self.router.changes();
        if let Some(change) = changes.detach(link.peer(), group) {
            self.take_batches(link, group, true);
            self.announce(&change, link.peer(), &changes);
        }
    }

    /// Notes whether the worker of a group behind a link takes batches. Returns what was noted before.
    fn take_batches(&self, link: &O, group: &str, batches: bool) -> bool {
        let mut links = self.links.write().unwrap_or_else(PoisonError::into_inner);
        let Some(Linked { single, .. }) = links.get_mut(&link.peer()) else { return true };
        if batches { !single.remove(group) } else { single.insert(group.into()) }
    }

    /// Says that we do not speak the asker's version, and which one we do.
    pub(super) fn refuse_version(&self, link: &O, group: &str) {
        self.figures.refused.fetch_add(1, Relaxed);
        self.send_to(link, self.identity.refused(group, "version", VERSION));
    }

    /// Hands a run of `messages` messages to all that it goes to now. Routing and sending are one step: a member that
    /// is listed anew, or a sender whose place was taken, finds nothing of this run behind the list that says so.
    pub(super) fn hand_on(&self, from: &O, key: RouteKey, prefix: &[u8], messages: u64, batch: &mut Batch) {
        let shared = batch.finish();
        self.figures.runs.fetch_add(1, Relaxed);
        self.figures.batches.fetch_add(shared, Relaxed);
        let send = |targets: &Targets<'_>| {
            let links = self.links.read().unwrap_or_else(PoisonError::into_inner);
            // Made for the first who needs them.
            let (mut singles, mut apart) = (None, None);
            for Linked { link, single, lane } in targets.iter().filter_map(|target| links.get(&target)) {
                if !lane.is_free(link) {
                    let copies = || Apart::new(targets.group(), from.node(), batch.payloads());
                    lane.keep(link, apart.get_or_insert_with(copies), &self.figures.lost);
                } else if shared > 0 && single.contains(targets.group()) {
                    link.send(singles.get_or_insert_with(|| batch.one_by_one(prefix)).buffers());
                } else {
                    link.send(batch.buffers());
                }
            }
        };
        // What is dropped is counted by the router.
        let _ = self.router.route_many(key, from.peer(), messages, send);
    }

    /// There is room on a link: it gets more of what waits for it.
    pub(super) fn room(&self, link: &O) {
        let links = self.links.read().unwrap_or_else(PoisonError::into_inner);
        let found = links.get(&link.peer()).map(|linked| (linked.lane.clone(), linked.single.clone()));
        drop(links);
        if let Some((lane, single)) = found {
            lane.drain(link, &self.identity, &single);
        }
    }

    /// What waits for each link, and what was dropped.
    pub(super) fn queues(&self) -> HashMap<PeerId, QueueFigures> {
        let links = self.links.read().unwrap_or_else(PoisonError::into_inner);
        links.iter().map(|(peer, linked)| (*peer, linked.lane.figures())).collect()
    }

    /// Tells all members of a new list, the link that caused it first: nobody else can send to the new member
    /// before its own copy of the list is under way. The borrow of the right to change keeps versions in order.
    fn announce(&self, change: &Change, first: PeerId, _changes: &Changes<'_>) {
        if change.members.is_empty() {
            return;
        }
        let frame = match self.identity.members(change) {
            Ok(frame) => frame,
            // Names and counts come from the router, which holds them against its limits: a bug of ours.
            Err(error) => {
                tracing::error!(group = &*change.group, %error, "cannot write a list of members");
                return;
            }
        };
        tracing::debug!(
            group = &*change.group,
            version = change.version,
            members = change.members.len(),
            "members"
        );
        let links = self.links.read().unwrap_or_else(PoisonError::into_inner);
        let others = change.members.iter().map(|member| member.peer).filter(|peer| *peer != first);
        let listed = change.members.iter().any(|member| member.peer == first);
        let ordered = listed.then_some(first).into_iter().chain(others);
        ordered.filter_map(|peer| links.get(&peer)).for_each(|linked| linked.lane.send(&linked.link, &frame));
    }

    fn send_to(&self, link: &O, frame: Result<Bytes, TermError>) {
        match frame {
            Ok(frame) => {
                let links = self.links.read().unwrap_or_else(PoisonError::into_inner);
                if let Some(Linked { link, lane, .. }) = links.get(&link.peer()) {
                    lane.send(link, &frame);
                }
            }
            Err(error) => tracing::error!(node = link.node(), %error, "cannot write an answer"),
        }
    }
}
