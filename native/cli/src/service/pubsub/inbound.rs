//! The receiving end of one link: gathers runs of messages, and follows requests.
//!
//! A *run* is consecutive messages to one pid of ours. The router is asked for the group at the start of a run and
//! for the targets at its end; what is between costs a comparison and a copy into the batch. A run ends when another pid or a request follows, when the
//! batch is full, and when everything that was read is dispatched. What a publisher sends as one message and means as several
//! ([`split`]) is so many messages of the run.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use outrigger_fanout::RouteKey;
use outrigger_fanout::ordered::Sequence;
use outrigger_node::{DownReason, Inbound, NodeName, Payload, Printable, To};
use outrigger_term::Pid;

use super::batch::Batch;
use super::core::Core;
use super::events::{self, EventsError, Streams};
use super::outlet::Outlet;
use super::request::{self, Request, RequestError};
use super::split;
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
    /// Where messages are that came as one.
    places: Vec<Range<usize>>,
    /// Everything of a frame up to its payload but the length, by group.
    prefixes: HashMap<Arc<str>, Arc<[u8]>>,
    /// The groups attached over this link.
    attached: HashSet<String>,
    streams: Streams,
    throttle: Throttle,
    since: Instant,
}

struct Run {
    key: RouteKey,
    prefix: Arc<[u8]>,
    messages: u64,
    /// What puts them in order, if that is asked for.
    sequence: Option<Arc<Sequence>>,
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
            places: Vec::new(),
            prefixes: HashMap::new(),
            attached: HashSet::new(),
            streams: Streams::default(),
            throttle: Throttle::default(),
            since: Instant::now(),
        }
    }

    /// What came for a pid: a message to be forwarded, or several.
    fn forward(&mut self, pid: Pid<'_>, payload: Payload<'_>) {
        let key = match RouteKey::from_pid(pid.id, pid.serial) {
            Some(key) if pid.creation == self.core.identity.router.creation => key,
            _ => {
                self.core.router.dropped_foreign();
                return;
            }
        };
        match split::messages(payload.as_slice(), &mut self.places) {
            Ok(None) => self.decode(key, payload),
            Ok(Some(left_out)) => {
                let whole = payload.to_bytes();
                let places = std::mem::take(&mut self.places);
                for place in &places {
                    self.add(key, Payload::new(&whole.slice(..place.end), place.start));
                }
                self.places = places;
                if left_out > 0 {
                    self.core.figures.malformed.fetch_add(left_out, Relaxed);
                    self.complain("peer put what is no message into a batch");
                }
            }
            Err(error) => self.malformed(&error.to_string()),
        }
    }

    /// A message, or events to be made messages.
    fn decode(&mut self, key: RouteKey, payload: Payload<'_>) {
        let request = match events::read(payload.as_slice()) {
            Ok(None) => return self.add(key, payload),
            Ok(Some(request)) => request,
            Err(EventsError::Unknown(problem)) => return self.pass_on(key, payload, &problem),
            Err(error) => return self.malformed(&error.to_string()),
        };
        let mut streams = std::mem::take(&mut self.streams);
        let made = streams.make(&request, |messages, ends| {
            let mut start = 0;
            for &end in ends {
                self.add(key, Payload::new(&messages.slice(..end), start));
                start = end;
            }
        });
        self.streams = streams;
        match made {
            Ok(failed) => {
                self.core.figures.events.fetch_add(request.count() - failed, Relaxed);
                self.core.figures.dead_letters.fetch_add(failed, Relaxed);
            }
            Err(error) => self.pass_on(key, payload, &error.to_string()),
        }
    }

    /// Events that are decoded by those who get them.
    fn pass_on(&mut self, key: RouteKey, payload: Payload<'_>, problem: &str) {
        self.complain(problem);
        self.add(key, payload);
    }

    /// A message to be forwarded.
    fn add(&mut self, key: RouteKey, payload: Payload<'_>) {
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
        let sequence = self.core.sequencer.find(key);
        let group = match &sequence {
            Some(sequence) => sequence.group().clone(),
            None => match self.core.router.group(key, self.link.peer()) {
                Ok(group) => group,
                Err(_) => return,
            },
        };
        if let Some(prefix) = self.prefix(&group) {
            self.batch.push(&prefix, payload);
            self.run = Some(Run { key, prefix, messages: 1, sequence });
        }
    }

    /// Hands on what was gathered.
    fn end_run(&mut self) {
        if let Some(Run { key, prefix, messages, sequence }) = self.run.take() {
            match &sequence {
                None => self.core.hand_on(&self.link, key, &prefix, messages, &mut self.batch),
                Some(sequence) => {
                    self.core.hand_out(&self.link, (key, sequence), &prefix, messages, &mut self.batch);
                }
            }
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
                if self.core.attach(&self.link, &group, worker.creation, batches) {
                    self.attached.insert(group.into_owned());
                }
            }
            Ok(Request::Detach { group, worker }) if self.is_ours(&worker) => {
                if self.attached.remove(&*group) {
                    self.dial.left(&group);
                }
                self.core.detach(&self.link, &group);
            }
            Ok(Request::Left { group, worker }) if self.is_ours(&worker) => {
                self.core.leaving.left(self.link.peer(), Some(&group));
            }
            Ok(Request::Interest(told)) if self.is_ours(&told.teller) => {
                if let Some(problem) = self.core.follow(&self.link, &told) {
                    self.complain(&problem);
                }
            }
            Ok(Request::Ordered(asked)) if self.attached.contains(&*asked.group) => {
                if let Err(problem) = self.core.grant(&self.link, &asked) {
                    self.core.figures.refused.fetch_add(1, Relaxed);
                    self.complain(&problem.to_string());
                }
            }
            Ok(Request::OrderedLeft(left)) if self.attached.contains(&*left.group) => {
                self.core.leave_term(&self.link, &left);
            }
            // It asks again when it is attached.
            Ok(Request::Ordered(_) | Request::OrderedLeft(_)) => {}
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
