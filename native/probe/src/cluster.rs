//! Several nodes, watched at a time: links that break and nodes that restart are waited for.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use outrigger_node::{Events, Node, NodeEvent, NodeName};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

use crate::answer::Hello;
use crate::latency::Latencies;
use crate::round::Round;
use crate::watch::{Watch, WatchConfig};
use crate::{ProbeError, Views};

/// What is seen of the nodes.
#[derive(Debug)]
#[non_exhaustive]
pub enum Sight {
    /// A guest is on a node.
    Joined {
        /// The node.
        node: NodeName,
        /// What it is.
        hello: Hello,
    },
    /// A round of one node, with the figures of the cluster as they are now.
    Round(Box<Round>),
    /// A node is not seen any more, for the time being.
    Lost {
        /// The node.
        node: NodeName,
        /// Why.
        error: Arc<ProbeError>,
    },
}

impl Sight {
    /// Whose it is.
    #[must_use]
    pub fn node(&self) -> &str {
        match self {
            Self::Joined { node, .. } | Self::Lost { node, .. } => node.as_str(),
            Self::Round(round) => &round.node,
        }
    }
}

/// Rounds that wait to be taken. When nobody takes them the nodes are not asked: nothing grows.
const WAITING: usize = 64;
/// Nodes that are watched at a time.
const NODES: usize = 1_000;
/// After a guest has ended, before there is a new one.
const PAUSE: Duration = Duration::from_millis(500);

/// The nodes that are watched. Dropped, it ends all guests.
#[derive(Debug)]
pub struct Cluster {
    node: Node,
    config: WatchConfig,
    watched: HashMap<NodeName, AbortHandle>,
    sender: Sender<Sight>,
    sights: Receiver<Sight>,
    views: Views,
    tasks: JoinSet<()>,
}

impl Cluster {
    /// Watches nodes that `node` has joined, or is going to.
    #[must_use]
    pub fn watch(node: &Node, peers: &[NodeName], config: WatchConfig) -> Self {
        let (sender, sights) = channel(WAITING);
        let mut cluster = Self {
            node: node.clone(),
            config,
            watched: HashMap::new(),
            sender,
            sights,
            views: Views::default(),
            tasks: JoinSet::new(),
        };
        for peer in peers {
            cluster.add(peer);
        }
        cluster
    }

    /// Watches one node more. `false`: it is watched already, or there are too many.
    pub fn add(&mut self, peer: &NodeName) -> bool {
        if self.watched.len() >= NODES || self.watched.contains_key(peer) {
            return false;
        }
        // Before the first look at the links: no link can come up unseen.
        let events = self.node.events();
        let keeping = keep(self.node.clone(), events, peer.clone(), self.config, self.sender.clone());
        self.watched.insert(peer.clone(), self.tasks.spawn(keeping));
        true
    }

    /// Watches a node no more: its guest ends, and nothing more is seen of it. `false`: it was not watched.
    pub fn remove(&mut self, peer: &NodeName) -> bool {
        let Some(task) = self.watched.remove(peer) else { return false };
        task.abort();
        self.views.lost(peer.as_str());
        // Those that were removed before.
        while self.tasks.try_join_next().is_some() {}
        true
    }

    /// The nodes that are watched, or waited for.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeName> {
        self.watched.keys()
    }

    /// What is seen next. Cancel-safe. It waits for ever when there is nobody to see, and behind the end of our node.
    pub async fn next(&mut self) -> Sight {
        // Never `None`: we hold a sender ourselves.
        while let Some(mut sight) = self.sights.recv().await {
            if !self.watched.contains_key(sight.node()) {
                continue;
            }
            match &mut sight {
                Sight::Round(round) => {
                    self.views.saw(round);
                    round.figures.extend(self.views.figures(&round.node));
                }
                Sight::Lost { node, .. } => self.views.lost(node.as_str()),
                Sight::Joined { .. } => {}
            }
            return sight;
        }
        std::future::pending().await
    }
}

/// One node: a guest as long as there is a link.
async fn keep(node: Node, mut events: Events, peer: NodeName, config: WatchConfig, sights: Sender<Sight>) {
    let mut latencies = Latencies::default();
    loop {
        while node.link(&peer).is_none() {
            match events.next().await {
                // Also after those that were missed: `link` is asked again.
                Some(NodeEvent::JoinFailed { name, error, .. }) if name == peer => {
                    let error = Arc::new(ProbeError::Join(error));
                    if sights.send(Sight::Lost { node: peer.clone(), error }).await.is_err() {
                        return;
                    }
                }
                Some(_) => {}
                None => return,
            }
        }
        let Err(error) = rounds(&node, &peer, config, &sights, &mut latencies).await else { return };
        if sights.send(Sight::Lost { node: peer.clone(), error: error.into() }).await.is_err() {
            return;
        }
        sleep(PAUSE).await;
    }
}

/// Until the guest ends; `Ok` when nobody takes the rounds any more.
async fn rounds(
    node: &Node,
    peer: &NodeName,
    config: WatchConfig,
    sights: &Sender<Sight>,
    latencies: &mut Latencies,
) -> Result<(), ProbeError> {
    let mut watch = Watch::start(node, peer, config).await?;
    watch.resume(std::mem::take(latencies));
    let hello = watch.hello().clone();
    if sights.send(Sight::Joined { node: peer.clone(), hello }).await.is_err() {
        return Ok(());
    }
    loop {
        let round = match watch.next().await {
            Ok(round) => round,
            Err(error) => {
                *latencies = watch.into_latencies();
                return Err(error);
            }
        };
        if sights.send(Sight::Round(round.into())).await.is_err() {
            return Ok(());
        }
    }
}
