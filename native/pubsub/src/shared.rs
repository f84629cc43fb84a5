//! What the handles of a PubSub and its worker share.
//!
//! Invariants: no lock is held while anything waits. What is sent under a lock is put into the queue of a link and nothing else, so
//! routers hear what they are told in the order in which it was decided.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use outrigger_node::{Dest, Node as RustNode, NodeName, OwnedPid, Process};
use outrigger_term::TermError;
use parking_lot::Mutex;

use crate::board::Board;
use crate::event::{PubSubEvent, Teller as EventTeller};
use crate::figures::{Counters, Figures};
use crate::interest::{Action as Told, Answer, Gap, Teller};
use crate::local::Local;
use crate::options::Options;
use crate::pattern::Pattern;
use crate::routing::{Action, Event, Route, Routing};
use crate::unconfirmed::Unconfirmed;
use crate::way::Node;
use crate::wire;

/// What is told of a gap at most.
const NAMED: usize = 100;

/// See the module.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) node: RustNode,
    /// The name of the group, and the registered name of its workers.
    pub(crate) group: Arc<str>,
    pub(crate) options: Options,
    pub(crate) local: Local,
    pub(crate) board: Board,
    pub(crate) counters: Counters,
    pub(crate) events: EventTeller,
    /// Who speaks to routers. Nobody answers it.
    voice: Process,
    /// The worker of the moment. Routers answer it.
    worker: Mutex<OwnedPid>,
    routing: Mutex<Routing>,
    teller: Mutex<Teller>,
    unconfirmed: Mutex<Unconfirmed>,
    /// What was sent to the routers of these names.
    sent: Mutex<HashMap<Node, Arc<AtomicU64>>>,
    began: Instant,
}

impl Shared {
    pub(crate) fn new(group: Arc<str>, options: Options, voice: Process, worker: OwnedPid) -> Self {
        let node = voice.node().clone();
        let routing = Mutex::new(Routing::new(node.name().shared(), &options));
        Self {
            node,
            group,
            options,
            local: Local::default(),
            board: Board::default(),
            counters: Counters::default(),
            events: EventTeller::default(),
            voice,
            worker: Mutex::new(worker),
            routing,
            teller: Mutex::default(),
            unconfirmed: Mutex::default(),
            sent: Mutex::default(),
            began: Instant::now(),
        }
    }

    /// Milliseconds since the program joined.
    pub(crate) fn now(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    pub(crate) fn set_worker(&self, worker: &OwnedPid) {
        *self.worker.lock() = worker.clone();
    }

    /// Something has to do with ways. The nodes that are to be asked to attach the worker.
    pub(crate) fn route(&self, event: Event) -> Vec<Node> {
        let clock = self.began.elapsed().as_micros() as u64;
        let mut routing = self.routing.lock();
        let before = self.board.route();
        let mut attach = Vec::new();
        for action in routing.handle(event, self.now(), clock) {
            match action {
                Action::Publish(route) => {
                    self.board.publish(&route);
                    self.announce(before.as_deref(), &route);
                }
                Action::Attach(node) => attach.push(node),
                Action::Cover(node, nodes) => self.ask(&node, &wire::cover(&self.group, &nodes)),
                Action::Left(node) => self.ask(&node, &wire::left(&self.group, &self.worker.lock())),
            }
        }
        attach
    }

    fn announce(&self, before: Option<&Route>, route: &Route) {
        if before.is_some_and(|before| before.epoch == route.epoch) {
            return;
        }
        self.counters.route_changes.add(1);
        let routers = |route: &Route| -> Vec<Node> {
            let relays = route.choices.iter().filter_map(|choice| choice.relay.as_ref());
            relays.map(|relay| relay.route.node.clone()).collect()
        };
        let now = routers(route);
        if before.map(routers).unwrap_or_default() != now {
            self.events.tell(PubSubEvent::Route { routers: now });
        }
    }

    /// Asks the router on a node to attach the worker.
    pub(crate) fn attach(&self, node: &Node) {
        self.ask(node, &wire::attach(&self.group, &self.worker.lock()));
    }

    /// Whether routing has to hear of time.
    pub(crate) fn needs_ticks(&self) -> bool {
        self.routing.lock().needs_ticks()
    }

    /// Hidden nodes that are linked, of which some are routers.
    pub(crate) fn hidden(&self) -> Vec<Node> {
        self.routing.lock().hidden().cloned().collect()
    }

    /// Tells the routers that the worker goes.
    pub(crate) fn detach(&self) {
        for node in self.hidden() {
            self.ask(&node, &wire::detach(&self.group, &self.worker.lock()));
        }
    }

    /// Somebody subscribes, a router answers, time goes by.
    pub(crate) fn tell(&self, event: impl FnOnce(&mut Teller, u64) -> Vec<Told>) {
        let mut teller = self.teller.lock();
        for action in event(&mut teller, self.now()) {
            match action {
                Told::Send { router, number, request } => {
                    if self.has_room(&router.node) {
                        // What has been sent by now is ahead of this.
                        self.unconfirmed.lock().asked(&router, number, self.sent(&router.node));
                        let worker = self.worker.lock();
                        self.ask(&router.node, &wire::interest(&self.group, &worker, number, &request));
                    } else {
                        teller.unsent(&router);
                    }
                }
                Told::Gap { router, gap } => self.gap(router.node, gap, teller.count()),
            }
        }
    }

    /// Counts what is sent to routers of a name.
    pub(crate) fn sent_to(&self, node: &Node) -> Arc<AtomicU64> {
        self.sent.lock().entry(node.clone()).or_default().clone()
    }

    fn sent(&self, node: &Node) -> u64 {
        self.sent.lock().get(node).map_or(0, |sent| sent.load(Relaxed))
    }

    /// A router's list names this node.
    pub(crate) fn attached(&self, router: &OwnedPid, member: &OwnedPid) {
        self.unconfirmed.lock().attached(router, self.sent(&router.node));
        self.tell(|teller, now| teller.attached(router, member, now));
    }

    /// A router has answered.
    pub(crate) fn answered(&self, router: &OwnedPid, answer: &Answer) {
        self.unconfirmed.lock().answered(router, answer.number);
        self.tell(|teller, now| teller.answer(router, answer, now));
    }

    /// A router leaves in good order.
    pub(crate) fn leaving(&self, router: &OwnedPid) {
        self.unconfirmed.lock().leaving(router);
    }

    /// The link to a node is down. The workers of other nodes hear what they may have missed.
    pub(crate) fn down(&self, node: &Node, others: &[OwnedPid]) {
        self.teller.lock().down(node);
        let gone = self.unconfirmed.lock().down(node, self.sent(node));
        for (router, at_most) in gone {
            if let Ok(bytes) = wire::unconfirmed(&router, self.node.name().as_str(), at_most) {
                for worker in others.iter().filter(|worker| *worker.node != *self.node.name().as_str()) {
                    // Who is not linked hears nothing.
                    let _not_linked = self.voice.send(&Dest::from(worker), &bytes);
                }
            }
        }
    }

    fn gap(&self, router: Node, gap: Gap, all: usize) {
        let (count, patterns) = match gap {
            Gap::All => (all, None),
            Gap::Patterns(patterns) => (patterns.len(), Some(patterns)),
        };
        self.counters.gaps.add(count as u64);
        tracing::warn!(
            group = %self.group, %router, count,
            "messages may have been missed, since the router heard too late of subscriptions"
        );
        let patterns = patterns.map(|patterns| patterns.into_iter().take(NAMED).collect());
        self.events.tell(PubSubEvent::Gap { router, patterns });
    }

    /// Asks something of the router on a node, if there is one.
    fn ask(&self, node: &Node, request: &Result<Vec<u8>, TermError>) {
        match (node.parse::<NodeName>(), request) {
            // Without a link there is nobody to ask.
            (Ok(name), Ok(bytes)) => drop(self.voice.send(&Dest::name(wire::SERVICE, name), bytes)),
            (Err(_), _) => {}
            (_, Err(error)) => {
                tracing::error!(%error, "a request to a router cannot be written; this is a bug")
            }
        }
    }

    /// Whether a link has room for what can wait.
    fn has_room(&self, node: &Node) -> bool {
        let link = node.parse().ok().and_then(|name| self.node.link(&name));
        link.is_some_and(|link| link.queued() <= self.options.max_queued)
    }

    /// A snapshot of all figures.
    pub(crate) fn figures(&self) -> Figures {
        let counters = &self.counters;
        let mut figures = Figures {
            received: counters.received.get(),
            stale: counters.stale.get(),
            gave_up: counters.gave_up.get(),
            lost: counters.lost.get(),
            unconfirmed: counters.unconfirmed.get(),
            gaps: counters.gaps.get(),
            dropped: counters.dropped.get(),
            malformed: counters.malformed.get(),
            overruns: counters.overruns.get(),
            route_changes: counters.route_changes.get(),
            waiting: counters.waiting.get() as usize,
            ..Figures::default()
        };
        if let Some(route) = self.board.route() {
            for choice in &route.choices {
                figures.routers.extend(choice.relay.iter().map(|relay| relay.route.node.to_string()));
                figures.direct.extend(choice.directs.iter().map(|pid| pid.node.to_string()));
            }
            figures.direct.sort();
            figures.direct.dedup();
        }
        let teller = self.teller.lock();
        figures.patterns = teller.count();
        figures.listed = teller.listed().map(str::to_owned).collect();
        figures.listed.sort();
        figures
    }

    /// Somebody has subscribed.
    pub(crate) fn register(&self, pattern: &Pattern) {
        self.tell(|teller, now| teller.register(pattern, now));
    }

    /// Somebody has gone.
    pub(crate) fn unregister(&self, pattern: &Pattern) {
        let now = self.now();
        self.teller.lock().unregister(pattern, now);
    }

    /// `done` is told when all routers know of a subscription.
    pub(crate) fn confirm(&self, pattern: &Pattern, done: tokio::sync::oneshot::Sender<()>) {
        self.teller.lock().confirm(pattern, done);
    }
}
