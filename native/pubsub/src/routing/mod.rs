//! Which way the publishers of this node take. Pure: an event and the time go in, actions come out.
//!
//! Invariants:
//! - A publisher reaches a node through its router (the node is in that one's newest list) or directly (`pg` knows a worker there),
//!   never both ways. Usable is a router with a list that names this node and at least one other, and that is not leaving. All usable ones are used
//!   ([`crate::choices`]), or none while the cluster is small and this node is linked with all the others.
//! - The epoch rises whenever a publisher has to do something else than before, and when a node is there again that was reached
//!   directly a moment ago: the `end` of that way may have been lost with the link, and is said again.
//! - A list that names an attachment that was given up brings back no route.
//!
//! In the Elixir package lists take a detour, and a fence tells old ones from new ones. Here lists, and the ups and downs of
//! links, come through the one mailbox of the worker, in the order of the link; that is the fence.
//!
//! Limits: routers that speak version 1 only are not asked again; they are not used.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use outrigger_node::OwnedPid;

use crate::choices::{self, Choice, Listing, Members};
use crate::options::{Options, Via};
use crate::small_cluster::SmallCluster;
use crate::way::{List, Node};

/// Something that has to do with ways.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A link to a hidden node is up: there may be a router.
    HiddenUp(Node),
    /// It is down, and all that came over it was seen.
    HiddenDown(Node),
    /// There is a worker, or another one.
    WorkerUp,
    /// All members of the group.
    Pg(Vec<OwnedPid>),
    /// Some have joined.
    PgJoin(Vec<OwnedPid>),
    /// Some have left.
    PgLeave(Vec<OwnedPid>),
    /// A router's list.
    Members(List),
    /// The router of this pid is about to stop.
    Leaving(OwnedPid),
    /// A publisher has found no link to the router where this node is attached so.
    Lost(OwnedPid),
    /// Time goes by.
    Tick,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Publishers follow this route from now on.
    Publish(Arc<Route>),
    /// Ask the router there to attach the worker, if there is one.
    Attach(Node),
    /// Ask the router there for nodes that it does not reach.
    Cover(Node, Vec<Node>),
    /// Tell the router there that the route before this uses it no more.
    Left(Node),
}

/// What publishers follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) epoch: u64,
    /// At least one. See [`crate::choices`].
    pub(crate) choices: Vec<Choice>,
    /// The newest route pid of every attachment of this node, by its member pid.
    pub(crate) exits: HashMap<OwnedPid, OwnedPid>,
}

#[derive(Debug, Default)]
struct Router {
    /// An attachment that was given up.
    retired: Option<OwnedPid>,
    list: Option<Listing>,
    /// The nodes that it was asked to cover.
    asked: Vec<Node>,
    /// It is about to stop: what leaves it says so over the attachment that is left.
    leaving: bool,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Routing {
    node: Node,
    small: SmallCluster,
    pg: Members,
    routers: BTreeMap<Node, Router>,
    epoch: u64,
    route: Option<Arc<Route>>,
    /// Until when a node was reached directly, in milliseconds.
    direct_until: HashMap<Node, u64>,
}

/// In milliseconds. Longer than receivers wait for the end of a way.
const RECENTLY: u64 = 10_000;

impl Routing {
    /// Nothing is known yet.
    pub(crate) fn new(node: Node, options: &Options) -> Self {
        let small = SmallCluster::new(options);
        Self {
            node,
            small,
            pg: Members::new(),
            routers: BTreeMap::new(),
            epoch: 0,
            route: None,
            direct_until: HashMap::new(),
        }
    }

    /// The caller has changed its mind.
    #[cfg(test)]
    pub(crate) fn prefer(&mut self, options: &Options) {
        self.small = SmallCluster::new(options);
    }

    /// Whether [`Event::Tick`] may change something.
    pub(crate) const fn needs_ticks(&self) -> bool {
        self.small.is_waiting()
    }

    /// Hidden nodes, of which some are routers.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = &Node> {
        self.routers.keys()
    }

    /// Handles one event. `now` in milliseconds; `clock` is what epochs are made of, see [`crate::board`].
    pub(crate) fn handle(&mut self, event: Event, now: u64, clock: u64) -> Vec<Action> {
        let mut asks = Vec::new();
        let again = matches!(&event, Event::PgJoin(pids) if self.is_again(pids, now));
        match event {
            Event::HiddenUp(node) => self.attach(node, &mut asks),
            // Remote shells and other hidden nodes come and go under ever new names: nothing is kept of them.
            Event::HiddenDown(node) => drop(self.routers.remove(&node)),
            Event::WorkerUp => {
                for node in self.routers.keys().cloned().collect::<Vec<_>>() {
                    self.attach(node, &mut asks);
                }
            }
            Event::Pg(pids) => {
                self.pg.clear();
                self.join(pids);
            }
            Event::PgJoin(pids) => self.join(pids),
            Event::PgLeave(pids) => self.leave(&pids),
            Event::Members(list) => self.listed(list),
            Event::Leaving(router) => self.leaving(&router, &mut asks),
            Event::Lost(member) => self.lost(&member),
            Event::Tick => {}
        }
        self.covers(&mut asks);
        let mut nodes: Vec<&Node> = self.pg.keys().chain(self.lists().flat_map(|list| &list.nodes)).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let count = nodes.len();
        self.small.count(count, now);
        // The route first: publishers wait for it.
        let mut actions: Vec<_> = self.publish(now, clock, again).into_iter().collect();
        actions.extend(asks);
        actions
    }

    fn attach(&mut self, node: Node, asks: &mut Vec<Action>) {
        let router = self.routers.entry(node.clone()).or_default();
        let retired = router.list.take().map(|list| list.own).or_else(|| router.retired.take());
        *router = Router { retired, ..Router::default() };
        asks.push(Action::Attach(node));
    }

    fn join(&mut self, pids: Vec<OwnedPid>) {
        for pid in pids.into_iter().filter(|pid| pid.node != self.node) {
            let of_node = self.pg.entry(pid.node.clone()).or_default();
            of_node.retain(|known| *known != pid);
            of_node.insert(0, pid);
        }
    }

    fn leave(&mut self, pids: &[OwnedPid]) {
        for pid in pids {
            if let Some(of_node) = self.pg.get_mut(&pid.node) {
                of_node.retain(|known| known != pid);
                if of_node.is_empty() {
                    self.pg.remove(&pid.node);
                }
            }
        }
    }

    fn listed(&mut self, list: List) {
        let Some(router) = self.routers.get_mut(&list.router.node) else { return };
        if let Some(listing) = Listing::of(list, &self.node)
            && router.retired.as_ref() != Some(&listing.own)
        {
            router.list = Some(listing);
        }
    }

    fn leaving(&mut self, pid: &OwnedPid, asks: &mut Vec<Action>) {
        let Some(router) = self.routers.get_mut(&pid.node) else { return };
        if router.list.as_ref().is_some_and(|list| list.router == *pid) {
            router.leaving = true;
            asks.push(Action::Left(pid.node.clone()));
        }
    }

    fn lost(&mut self, member: &OwnedPid) {
        let found = self
            .routers
            .values_mut()
            .find(|router| router.list.as_ref().is_some_and(|list| list.own == *member));
        if let Some(router) = found {
            router.list = None;
            router.retired = Some(member.clone());
        }
    }

    /// Asks each router for the nodes that it does not reach, once per set of nodes.
    fn covers(&mut self, asks: &mut Vec<Action>) {
        for (node, router) in self.routers.iter_mut().filter(|(_, router)| !router.leaving) {
            let Some(list) = &router.list else { continue };
            let missing: Vec<_> =
                self.pg.keys().filter(|node| list.nodes.binary_search(node).is_err()).cloned().collect();
            if !missing.is_empty() && missing != router.asked {
                asks.push(Action::Cover(node.clone(), missing.clone()));
            }
            router.asked = missing;
        }
    }

    /// Whether one of these is on a node that was gone, and was reached directly a moment ago.
    fn is_again(&self, pids: &[OwnedPid], now: u64) -> bool {
        pids.iter().any(|OwnedPid { node, .. }| {
            let until = self.direct_until.get(node).filter(|_| !self.pg.contains_key(node));
            until.is_some_and(|until| now < until + RECENTLY)
        })
    }

    fn note_directs(&mut self, now: u64) {
        self.direct_until.retain(|_, until| now < *until + RECENTLY);
        let directs = self.route.iter().flat_map(|route| &route.choices).flat_map(|choice| &choice.directs);
        self.direct_until.extend(directs.map(|pid| (pid.node.clone(), now)));
    }

    fn publish(&mut self, now: u64, clock: u64, again: bool) -> Option<Action> {
        let usable = self.routers.values().filter(|router| !router.leaving);
        let lists: Vec<_> = usable.filter_map(|router| router.list.as_ref()).collect();
        let relayed = match self.small.prefers() {
            Via::Direct => self.small.is_reason() && !choices::meshed(&lists, &self.pg),
            Via::Auto | Via::Relay => true,
        };
        let choices = choices::all(if relayed { &lists } else { &[] }, &self.pg);
        let exits = self.lists().map(|list| (list.own.clone(), list.route.clone())).collect();
        let same_choices = !again && self.route.as_ref().is_some_and(|route| route.choices == choices);
        if same_choices && self.route.as_ref().is_some_and(|route| route.exits == exits) {
            return None;
        }
        if !same_choices {
            self.epoch = clock.max(self.epoch + 1);
            self.note_directs(now);
        }
        let route = Arc::new(Route { epoch: self.epoch, choices, exits });
        self.route = Some(route.clone());
        Some(Action::Publish(route))
    }

    fn lists(&self) -> impl Iterator<Item = &Listing> {
        self.routers.values().filter_map(|router| router.list.as_ref())
    }
}
