//! What a node says about itself, as a term (a map, on a BEAM with atoms as keys) and as JSON.
//!
//! The words are a contract with scripts: fields are added, never renamed. A reader takes what it does not find as nothing.

use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use outrigger_fanout::QueueFigures;
use outrigger_node::{LinkId, LinkInfo, NodeInfo, TargetInfo};
use serde::{Deserialize, Serialize};

/// Figures by name.
pub(super) type Figures = BTreeMap<String, u64>;

/// The whole report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Report {
    /// The node's name.
    pub(super) name: String,
    /// The version of the binary.
    pub(super) version: String,
    pub(super) creation: u32,
    pub(super) uptime_s: u64,
    /// Addresses.
    pub(super) listen: Vec<String>,
    pub(super) processes: u64,
    /// Registered names of processes.
    pub(super) names: Vec<String>,
    pub(super) services: Vec<ServiceReport>,
    /// Figures of the node since its start.
    pub(super) counters: Figures,
    /// Who is linked, and who is to be.
    pub(super) peers: Vec<Peer>,
}

/// One service of the node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ServiceReport {
    pub(super) name: String,
    pub(super) figures: Figures,
}

/// One peer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Peer {
    pub(super) name: String,
    pub(super) state: State,
    /// The link, if it is up.
    pub(super) link: Option<Linked>,
    /// What came of joining it, if it is to be joined.
    pub(super) join: Option<Join>,
}

/// Whether a peer is linked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Up,
    #[default]
    Down,
}

/// A link that is up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Linked {
    pub(super) address: String,
    pub(super) hidden: bool,
    pub(super) creation: u32,
    pub(super) up_s: u64,
    /// Bytes that wait for the peer.
    pub(super) queued_bytes: u64,
    /// Links and monitors of the peer's processes on ours.
    pub(super) ties: u64,
    /// Bytes of messages that are not whole yet.
    pub(super) open_fragment_bytes: u64,
    pub(super) read: Figures,
    pub(super) written: Figures,
    /// What waits for a peer that lags, and what it has lost.
    pub(super) pubsub: Queue,
}

/// Messages of PubSub for a peer that does not read fast enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Queue {
    /// How many wait.
    pub(super) messages: u64,
    /// What they cost, and the most that it ever was on this link.
    pub(super) bytes: u64,
    pub(super) most_bytes: u64,
    /// How many were dropped on this link.
    pub(super) dropped: u64,
    pub(super) dropped_bytes: u64,
}

/// What came of joining a peer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Join {
    /// Links after the first one.
    pub(super) reconnects: u64,
    /// Attempts that failed.
    pub(super) failures: u64,
    /// Why the last one failed, if no link came up since.
    pub(super) last_error: Option<String>,
}

impl Report {
    /// The report of a node with these services.
    pub(super) fn new(info: &NodeInfo, services: Vec<ServiceReport>, now: SystemTime) -> Self {
        let mut peers: BTreeMap<&str, Peer> = BTreeMap::new();
        for target in &info.targets {
            peers.entry(target.name.as_str()).or_default().join = Some(Join::new(target));
        }
        for link in &info.links {
            peers.entry(link.name.as_str()).or_default().link = Some(Linked::new(link, now));
        }
        let finish = |(name, peer): (&str, Peer)| Peer {
            name: name.to_owned(),
            state: if peer.link.is_some() { State::Up } else { State::Down },
            ..peer
        };
        Self {
            name: info.name.to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            creation: info.creation.0,
            uptime_s: seconds(info.since, now),
            listen: info.listen.iter().map(ToString::to_string).collect(),
            processes: info.processes as u64,
            names: info.names.iter().map(|name| (**name).to_owned()).collect(),
            services,
            counters: figures(info.counters.iter()),
            peers: peers.into_iter().map(finish).collect(),
        }
    }

    /// Adds what a service says of the links.
    pub(super) fn add_queues(&mut self, info: &NodeInfo, queues: &HashMap<LinkId, QueueFigures>) {
        for link in &info.links {
            let peer = self.peers.iter_mut().find(|peer| peer.name == link.name.as_str());
            if let (Some(Peer { link: Some(of_peer), .. }), Some(figures)) = (peer, queues.get(&link.id)) {
                of_peer.pubsub = (*figures).into();
            }
        }
    }
}

impl From<QueueFigures> for Queue {
    fn from(figures: QueueFigures) -> Self {
        Self {
            messages: figures.items,
            bytes: figures.bytes,
            most_bytes: figures.most_bytes,
            dropped: figures.dropped,
            dropped_bytes: figures.dropped_bytes,
        }
    }
}

impl Linked {
    fn new(link: &LinkInfo, now: SystemTime) -> Self {
        Self {
            address: link.addr.to_string(),
            hidden: link.hidden,
            creation: link.creation.0,
            up_s: seconds(link.since, now),
            queued_bytes: link.queued as u64,
            ties: link.ties as u64,
            open_fragment_bytes: link.open_fragment_bytes as u64,
            read: figures(link.read.iter()),
            written: figures(link.written.iter()),
            pubsub: Queue::default(),
        }
    }
}

impl Join {
    fn new(target: &TargetInfo) -> Self {
        Self {
            reconnects: target.links.saturating_sub(1),
            failures: target.failures,
            last_error: target.last_error.as_ref().map(ToString::to_string),
        }
    }
}

/// Figures with owned names.
pub(super) fn figures(figures: impl IntoIterator<Item = (&'static str, u64)>) -> Figures {
    figures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Whole seconds; none if the clock was set back.
fn seconds(since: SystemTime, now: SystemTime) -> u64 {
    now.duration_since(since).map_or(0, |age| age.as_secs())
}
