//! Receives what other nodes publish, and dispatches it: a thin task around [`crate::handover`], and the ear of [`crate::routing`] and
//! [`crate::interest`].
//!
//! All that has to be in order comes through its one mailbox: messages, markers, lists, answers of routers, ups and downs of links.
//!
//! Invariants:
//! - Messages of one publisher are dispatched in the order in which it sent them.
//! - A router is believed what it says of itself over its own link, and nobody else.
//! - Nothing here waits for a subscriber.
//! - Nothing is taken out of the middle of the mailbox: when it is full, all of it is lost, and the worker starts anew under
//!   another pid. Without a marker or a list the order of what follows could not be kept.

mod inbound;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use outrigger_node::pg::{Change, Pg, PgEvents};
use outrigger_node::{LinkId, Message, NodeError, NodeName, OwnedPid, OwnedRef, Process, ProcessOptions};
use outrigger_term::to_vec;
use tokio::sync::oneshot;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::error::PubSubError;
use crate::event::PubSubEvent;
use crate::handover::{Action, Handover, HoldBounds};
use crate::options::Options;
use crate::routing::Event;
use crate::shared::Shared;
use crate::way::Node;

/// Time for what waits, in all parts. Interest asks for a stamp with every other one.
const TICK: Duration = Duration::from_millis(100);
/// Links that are remembered of nodes that have gone.
const MAX_REMEMBERED: usize = 1_024;
/// Messages that are taken before anything else is looked at.
const TURN: usize = 256;

/// A message that is held.
#[derive(Debug)]
struct Held {
    topic: Bytes,
    message: Bytes,
}

/// See the module.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    process: Process,
    pg: Pg,
    group: Vec<u8>,
    members: Option<PgEvents>,
    handover: Handover<Held>,
    monitors: HashMap<OwnedPid, OwnedRef>,
    /// Hidden nodes that are linked, as the mailbox has it.
    linked: HashSet<NodeName>,
    /// Over which link each router was asked last.
    attached: HashMap<Node, Option<LinkId>>,
    /// Prefixes of topics that are not for us.
    ordered: HashSet<String>,
    actions: Vec<Action<Held>>,
    clock: Interval,
}

/// A process that can be the worker of a group: it has its name.
pub(crate) fn process(
    voice: &Process,
    group: &str,
    options: &ProcessOptions,
) -> Result<Process, PubSubError> {
    let process = voice.node().process_with(options)?;
    process.register(group)?;
    process.monitor_nodes(true);
    Ok(process)
}

impl Worker {
    /// Puts the worker into the group, and attaches it to the routers that are linked.
    pub(crate) async fn start(shared: Arc<Shared>, process: Process, pg: Pg) -> Result<Self, PubSubError> {
        let bounds = HoldBounds {
            ms: shared.options.hold_ms,
            messages: shared.options.hold_max,
            bytes: shared.options.hold_bytes,
        };
        let handover = Handover::new(shared.node.name().shared(), bounds);
        let group = to_vec(&outrigger_term::Atom::Utf8(&shared.group))?;
        let mut clock = interval(TICK);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut worker = Self {
            shared,
            process,
            pg,
            group,
            members: None,
            handover,
            monitors: HashMap::new(),
            linked: HashSet::new(),
            attached: HashMap::new(),
            ordered: HashSet::new(),
            actions: Vec::new(),
            clock,
        };
        worker.take_place().await?;
        Ok(worker)
    }

    /// Runs until the last handle is dropped, or the node ends.
    pub(crate) async fn run(mut self, mut closing: oneshot::Receiver<()>) {
        loop {
            tokio::select! {
                message = self.process.recv() => match message {
                    Some(message) => self.turn(message),
                    None => match self.restart().await {
                        Ok(()) => {}
                        Err(PubSubError::Node(NodeError::ShutDown)) => break,
                        Err(error) => {
                            tracing::error!(group = %self.shared.group, %error, "the PubSub is left: no worker can be started");
                            break;
                        }
                    },
                },
                event = next(&mut self.members) => match event {
                    Some((Change::Joined, pids)) => self.route(Event::PgJoin(pids)),
                    Some((Change::Left, pids)) => self.route(Event::PgLeave(pids)),
                    // The scope has ended, or we are far behind: all is asked for anew, in a moment.
                    None => self.members = None,
                },
                _ = self.clock.tick() => self.tick(),
                _ = &mut closing => {
                    self.shared.detach();
                    break;
                }
            }
        }
        self.shared.local.close();
    }

    /// Joins the group, and makes good for what happened before this process could hear of it.
    async fn take_place(&mut self) -> Result<(), PubSubError> {
        self.pg.join(&self.group, self.process.pid()).await?;
        self.look_at_group();
        let links: HashSet<_> =
            self.shared.node.links().into_iter().filter(|link| link.hidden).map(|link| link.name).collect();
        for gone in self.linked.difference(&links).cloned().collect::<Vec<_>>() {
            self.down(&gone);
        }
        self.route(Event::WorkerUp);
        for name in links {
            self.up(name);
        }
        Ok(())
    }

    fn look_at_group(&mut self) {
        if let Ok((members, events)) = self.pg.monitor(&self.group) {
            self.members = Some(events);
            self.route(Event::Pg(members));
        }
    }

    /// The mailbox was full, and everything in it is gone.
    async fn restart(&mut self) -> Result<(), PubSubError> {
        let options = options(&self.shared.options);
        self.process = process(&self.process, &self.shared.group, &options)?;
        self.shared.counters.overruns.add(1);
        tracing::warn!(group = %self.shared.group, "more came than could be dispatched: what waited is lost");
        self.shared.events.tell(PubSubEvent::Overrun);
        self.shared.set_worker(self.process.pid());
        self.monitors.clear();
        self.attached.clear();
        self.handover.restart();
        self.take_place().await
    }

    /// Takes what is there, up to a bound.
    fn turn(&mut self, first: Message) {
        self.message(first);
        for _ in 1..TURN {
            let Some(message) = self.process.try_recv() else { break };
            self.message(message);
        }
    }

    fn tick(&mut self) {
        let now = self.shared.now();
        if !self.handover.is_idle() {
            self.handover.timeout(now, &mut self.actions);
            self.perform();
        }
        self.shared.counters.waiting.set(self.handover.waiting() as u64);
        self.shared.tell(|teller, now| teller.tick(now));
        if self.shared.needs_ticks() {
            self.route(Event::Tick);
        }
        if self.members.is_none() {
            self.look_at_group();
        }
    }

    fn route(&mut self, event: Event) {
        for node in self.shared.route(event) {
            let link = node.parse().ok().and_then(|name| self.shared.node.link(&name)).map(|link| link.id());
            self.handover.attaching(node.clone());
            // The mailbox may be behind the links. Over one that it was asked over already, ahead of its word, it is not asked again:
            // that would replace the attachment.
            if link.is_some() && self.attached.insert(node.clone(), link) != Some(link) {
                self.shared.attach(&node);
            }
        }
    }

    fn up(&mut self, name: NodeName) {
        if self.linked.insert(name.clone()) {
            self.route(Event::HiddenUp(name.shared()));
        }
    }

    fn down(&mut self, name: &NodeName) {
        self.linked.remove(name);
        // Remote shells come and go under ever new names.
        if self.attached.len() > MAX_REMEMBERED {
            self.attached.clear();
        }
        self.handover.node_down(name.as_str(), &mut self.actions);
        self.perform();
        self.shared.down(&name.shared(), &self.pg.members(&self.group));
        self.route(Event::HiddenDown(name.shared()));
    }
}

/// The options of the worker's process.
pub(crate) fn options(options: &Options) -> ProcessOptions {
    ProcessOptions::default().tell_peer().mailbox(options.mailbox)
}

async fn next(members: &mut Option<PgEvents>) -> Option<(Change, Vec<OwnedPid>)> {
    match members {
        Some(events) => events.next().await.map(|event| (event.change, event.pids)),
        None => std::future::pending().await,
    }
}
