//! The handle of a running node.
//!
//! The node lives until [`Node::shutdown`], whether or not a handle is left. All handles are the same node.
//!
//! ```no_run
//! # use std::time::Duration;
//! # use outrigger_node::{Config, Node, NodeError, NodeEvent, Target, cookie};
//! # async fn demo() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = Config::new("rust@127.0.0.1".parse()?, cookie::from_home()?);
//! config.joins.push(Target::by_epmd("app1@127.0.0.1".parse()?));
//! let node = Node::start(config, vec![]).await?;
//! let mut events = node.events();
//! while let Some(event) = events.next().await {
//!     if let NodeEvent::Up { name, .. } = event {
//!         println!("linked with {name}");
//!         break;
//!     }
//! }
//! node.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! Limits: one listener per address and one transport for all of them.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use outrigger_proto::{Creation, NodeName, OwnedPid};

use crate::call::{self, Question};
use crate::config::{Config, Target};
use crate::counters::NodeFigures;
use crate::discovery::{self, Discovery, Naming};
use crate::error::NodeError;
use crate::event::Events;
use crate::info::LinkInfo;
use crate::inner::Inner;
use crate::link::Link;
use crate::process::Dest;
use crate::service::Service;
use crate::{join, start};

/// A running node. Cheap to clone.
#[derive(Clone)]
pub struct Node(pub(crate) Arc<Inner>);

/// A handle that does not keep the node's memory; for services.
#[derive(Clone, Debug)]
pub struct WeakNode(Weak<Inner>);

impl Node {
    /// Binds, registers at EPMD, tells the services, and starts to listen and to join. Must be called in a
    /// tokio runtime with I/O and time; one thread is enough. Does not wait for the joins: see
    /// [`Node::events`].
    ///
    /// # Errors
    /// A wrong configuration, no address for our host, no free port, no EPMD, a taken name.
    pub async fn start(config: Config, services: Vec<Arc<dyn Service>>) -> Result<Self, NodeError> {
        start::start(config, services).await
    }

    /// Our full name.
    #[must_use]
    pub fn name(&self) -> &NodeName {
        &self.0.config.name
    }

    /// What tells this run from earlier ones under the same name.
    #[must_use]
    pub fn creation(&self) -> Creation {
        self.0.creation
    }

    /// Where the node listens; empty with `Listen::Off`.
    #[must_use]
    pub fn listen_addrs(&self) -> &[SocketAddr] {
        &self.0.listen_addrs
    }

    /// A pid of this node that was not given out before, with a serial of at least
    /// [`SERVICE_SERIALS`](crate::SERVICE_SERIALS). Messages to it reach the service that says it owns it.
    #[must_use]
    pub fn allocate_pid(&self) -> OwnedPid {
        self.0.allocate_pid()
    }

    /// A pid of this node with these numbers, for services that number their own.
    #[must_use]
    pub fn pid(&self, id: u32, serial: u32) -> OwnedPid {
        OwnedPid { node: self.0.config.name.shared(), id, serial, creation: self.0.creation.0 }
    }

    /// Connects to a peer that EPMD knows, and keeps connected. Returns at once; joining twice is joining
    /// once.
    ///
    /// # Errors
    /// Another kind of name, our own name, too many targets, or the node is shut down.
    pub fn join(&self, name: NodeName) -> Result<(), NodeError> {
        self.join_target(Target::by_epmd(name))
    }

    /// The same for a peer that may have a fixed address.
    ///
    /// # Errors
    /// As [`Node::join`], or there is neither EPMD nor an address.
    pub fn join_target(&self, target: Target) -> Result<(), NodeError> {
        join::add(&self.0, target)
    }

    /// Joins a peer no longer: ends its link and dials it no more. It may still connect to us. A source of discovery that
    /// names it has it joined again only after an answer without it. Whether there was anything to end.
    pub fn leave(&self, name: &NodeName) -> bool {
        join::leave(&self.0, name)
    }

    /// Looks for more peers in one more place, for as long as the node runs.
    ///
    /// # Errors
    /// What is found there could never be joined, or the node is shut down.
    pub fn discover(&self, discovery: &Discovery) -> Result<(), NodeError> {
        discovery::start(&self.0, discovery)
    }

    /// A source of peers that is not asked but says whom to join, such as a service that is told of nodes. `label` is what log lines
    /// and events call it.
    #[must_use]
    pub fn naming(&self, label: &str) -> Naming {
        Naming::new(self, label)
    }

    /// What happens to links from now on. The first receiver that is asked for has it from the start.
    #[must_use]
    pub fn events(&self) -> Events {
        self.0.subscribe()
    }

    /// The link to a peer, if one is up.
    #[must_use]
    pub fn link(&self, name: &NodeName) -> Option<Link> {
        self.0.registry.link(name)
    }

    /// A snapshot of all links.
    #[must_use]
    pub fn links(&self) -> Vec<LinkInfo> {
        self.0.registry.links().iter().map(Link::info).collect()
    }

    /// A snapshot of the node's counters.
    #[must_use]
    pub fn counters(&self) -> NodeFigures {
        self.0.counters.snapshot()
    }

    /// Calls a registered process, of a linked peer or of this node, as `gen_server:call/3` does: sends
    /// `{'$gen_call', {Pid, Tag}, Request}` and waits for `{Tag, Reply}`. `request` is the bytes of one term
    /// without the version byte. Returns the reply's bytes, without the version byte, not decoded.
    ///
    /// # Errors
    /// No link, no such process, it died, no answer in time, the link ended.
    pub async fn call(
        &self,
        peer: &NodeName,
        name: &str,
        request: &[u8],
        timeout: Duration,
    ) -> Result<Vec<u8>, NodeError> {
        self.call_with(peer, name, |_pid| request.to_vec(), timeout).await
    }

    /// The same for requests that name their caller. `rex` wants a group leader:
    /// `{call, Module, Function, Args, GroupLeader}`. `request` is given the pid of the call.
    ///
    /// # Errors
    /// As [`Node::call`].
    pub async fn call_with(
        &self,
        peer: &NodeName,
        name: &str,
        request: impl FnOnce(&OwnedPid) -> Vec<u8>,
        timeout: Duration,
    ) -> Result<Vec<u8>, NodeError> {
        let (from, to) = (self.0.allocate_pid(), Dest::name(name, peer.clone()));
        let request = request(&from);
        call::call(&self.0, Question { from: &from, to: &to, timeout }, &request).await
    }

    /// Unregisters, stops listening and joining, gives each link up to half a second to send what waits,
    /// closes all, and ends the events. Returns when all tasks have ended.
    pub async fn shutdown(&self) {
        start::shutdown(&self.0).await;
    }

    /// A handle that does not keep the node's memory.
    #[must_use]
    pub fn downgrade(&self) -> WeakNode {
        WeakNode(Arc::downgrade(&self.0))
    }
}

impl WeakNode {
    /// The node, if it is still there.
    #[must_use]
    pub fn upgrade(&self) -> Option<Node> {
        self.0.upgrade().map(Node)
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("name", self.name()).field("creation", &self.0.creation.0).finish()
    }
}
