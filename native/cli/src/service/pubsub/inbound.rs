//! The receiving end of one link: gathers runs of messages, and follows requests.
//!
//! A *run* is consecutive messages to one pid of ours. The router is asked for the group at the start of a run and
//! for the targets at its end; what is between costs a comparison and a copy into the batch. A run ends when another pid or a request follows, when the
//! batch is full, and when everything that was read is dispatched.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use outrigger_fanout::RouteKey;
use outrigger_node::{DownReason, Inbound, NodeName, Payload, Printable, To};
use outrigger_term::Pid;

use super::batch::Batch;
use super::core::Core;
use super::outlet::Outlet;
use super::request::{self, Request, RequestError};
use super::throttle::Throttle;

/// Groups whose control message a link keeps ready.
const KEPT_PREFIXES: usize = 256;

/// Has the node connect to nodes that attached peers miss.
pub(super) trait Dial: Send {
    /// All nodes where a group has workers that this peer misses.
    fn cover(&self, group: &str, nodes: Vec<NodeName>);

    /// This peer leaves a group. Said before others hear of it.
    fn left(&self, group: &str);
}

/// The state of one link. Lives in the link's reader task.
pub(super) struct LinkInbound<O, D> {
    core: Arc<Core<O>>,
    link: O,
    dial: D,
    run: Option<Run>,
    batch: Batch,
    /// Everything of a frame up to its payload but the length, by group.
    prefixes: HashMap<Arc<str>, Arc<[u8]>>,
    /// The groups attached over this link.
    attached: HashSet<String>,
    throttle: Throttle,
    since: Instant,
}

struct Run {
    key: RouteKey,
    prefix: Arc<[u8]>,
    messages: u64,
}

impl<O: Outlet, D: Dial> LinkInbound<O, D> {
    /// The state of a link that has just come up.
    pub(super) fn new(core: Arc<Core<O>>, link: O, dial: D) -> Self {
        Self {
            core,
            link,
            dial,
            run: None,
            batch: Batch::default(),
            prefixes: HashMap::new(),
            attached: HashSet::new(),
            throttle: Throttle::default(),
            since: Instant::now(),
        }
    }

    /// A message to a pid: to be forwarded.
    fn forward(&mut self, pid: Pid<'_>, payload: Payload<'_>) {
        let key = match RouteKey::from_pid(pid.id, pid.serial) {
            Some(key) if pid.creation == self.core.identity.router.creation => key,
            _ => {
                self.core.router.dropped_foreign();
                return;
            }
        };
        match &mut self.run {
            Some(run) if run.key == key => {
                self.batch.push(&run.prefix, payload);
                run.messages += 1;
            }
            _ => self.start_run(key, payload),
        }
        if self.batch.is_full() {
            self.end_run();
        }
    }

    fn start_run(&mut self, key: RouteKey, payload: Payload<'_>) {
        self.end_run();
        // A message that is dropped starts no run: the next one asks again, and is counted again.
        let Ok(group) = self.core.router.group(key, self.link.peer()) else { return };
        if let Some(prefix) = self.prefix(&group) {
            self.batch.push(&prefix, payload);
            self.run = Some(Run { key, prefix, messages: 1 });
        }
    }

    /// Hands on what was gathered.
    fn end_run(&mut self) {
        if let Some(run) = self.run.take() {
            self.core.hand_on(&self.link, run.key, &run.prefix, run.messages, &mut self.batch);
            self.batch.clear();
        }
    }

    fn prefix(&mut self, group: &Arc<str>) -> Option<Arc<[u8]>> {
        if let Some(prefix) = self.prefixes.get(group) {
            return Some(prefix.clone());
        }
        if self.prefixes.len() >= KEPT_PREFIXES {
            self.prefixes.clear();
        }
        // Fails for a group that is no atom, and such a group cannot be attached to.
        let prefix: Arc<[u8]> = self.core.identity.prefix(group).ok()?.into();
        self.prefixes.insert(group.clone(), prefix.clone());
        Some(prefix)
    }

    /// A message to the registered name.
    fn request(&mut self, payload: &[u8]) {
        match request::parse(payload) {
            Ok(Request::Attach { group, worker, batches }) if self.is_ours(&worker) && !group.is_empty() => {
                if self.core.attach(&self.link, &group, batches) {
                    self.attached.insert(group.into_owned());
                }
            }
            Ok(Request::Detach { group, worker }) if self.is_ours(&worker) => {
                if self.attached.remove(&*group) {
                    self.dial.left(&group);
                }
                self.core.detach(&self.link, &group);
            }
            Ok(Request::Cover { group, nodes }) if self.attached.contains(&*group) => {
                self.dial.cover(&group, nodes);
            }
            Ok(_) => self.malformed("peer asks for a worker or a group that is not its own"),
            Err(RequestError::Version { version, group }) => {
                self.core.refuse_version(&self.link, &group);
                let text = format!(
                    "peer speaks version {version} of the PubSub protocol, we speak {}",
                    request::VERSION
                );
                self.complain(&text);
            }
            Err(error) => self.malformed(&error.to_string()),
        }
    }

    /// Whether a worker lives on the node behind this link.
    fn is_ours(&self, worker: &Pid<'_>) -> bool {
        worker.node.eq_str(self.link.node())
    }

    fn malformed(&mut self, problem: &str) {
        self.core.figures.malformed.fetch_add(1, Relaxed);
        self.complain(problem);
    }

    fn complain(&mut self, problem: &str) {
        let now_ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        if let Some(held_back) = self.throttle.pass(now_ms) {
            tracing::warn!(node = self.link.node(), held_back, problem = %Printable::text(problem), "request refused");
        }
    }
}

impl<O: Outlet, D: Dial> Inbound for LinkInbound<O, D> {
    fn message(&mut self, to: To<'_>, _from: Option<Pid<'_>>, payload: Payload<'_>) {
        match to {
            To::Pid(pid) => self.forward(pid, payload),
            To::Name(_) => {
                // What came before a request must be on its way before what the request causes.
                self.end_run();
                self.request(payload.as_slice());
            }
        }
    }

    fn flush(&mut self) {
        self.end_run();
    }

    fn link_down(&mut self, _reason: &DownReason) {
        self.end_run();
        self.attached.drain().for_each(|group| self.dial.left(&group));
        self.core.link_down(&self.link);
    }
}
