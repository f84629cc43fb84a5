//! The publisher's side: where its messages go, and what is said when that changes.
//!
//! While nothing changes a broadcast costs a look at one integer, one encoded message and a send for each target: one router, or
//! each node. When the epoch has moved on, or the router turns out to be gone, the path changes first ([`crate::path`]).
//!
//! Invariant: markers and messages of a publisher go out in the order in which it made them, and each node is on one way at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use outrigger_node::{Dest, Link, NodeName, OwnedPid, Process, SendError};
use outrigger_term::to_vec;
use serde::Serialize;

use crate::error::PubSubError;
use crate::path::{Path, To};
use crate::pubsub::{Handle, check};
use crate::routing::Event;
use crate::shared::Shared;
use crate::wire;

/// Publishes under a pid of its own. Its messages arrive at each subscriber in the order in which they were broadcast, over all topics.
/// Two publishers have no order between them: take one for each task.
#[derive(Debug)]
pub struct Publisher {
    handle: Arc<Handle>,
    process: Process,
    path: Option<Path>,
    targets: Targets,
}

/// Who is sent to.
#[derive(Debug, Default)]
struct Targets {
    relay: Option<Target>,
    /// What was sent to routers of the relay's name.
    sent: Arc<AtomicU64>,
    directs: Vec<Target>,
}

#[derive(Debug)]
struct Target {
    to: Dest,
    name: Option<NodeName>,
    link: Option<Link>,
}

/// What came of an attempt.
enum Attempt {
    Done,
    /// This link holds as much as it may.
    Busy(Link),
    /// There is no link to the router any more.
    Lost,
}

impl Publisher {
    pub(crate) fn new(handle: Arc<Handle>, process: Process) -> Self {
        Self { handle, process, path: None, targets: Targets::default() }
    }

    /// Its pid, as other nodes know it.
    #[must_use]
    pub fn pid(&self) -> &OwnedPid {
        self.process.pid()
    }

    /// Broadcasts a value, or a [`Term`](outrigger_term::Term), to all who have subscribed to a topic, in this program and on all other nodes. Waits while a
    /// peer that it has to be sent to does not keep up ([`Options::max_queued`](crate::Options::max_queued)), as a BEAM does. To nodes that are
    /// not linked it is lost. Cancel-safe: it was broadcast to all or to nobody.
    ///
    /// # Errors
    /// The value has no term, the topic is too long, or the node is shut down.
    pub async fn broadcast<T>(&mut self, topic: &str, message: &T) -> Result<(), PubSubError>
    where
        T: Serialize + ?Sized,
    {
        check(topic)?;
        let message = to_vec(message)?;
        loop {
            // A publisher that never waits leaves its thread to others all the same.
            tokio::task::coop::consume_budget().await;
            match self.publish(topic, &message)? {
                Attempt::Busy(link) => link.room(self.handle.shared.options.max_queued / 2).await,
                _done => return Ok(()),
            }
        }
    }

    /// The same without waiting.
    ///
    /// # Errors
    /// [`PubSubError::Busy`] where [`Publisher::broadcast`] would wait: nothing was sent. Else as there.
    pub fn try_broadcast<T>(&mut self, topic: &str, message: &T) -> Result<(), PubSubError>
    where
        T: Serialize + ?Sized,
    {
        check(topic)?;
        match self.publish(topic, &to_vec(message)?)? {
            Attempt::Busy(link) => {
                Err(PubSubError::Busy { peer: link.peer().to_string(), queued: link.queued() })
            }
            _done => Ok(()),
        }
    }

    fn publish(&mut self, topic: &str, message: &[u8]) -> Result<Attempt, PubSubError> {
        loop {
            self.follow();
            match self.attempt(topic, message)? {
                // Whoever comes late sees that the route has changed already.
                Attempt::Lost => self.lost(),
                Attempt::Busy(link) => return Ok(Attempt::Busy(link)),
                Attempt::Done => break,
            }
        }
        let shared = &self.handle.shared;
        shared.local.dispatch(topic.as_bytes(), &shared.counters, || Bytes::copy_from_slice(message));
        Ok(Attempt::Done)
    }

    fn attempt(&mut self, topic: &str, message: &[u8]) -> Result<Attempt, PubSubError> {
        let max = self.handle.shared.options.max_queued;
        let node = self.process.node();
        if let Some(relay) = &self.targets.relay {
            // The link over which the path was made, and no later one: its router knows nothing of this path.
            match relay.link.as_ref().filter(|link| link.is_up()) {
                None => return Ok(Attempt::Lost),
                Some(link) if link.queued() > max => return Ok(Attempt::Busy(link.clone())),
                Some(_) => {}
            }
        }
        for target in &mut self.targets.directs {
            if !target.link.as_ref().is_some_and(Link::is_up) {
                target.link = target.name.as_ref().and_then(|name| node.link(name));
            }
            if let Some(link) = target.link.as_ref().filter(|link| link.queued() > max) {
                return Ok(Attempt::Busy(link.clone()));
            }
        }
        if self.targets.relay.is_none() && self.targets.directs.is_empty() {
            return Ok(Attempt::Done);
        }
        let epoch = self.path.as_ref().map_or(0, Path::epoch);
        let bytes = wire::data(epoch, self.process.pid(), topic, message)?;
        // The relay first: if it is gone, nothing has been sent and the whole message takes another way.
        for (relayed, target) in self.targets.all() {
            match self.process.send(&target.to, &bytes) {
                Ok(()) if relayed => {
                    self.targets.sent.fetch_add(1, Relaxed);
                }
                Ok(()) => {}
                Err(SendError::NotLinked { .. }) if relayed => return Ok(Attempt::Lost),
                Err(SendError::NotLinked { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Attempt::Done)
    }

    fn lost(&self) {
        let relay = self.path.as_ref().and_then(Path::relay);
        if let Some(relay) = relay {
            self.handle.shared.route(Event::Lost(relay.way.member.clone()));
        }
    }

    /// Goes over to the newest route, and says so.
    fn follow(&mut self) {
        let shared = &self.handle.shared;
        let epoch = self.path.as_ref().map(Path::epoch);
        if epoch == Some(shared.board.epoch()) {
            return;
        }
        let Some(route) = shared.board.route() else { return };
        let sends = match &mut self.path {
            Some(path) => path.change(&route, self.process.pid(), shared.now(), shared.options.hold_ms),
            none => {
                *none = Some(Path::new(route, self.process.pid()));
                Vec::new()
            }
        };
        for (to, marker) in sends {
            let to = match to {
                To::Pid(pid) => Some(Dest::Pid(pid)),
                To::Worker(node) => node.parse().ok().map(|node| Dest::name(&shared.group, node)),
            };
            // A way without a link has ended.
            if let (Some(to), Ok(bytes)) = (to, wire::marker(self.process.pid(), &marker)) {
                let _down = self.process.send(&to, &bytes);
            }
        }
        self.targets =
            self.path.as_ref().map(|path| Targets::of(path, &self.process, shared)).unwrap_or_default();
    }
}

impl Targets {
    fn of(path: &Path, process: &Process, shared: &Shared) -> Self {
        let target = |pid: &OwnedPid| {
            let name: Option<NodeName> = pid.node.parse().ok();
            let link = name.as_ref().and_then(|name| process.node().link(name));
            Target { to: Dest::from(pid), name, link }
        };
        let relay = path.relay().map(|relay| target(&relay.route));
        let sent = path.relay().map(|relay| shared.sent_to(&relay.route.node)).unwrap_or_default();
        Self { relay, sent, directs: path.directs().iter().map(target).collect() }
    }

    /// All, and whether it is the relay.
    fn all(&self) -> impl Iterator<Item = (bool, &Target)> {
        self.relay.iter().map(|relay| (true, relay)).chain(self.directs.iter().map(|direct| (false, direct)))
    }
}
