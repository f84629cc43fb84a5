//! What a node says about itself: one snapshot of its links, of the peers that it joins, of its processes and counters.
//!
//! ```no_run
//! # fn demo(node: outrigger_node::Node) {
//! for link in node.info().links {
//!     println!("{}: {} bytes in, {} wait to go out", link.name, link.read.bytes_in, link.queued);
//! }
//! # }
//! ```
//!
//! Limits: a snapshot is not one instant. Each figure is exact, but a link may come up between two of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::SystemTime;

use outrigger_proto::{Creation, Flags, NodeName};

use crate::counters::{NodeFigures, ReadFigures, WriteFigures};
use crate::error::NodeError;
use crate::link::{Link, LinkId};
use crate::node::Node;

/// A snapshot of a node.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NodeInfo {
    /// Its name.
    pub name: NodeName,
    /// The creation of this run.
    pub creation: Creation,
    /// When it started.
    pub since: SystemTime,
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// How many processes there are.
    pub processes: usize,
    /// The registered names of processes, sorted.
    pub names: Vec<Arc<str>>,
    /// The registered names of services, sorted.
    pub services: Vec<Arc<str>>,
    /// Figures since the start.
    pub counters: NodeFigures,
    /// The links that are up, by name.
    pub links: Vec<LinkInfo>,
    /// The peers that are to be joined, by name; linked or not.
    pub targets: Vec<TargetInfo>,
}

/// A snapshot of one link.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LinkInfo {
    /// The number of the link.
    pub id: LinkId,
    /// The peer.
    pub name: NodeName,
    /// The peer's end of the socket.
    pub addr: SocketAddr,
    /// The flags that the peer sent.
    pub flags: Flags,
    /// Whether the peer is a hidden node.
    pub hidden: bool,
    /// The peer's creation.
    pub creation: Creation,
    /// When the link came up.
    pub since: SystemTime,
    /// Bytes that wait for the peer.
    pub queued: usize,
    /// Links and monitors of the peer's processes on ours.
    pub ties: usize,
    /// Bytes of messages that come in fragments and are not whole yet.
    pub open_fragment_bytes: usize,
    /// What was read.
    pub read: ReadFigures,
    /// What was written.
    pub written: WriteFigures,
}

/// A peer that is to be joined.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TargetInfo {
    /// The peer.
    pub name: NodeName,
    /// Its address, if EPMD is not asked.
    pub addr: Option<String>,
    /// Links to it that came up since it is to be joined, whoever dialled. All but the first are reconnects.
    pub links: u64,
    /// Attempts of ours that failed.
    pub failures: u64,
    /// Why the last attempt failed. `None` if a link came up since.
    pub last_error: Option<Arc<NodeError>>,
}

impl Node {
    /// All that is known about the node now. Takes some locks for a moment; not for each message.
    #[must_use]
    pub fn info(&self) -> NodeInfo {
        let inner = &*self.0;
        let mut names = inner.processes.names();
        let mut services: Vec<Arc<str>> = inner.names.iter().map(|(name, _)| (&**name).into()).collect();
        let mut links = self.links();
        let mut targets: Vec<_> = inner.targets.lock().values().map(|target| target.info()).collect();
        names.sort_unstable();
        services.sort_unstable();
        links.sort_by(|a, b| a.name.cmp(&b.name));
        targets.sort_by(|a, b| a.name.cmp(&b.name));
        NodeInfo {
            name: self.name().clone(),
            creation: self.creation(),
            since: inner.since,
            listen: inner.listen_addrs.clone(),
            processes: inner.processes.count(),
            names,
            services,
            counters: self.counters(),
            links,
            targets,
        }
    }
}

impl Link {
    /// What is known about the link now.
    #[must_use]
    pub fn info(&self) -> LinkInfo {
        let state = &*self.0;
        LinkInfo {
            id: state.id,
            name: state.peer.clone(),
            addr: state.addr,
            flags: state.peer_flags,
            hidden: self.is_hidden(),
            creation: state.peer_creation,
            since: state.since,
            queued: self.queued(),
            ties: state.quota.used(),
            open_fragment_bytes: state.open_fragment_bytes.load(Relaxed),
            read: state.counters.read.snapshot(),
            written: state.counters.written.snapshot(),
        }
    }
}
