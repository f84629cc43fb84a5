//! What all links of the service share: the router, who we are, and the links to send to.
//!
//! Lock order: the right to change lists, then the table of links. Handing on a batch takes the router's shared
//! lock and then the table of links shared; nothing takes them the other way round.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use crossbeam::sync::{ShardedLock, ShardedLockReadGuard};
use outrigger_fanout::{
    AttachError, Change, Changes, Incarnation, PeerId, QueueFigures, RouteKey, Router, Targets, Untold,
};
use outrigger_node::Payload;
use outrigger_term::TermError;

use super::announce::Identity;
use super::batch::{Batch, Frames};
use super::copies::Copies;
use super::interest::{Answer, Groups, Kept, Told};
use super::lane::{Lane, LaneConfig};
use super::leaving::Leaving;
use super::ordered::Sequencer;
use super::outlet::Outlet;
use super::request::VERSION;

/// Nodes and groups of broken links that are remembered.
const KEPT_UNTOLD: usize = 1_024;

/// The shared part of the service.
pub(super) struct Core<O> {
    pub(super) router: Router,
    pub(super) identity: Identity,
    links: ShardedLock<HashMap<PeerId, Linked<O>>>,
    /// Who wants what, for each group that has members.
    pub(super) wants: Groups,
    /// What is put in order.
    pub(super) sequencer: Sequencer,
    lane: LaneConfig,
    pub(super) leaving: Leaving,
    /// What nodes may have missed when their links broke.
    untold: parking_lot::Mutex<Untold>,
    pub(super) figures: Figures,
}

/// A link to send to.
pub(super) struct Linked<O> {
    pub(super) link: O,
    /// The groups that are attached over it and take one message a frame.
    pub(super) single: HashSet<Arc<str>>,
    /// The way to it.
    pub(super) lane: Arc<Lane>,
    /// Its node's VM, once a worker has attached.
    vm: Option<Incarnation>,
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
    /// Events that were decoded, and those that could not be.
    pub(super) events: AtomicU64,
    pub(super) dead_letters: AtomicU64,
    /// Copies that were sent late, to peers whose interest came late.
    pub(super) late: AtomicU64,
    /// Copies that were dropped, since the peers they were for lagged.
    pub(super) lost: AtomicU64,
}

impl<O: Outlet> Core<O> {
    /// A service without links.
    pub(super) fn new(router: Router, identity: Identity, lane: LaneConfig) -> Self {
        Self {
            router,
            links: ShardedLock::default(),
            wants: Groups::default(),
            sequencer: Sequencer::new(identity.router.creation),
            identity,
            lane,
            leaving: Leaving::default(),
            untold: parking_lot::Mutex::new(Untold::new(KEPT_UNTOLD)),
            figures: Figures::default(),
        }
    }

    /// A link is up and may be sent to.
    pub(super) fn link_up(&self, link: &O) {
        let lane = Arc::new(Lane::new(&self.lane));
        let linked = Linked { link: link.clone(), single: HashSet::new(), lane, vm: None };
        self.links.write().unwrap_or_else(PoisonError::into_inner).insert(link.peer(), linked);
    }

    /// A link is down, and everything it gathered is handed on.
    pub(super) fn link_down(&self, link: &O) {
        let mut changes = self.router.changes();
        // Ahead of its end: whoever finds no link any more finds it noted.
        self.note_break(link);
        let linked = self.links.write().unwrap_or_else(PoisonError::into_inner).remove(&link.peer());
        if let Some(Linked { lane, vm: Some(vm), .. }) = linked {
            let mut untold = self.untold.lock();
            lane.handed.lock().take().for_each(|of| untold.keep(vm.clone(), of.group, of.counts));
        }
        let gone = changes.peer_down(link.peer());
        self.leaving.left(link.peer(), None);
        self.leave_terms(link.peer(), &changes);
        gone.iter().for_each(|change| self.announce(change, link.peer(), &changes));
    }

    /// Notes whom messages miss that come for this link from now on.
    fn note_break(&self, link: &O) {
        let links = self.links();
        let Some(Linked { lane, vm: Some(vm), .. }) = links.get(&link.peer()) else { return };
        let (told, vm) = (lane.handed.lock().told(), vm.clone());
        drop(links);
        if !told.is_empty() {
            self.untold.lock().broke(link.peer(), vm, told);
        }
    }

    /// Attaches the worker behind a link, and tells everybody or says no. Whether it is attached. `batches`: it takes
    /// several messages in a frame. `creation` is that of its VM.
    pub(super) fn attach(&self, link: &O, group: &str, creation: u32, batches: bool) -> bool {
        let mut changes = self.router.changes();
        // Before the first message can go to it: how it takes them, and that it wants them all. The worker that asks has the name already.
        let before = self.take_batches(link, group, batches);
        let vm = Incarnation { node: link.node().into(), creation };
        self.begin_count(link, group, &vm);
        let wanted = self.wants.join(link.peer(), group);
        match changes.attach(link.peer(), link.node(), group) {
            Ok(change) => {
                self.announce(&change, link.peer(), &changes);
                self.grant_all(link, group, &changes);
                self.tell_unconfirmed(link, group, &vm);
                if self.leaving.join(link.peer(), group) {
                    self.send_to(link, self.identity.leaving(group));
                }
                true
            }
            Err(error) => {
                self.take_batches(link, group, before);
                if !wanted {
                    self.wants.leave(link.peer(), group);
                }
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

    /// From now on it counts what is handed to the worker behind a link.
    fn begin_count(&self, link: &O, group: &str, vm: &Incarnation) {
        let mut links = self.links.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(linked) = links.get_mut(&link.peer()) {
            linked.vm = Some(vm.clone());
            linked.lane.handed.lock().forget(group);
        }
    }

    /// Tells a worker what its VM may have missed over links that broke, or that somebody took for whole who did not know it yet.
    fn tell_unconfirmed(&self, link: &O, group: &str, vm: &Incarnation) {
        let counts = self.untold.lock().take(vm, group);
        if !counts.is_empty() {
            self.send_to(link, self.identity.unconfirmed(group, &counts));
        }
    }

    /// How many groups there is interest kept of.
    #[cfg(test)]
    pub(super) fn groups_with_wants(&self) -> usize {
        self.wants.len()
    }

    /// The groups over a link that take one message a frame.
    #[cfg(test)]
    pub(super) fn notes(&self, peer: PeerId) -> HashSet<Arc<str>> {
        let links = self.links();
        links.get(&peer).map(|linked| linked.single.clone()).unwrap_or_default()
    }

    /// Ends the attachment behind a link, and tells everybody.
    pub(super) fn detach(&self, link: &O, group: &str) {
        let mut changes = self.router.changes();
        if let Some(change) = changes.detach(link.peer(), group) {
            self.take_batches(link, group, true);
            self.leaving.left(link.peer(), Some(group));
            self.announce(&change, link.peer(), &changes);
        }
    }

    /// Tells all members that this node is about to stop. They take other ways from then on ([`Leaving::over`]).
    pub(super) fn leave(&self) {
        let changes = self.router.changes();
        if self.leaving.has_begun() {
            return;
        }
        self.leaving.begin(changes.attachments());
        for (peer, group) in changes.attachments() {
            self.send_to_all(std::iter::once(peer), self.identity.leaving(&group));
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

    /// Hands a run of `messages` messages to all that want it now. Routing and sending are one step: a member that
    /// is listed anew, or a sender whose place was taken, finds nothing of this run behind the list that says so.
    pub(super) fn hand_on(&self, from: &O, key: RouteKey, prefix: &[u8], messages: u64, batch: &mut Batch) {
        batch.finish();
        self.figures.runs.fetch_add(1, Relaxed);
        let unlinked = RefCell::new(Vec::new());
        let hand_on = |targets: &Targets<'_>| {
            let send = |frames: &Frames<'_>, peers: &mut dyn Iterator<Item = PeerId>| {
                self.figures.batches.fetch_add(frames.shared(), Relaxed);
                let links = self.links();
                let mut copies =
                    Copies::new(targets.group(), from.node(), prefix, *frames, &self.figures.lost);
                for peer in peers {
                    match links.get(&peer) {
                        Some(to) => copies.send(to),
                        None => unlinked.borrow_mut().push(peer),
                    }
                }
                copies.made()
            };
            let copies = match self.wants.get(targets.group()).filter(|_| !targets.is_single()) {
                Some(wants) => wants.hand_on(targets, &batch.frames(), prefix, from.node(), send),
                None => send(&batch.frames(), &mut targets.iter()),
            };
            self.missed(targets, &unlinked.take(), from.node(), messages);
            copies
        };
        // What is dropped is counted by the router.
        let _ = self.router.route_many(key, from.peer(), messages, hand_on);
    }

    /// Messages of `node` came for members whose links broke, some of them just now: their sender has not heard of it yet.
    fn missed(&self, targets: &Targets<'_>, unlinked: &[PeerId], node: &str, messages: u64) {
        if unlinked.is_empty() && targets.gone().is_empty() {
            return;
        }
        let mut untold = self.untold.lock();
        for peer in unlinked.iter().chain(targets.gone()) {
            untold.missed(*peer, targets.group(), node, messages);
        }
    }

    /// Does what the teller behind a link says, and answers it. What is to be complained of, if anything.
    pub(super) fn follow(&self, link: &O, told: &Told<'_>) -> Option<String> {
        let found = self.links().get(&link.peer()).map(|linked| (linked.lane.clone(), linked.vm.clone()));
        if let Some((lane, vm)) = &found {
            lane.handed.lock().asked(&told.group);
            vm.iter().for_each(|vm| self.tell_unconfirmed(link, &told.group, vm));
        }
        let say = |answer: &Answer| {
            let Answer { state, stamp, complete } = *answer;
            if let Some((lane, _)) = &found {
                lane.handed.lock().answered(&told.group);
            }
            self.send_to(link, self.identity.interest(&told.teller, told.number, state, stamp, complete));
        };
        let Some(wants) = self.wants.get(&told.group) else {
            say(&Answer::UNATTACHED);
            return None;
        };
        let late = |missed: &[Kept]| self.send_late(link, missed);
        wants.follow(link.peer(), told, late, say).map(|error| error.to_string())
    }

    /// Hands on what a member has missed, all of one group.
    fn send_late(&self, link: &O, missed: &[Kept]) {
        let links = self.links();
        let Some(linked) = links.get(&link.peer()) else { return };
        for of_one in missed.chunk_by(|one, next| one.origin == next.origin) {
            let Some(Kept { origin, .. }) = of_one.first() else { continue };
            // Fails for a group that is no atom, and such a group cannot be attached to.
            let Ok(prefix) = self.identity.prefix(&origin.group) else { return };
            let mut batch = Batch::default();
            of_one.iter().for_each(|kept| batch.push(&prefix, Payload::new(&kept.payload, 0)));
            batch.finish();
            let frames = batch.frames();
            let mut copies = Copies::new(&origin.group, &origin.node, &prefix, frames, &self.figures.lost);
            copies.send(linked);
            self.figures.late.fetch_add(copies.made(), Relaxed);
        }
    }

    /// There is room on a link: it gets more of what waits for it.
    pub(super) fn room(&self, link: &O) {
        let links = self.links();
        let found = links.get(&link.peer()).map(|linked| (linked.lane.clone(), linked.single.clone()));
        drop(links);
        if let Some((lane, single)) = found {
            lane.drain(link, &self.identity, &single);
        }
    }

    /// What waits for each link, and what was dropped.
    pub(super) fn queues(&self) -> HashMap<PeerId, QueueFigures> {
        let links = self.links();
        links.iter().map(|(peer, linked)| (*peer, linked.lane.figures())).collect()
    }

    /// Who is not in a new list wants nothing more, and all members are told of it, the link that caused it first: nobody else can send to the new member
    /// before its own copy of the list is under way. The borrow of the right to change keeps versions in order.
    fn announce(&self, change: &Change, first: PeerId, _changes: &Changes<'_>) {
        self.wants.follow(change);
        if change.members.is_empty() {
            self.sequencer.forget(&change.group);
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
        let links = self.links();
        let others = change.members.iter().map(|member| member.peer).filter(|peer| *peer != first);
        let listed = change.members.iter().any(|member| member.peer == first);
        let ordered = listed.then_some(first).into_iter().chain(others);
        ordered.filter_map(|peer| links.get(&peer)).for_each(|linked| linked.lane.send(&linked.link, &frame));
    }

    fn send_to(&self, link: &O, frame: Result<Bytes, TermError>) {
        self.send_to_all(std::iter::once(link.peer()), frame);
    }

    /// Sends one frame of ours to some links.
    pub(super) fn send_to_all(&self, peers: impl Iterator<Item = PeerId>, frame: Result<Bytes, TermError>) {
        match frame {
            Ok(frame) => {
                let links = self.links();
                for Linked { link, lane, .. } in peers.filter_map(|peer| links.get(&peer)) {
                    lane.send(link, &frame);
                }
            }
            Err(error) => tracing::error!(%error, "cannot write an answer"),
        }
    }

    /// The links to send to.
    pub(super) fn links(&self) -> ShardedLockReadGuard<'_, HashMap<PeerId, Linked<O>>> {
        self.links.read().unwrap_or_else(PoisonError::into_inner)
    }
}
