//! The receiver's fence: holds what comes on a new way until the old ones have ended. Pure; times are milliseconds.
//!
//! A publisher that changes its way sends `end` as the last thing on each way it leaves, and `begin` as the first on each it
//! enters. `begin` names the ways left; here each becomes a wait. Per publisher that has waits there is a list of segments: an
//! epoch, its waits, the messages held ([`publisher`]).
//!
//! A wait is over
//!
//! - for a router's way when its `end` came; or when this worker neither is attached to the router nor has just asked to be (then
//!   a first list may be on its way, with messages behind it); or the router's newest list is at least as new as the version and
//!   does not name the member: the publisher's link is gone; or this worker's own attachment is younger than the version: nothing
//!   sent under it can come;
//! - for the direct way when its `end` came, or the publisher is down, or the link to it;
//! - after `hold_ms`, or with more held than the bounds allow. Then the old way is given up: what is held is delivered, and older epochs
//!   of that publisher are dropped until the old way has really ended, or for two minutes.
//!
//! Invariants:
//! - No message of a publisher is delivered after one of a later epoch, and none twice.
//! - A publisher that waits for nothing takes no memory. [`Handover::is_idle`] is true when nobody does.
//! - Nothing is held for longer than `hold_ms` from its `begin`, for each way in the chain.
//!
//! Limits: ends without a beginning are kept for `hold_ms`, at most 64 per publisher; so are segments. Beyond 100,000 publishers that are
//! changing their way at once, markers of others are ignored and counted.

mod publisher;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use outrigger_node::OwnedPid;
use publisher::Publisher;

use crate::way::{List, Node, Use, Way};

const MAX_PUBLISHERS: usize = 100_000;

/// What is to be done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action<P> {
    Deliver(P),
    /// Watch a publisher: its end is the end of its direct way.
    Monitor(OwnedPid),
    Demonitor(OwnedPid),
    /// A message was dropped: it came on a way that was given up.
    Stale(OwnedPid),
    /// An old way did not end in time. So many messages were held for it.
    GaveUp(OwnedPid, usize),
    /// A marker was ignored: there are too many publishers.
    Shed,
}

/// The bounds of what is held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HoldBounds {
    pub(crate) ms: u64,
    /// Messages of one publisher.
    pub(crate) messages: usize,
    /// Bytes of all.
    pub(crate) bytes: usize,
}

/// What a publisher's way may wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wait {
    Direct,
    Router(Use),
}

/// What is known of a router's list.
#[derive(Clone, Debug)]
struct Known {
    version: u64,
    /// Our own attachment, and the version in which it came up.
    own: Option<OwnedPid>,
    since: u64,
    members: HashSet<OwnedPid>,
}

/// What waits can be judged by, apart from what publishers say.
#[derive(Debug, Default)]
struct Routers {
    known: HashMap<OwnedPid, Known>,
    attaching: HashSet<Node>,
}

/// See the module. `P` is what is delivered.
#[derive(Debug)]
pub(crate) struct Handover<P> {
    node: Node,
    bounds: HoldBounds,
    routers: Routers,
    publishers: HashMap<OwnedPid, Publisher<P>>,
    /// What all held messages cost.
    held: usize,
}

impl<P> Handover<P> {
    /// The fence of the worker on a node.
    pub(crate) fn new(node: Node, bounds: HoldBounds) -> Self {
        Self { node, bounds, routers: Routers::default(), publishers: HashMap::new(), held: 0 }
    }

    /// Whether nobody is changing the way: then every message may be delivered as it comes.
    pub(crate) fn is_idle(&self) -> bool {
        self.publishers.is_empty()
    }

    /// How many publishers wait for the end of a way, or have had one given up.
    pub(crate) fn waiting(&self) -> usize {
        self.publishers.values().filter(|publisher| publisher.is_waiting()).count()
    }

    /// A message of a publisher, sent under an epoch. `cost` is what it counts against the bytes.
    pub(crate) fn data(
        &mut self,
        epoch: u64,
        from: &OwnedPid,
        payload: P,
        cost: usize,
        out: &mut Vec<Action<P>>,
    ) {
        let Some(publisher) = self.publishers.get_mut(from) else {
            return out.push(Action::Deliver(payload));
        };
        if publisher.is_stale(epoch) {
            return out.push(Action::Stale(from.clone()));
        }
        if !publisher.holds(epoch) {
            return out.push(Action::Deliver(payload));
        }
        self.held += cost;
        publisher.hold(epoch, payload, cost);
        let full = self.held > self.bounds.bytes;
        while publisher.held_messages() > self.bounds.messages || (full && publisher.held_messages() > 0) {
            publisher.give_up(from, &mut self.held, out);
        }
        self.settle(from, out);
    }

    /// The first thing on a new way. `uses` are the router ways left; `direct`: the way from its node to this one was, too.
    pub(crate) fn begin(
        &mut self,
        epoch: u64,
        from: &OwnedPid,
        uses: Vec<Use>,
        direct: bool,
        now: u64,
        out: &mut Vec<Action<P>>,
    ) {
        let direct = direct.then_some(Wait::Direct);
        let waits: Vec<_> = direct.into_iter().chain(uses.into_iter().map(Wait::Router)).collect();
        if waits.is_empty() || self.is_full(from, out) {
            return;
        }
        let deadline = now + self.bounds.ms;
        let publisher = self.publishers.entry(from.clone()).or_default();
        // Also a segment whose waits are over already: it may be behind others, and `settle` takes it away.
        publisher.add(epoch, waits, deadline, from, &mut self.held, out);
        self.settle(from, out);
        if let Some(publisher) = self.publishers.get_mut(from) {
            publisher.monitor(from, out);
        }
    }

    /// The last thing on a way, left for an epoch.
    pub(crate) fn finish(
        &mut self,
        epoch: u64,
        from: &OwnedPid,
        way: Way,
        now: u64,
        out: &mut Vec<Action<P>>,
    ) {
        if self.is_full(from, out) {
            return;
        }
        let until = now + self.bounds.ms;
        self.publishers.entry(from.clone()).or_default().end(epoch, way, until);
        self.settle(from, out);
    }

    fn is_full(&self, from: &OwnedPid, out: &mut Vec<Action<P>>) -> bool {
        let full = self.publishers.len() >= MAX_PUBLISHERS && !self.publishers.contains_key(from);
        if full {
            out.push(Action::Shed);
        }
        full
    }

    /// A router's new list.
    pub(crate) fn members(&mut self, list: &List, out: &mut Vec<Action<P>>) {
        let own = list.member(&self.node).cloned();
        let since = match self.routers.known.get(&list.router) {
            Some(known) if known.own == own => known.since,
            _new_attachment => list.version,
        };
        let members = list.members.iter().map(|(_, member)| member.clone()).collect();
        let known = Known { version: list.version, own, since, members };
        // A node has one router: what another pid of it has said is of before.
        self.routers.known.retain(|router, _| router.node != list.router.node || *router == list.router);
        self.routers.known.insert(list.router.clone(), known);
        self.routers.attaching.remove(&list.router.node);
        self.settle_all(out);
    }

    /// The router on a node is about to be asked to attach this worker, if there is one.
    pub(crate) fn attaching(&mut self, node: Node) {
        self.routers.attaching.insert(node);
    }

    /// The router there has refused.
    pub(crate) fn not_attaching(&mut self, node: &str, out: &mut Vec<Action<P>>) {
        self.routers.attaching.remove(node);
        self.settle_all(out);
    }

    /// The link to a node is down, and all that came over it is here.
    pub(crate) fn node_down(&mut self, node: &str, out: &mut Vec<Action<P>>) {
        self.routers.known.retain(|router, _| *router.node != *node);
        self.not_attaching(node, out);
    }

    /// The worker has started anew: what was held is lost. What is known of routers holds.
    pub(crate) fn restart(&mut self) {
        self.publishers.clear();
        self.held = 0;
    }

    /// A monitored publisher is down, or the link to it.
    pub(crate) fn publisher_down(&mut self, pid: &OwnedPid, out: &mut Vec<Action<P>>) {
        if let Some(publisher) = self.publishers.get_mut(pid) {
            publisher.down();
            self.settle(pid, out);
        }
    }

    /// Gives up what has waited for too long.
    pub(crate) fn timeout(&mut self, now: u64, out: &mut Vec<Action<P>>) {
        for pid in self.publishers.keys().cloned().collect::<Vec<_>>() {
            if let Some(publisher) = self.publishers.get_mut(&pid) {
                publisher.expire(now, &pid, &mut self.held, out);
                self.settle(&pid, out);
            }
        }
    }

    fn settle_all(&mut self, out: &mut Vec<Action<P>>) {
        for pid in self.publishers.keys().cloned().collect::<Vec<_>>() {
            self.settle(&pid, out);
        }
    }

    fn settle(&mut self, pid: &OwnedPid, out: &mut Vec<Action<P>>) {
        let Some(publisher) = self.publishers.get_mut(pid) else { return };
        publisher.settle(pid, &self.routers, &mut self.held, out);
        if publisher.is_done() {
            self.publishers.remove(pid);
        }
    }
}

impl Routers {
    /// Whether nothing can come over a way any more, whatever its publisher has said.
    fn nothing_to_come(&self, wait: &Wait) -> bool {
        let Wait::Router(way) = wait else { return false };
        match self.known.get(&way.router) {
            Some(known) => {
                known.since > way.version
                    || (known.version >= way.version && !known.members.contains(&way.member))
            }
            None => !self.attaching.contains(&way.router.node),
        }
    }
}
