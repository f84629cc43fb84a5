//! The way to one link: straight into it while the peer keeps up, through a queue of its own while it lags.
//!
//! A peer *lags* when more than [`SHARE`] waits in its link. From then on all that is for it goes to the engine's queue for
//! that target, message by message, where the policies of the topics hold; the link gets it in turns as it has room
//! ([`LOW`]), and is used straight again when the queue is empty. Who publishes waits for none of this.
//!
//! Invariants:
//! - what one link's reader hands on reaches the peer in that order, whichever of the two ways it takes: `lagging` is set and
//!   taken back under the queue's lock, with everything before it in the link;
//! - while `lagging` is set, room has been asked for and was not given yet: the queue is not forgotten.
//!
//! Cost while nobody lags: two loads for each run and target, and a count of what may be missed should the link break.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use outrigger_fanout::{Class, Handed, Next, Policies, QueueFigures, TargetQueue};
use outrigger_node::Payload;

use super::announce::Identity;
use super::apart::Apart;
use super::batch::Batch;
use super::outlet::Outlet;

/// A peer with more bytes than this waiting in its link lags.
pub(super) const SHARE: usize = 4 << 20;
/// With no more than this waiting in the link it is the next turn of what waits here.
pub(super) const LOW: usize = 1 << 20;
/// What one turn gives to the link, or one message more.
const TURN: usize = 1 << 20;

/// What may wait for one peer, and what of it is dropped.
#[derive(Clone, Debug)]
pub(crate) struct LaneConfig {
    /// Bytes that wait for a peer besides those in its link.
    pub(crate) queue_bytes: usize,
    /// What is dropped beyond that, by topic.
    pub(crate) policies: Arc<Policies>,
}

/// The way to one link.
pub(super) struct Lane {
    lagging: AtomicBool,
    queue: Mutex<TargetQueue<Waiting>>,
    /// What is not known to have arrived, whichever way it took.
    pub(super) handed: parking_lot::Mutex<Handed>,
}

/// What waits.
#[derive(Debug)]
enum Waiting {
    /// A whole frame of ours.
    Frame(Bytes),
    /// A message that was published.
    Message { group: Arc<str>, payload: Bytes },
}

impl Lane {
    /// A way on which nothing waits.
    pub(super) fn new(config: &LaneConfig) -> Self {
        let queue = TargetQueue::new(config.queue_bytes, config.policies.clone());
        Self { lagging: AtomicBool::new(false), queue: Mutex::new(queue), handed: Default::default() }
    }

    /// Whether what is for the peer may go into its link now.
    pub(super) fn is_free(&self, link: &impl Outlet) -> bool {
        !self.lagging.load(Ordering::Acquire) && link.queued() <= SHARE
    }

    /// Queues a frame of ours behind all that waits.
    pub(super) fn send(&self, link: &impl Outlet, frame: &Bytes) {
        if self.is_free(link) {
            link.send(std::slice::from_ref(frame));
            return;
        }
        let mut queue = self.lock();
        if let Err(overflow) = queue.push(Waiting::Frame(frame.clone()), frame.len(), Class::Control) {
            return link.give_up_slow(overflow.waiting);
        }
        self.lag(link, &queue);
    }

    /// Queues messages for a peer that lags. What is dropped for them is added to `lost`.
    pub(super) fn keep(&self, link: &impl Outlet, run: &Apart, lost: &AtomicU64) {
        let mut queue = self.lock();
        let before = queue.figures().dropped;
        let mut pushed = Ok(());
        for (payload, class) in run.iter() {
            let message = Waiting::Message { group: run.group().clone(), payload: payload.clone() };
            pushed = pushed.and_then(|()| queue.push(message, payload.len(), class));
        }
        lost.fetch_add(queue.figures().dropped - before, Ordering::Relaxed);
        match pushed {
            Ok(()) => self.lag(link, &queue),
            Err(overflow) => link.give_up_slow(overflow.waiting),
        }
    }

    /// There is room on the link: it gets what waits, or a turn of it. `single` are the groups that take one message a frame.
    pub(super) fn drain(&self, link: &impl Outlet, identity: &Identity, single: &HashSet<Arc<str>>) {
        let mut queue = self.lock();
        if !self.lagging.load(Ordering::Relaxed) {
            return;
        }
        let mut turn = Turn {
            link,
            identity,
            single,
            group: None,
            batch: Batch::default(),
            prefix: Vec::new(),
            sent: 0,
        };
        while turn.sent < TURN {
            match queue.pop() {
                Some(next) => turn.take(next),
                None => break,
            }
        }
        turn.flush();
        if queue.is_empty() {
            self.lagging.store(false, Ordering::Release);
        } else {
            link.want_room(LOW);
        }
    }

    /// What waits, and what was dropped.
    pub(super) fn figures(&self) -> QueueFigures {
        self.lock().figures()
    }

    /// Something waits. The guard says that it is our caller's turn to say so.
    fn lag(&self, link: &impl Outlet, _queue: &MutexGuard<'_, TargetQueue<Waiting>>) {
        if !self.lagging.swap(true, Ordering::Release) {
            link.want_room(LOW);
        }
    }

    fn lock(&self) -> MutexGuard<'_, TargetQueue<Waiting>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What goes to a link in one turn.
struct Turn<'a, O> {
    link: &'a O,
    identity: &'a Identity,
    single: &'a HashSet<Arc<str>>,
    /// The group of the messages in `batch`, and what stands before their payloads.
    group: Option<Arc<str>>,
    prefix: Vec<u8>,
    batch: Batch,
    sent: usize,
}

impl<O: Outlet> Turn<'_, O> {
    fn take(&mut self, next: Next<Waiting>) {
        match next {
            Next::Lost(lost) => {
                self.flush();
                for of_group in lost.chunk_by(|a, b| a.origin.group == b.origin.group) {
                    match self.identity.lost(of_group) {
                        Ok(frame) => self.send(&[frame]),
                        // Names of nodes and groups that came as atoms: a bug of ours.
                        Err(error) => tracing::error!(%error, "cannot write what was lost"),
                    }
                }
            }
            Next::Item(Waiting::Frame(frame)) => {
                self.flush();
                self.send(&[frame]);
            }
            Next::Item(Waiting::Message { group, payload }) => self.gather(group, &payload),
        }
    }

    fn gather(&mut self, group: Arc<str>, payload: &Bytes) {
        if self.group.as_ref() != Some(&group) {
            self.flush();
            // Fails for a group that is no atom, and such a group cannot be attached to.
            let Ok(prefix) = self.identity.prefix(&group) else { return };
            self.prefix = prefix;
            self.batch = if self.single.contains(&group) { Batch::of_singles() } else { Batch::default() };
            self.group = Some(group);
        }
        self.batch.push(&self.prefix, Payload::new(payload, 0));
        if self.batch.is_full() {
            self.flush();
        }
    }

    /// Hands on what was gathered. What follows is of a new batch.
    fn flush(&mut self) {
        if self.group.take().is_some() {
            self.batch.finish();
            let buffers = self.batch.frames().buffers().to_vec();
            self.send(&buffers);
            self.batch.clear();
        }
    }

    fn send(&mut self, buffers: &[Bytes]) {
        self.sent += buffers.iter().map(Bytes::len).sum::<usize>();
        self.link.send(buffers);
    }
}
