//! What a node is told once, at its start.
//!
//! ```no_run
//! # use outrigger_node::{Config, Target, cookie};
//! # fn demo() -> Result<(), Box<dyn std::error::Error>> {
//! let name = "rust@127.0.0.1".parse()?;
//! let mut config = Config::new(name, cookie::from_home()?);
//! config.joins.push(Target::by_epmd("app1@127.0.0.1".parse()?));
//! # Ok(())
//! # }
//! ```
//!
//! The fields are public and checked by `Node::start`. Limits: one node per configuration, no change while
//! it runs except by `Node::join`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use outrigger_proto::{Cookie, Flags, Limits, NameKind, NodeName};

use crate::backoff::BackoffConfig;
use crate::discovery::Discovery;
use crate::error::NodeError;
use crate::transport::Tls;

/// EPMD's usual port.
pub const EPMD_PORT: u16 = 4369;

/// The settings of a node.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The full name, `name@host`. With `undefined@host` the first peer of [`Config::joins`] that is reached gives the
    /// node its name, and the node ends with the link to that peer; such a node does not listen.
    pub name: NodeName,
    /// The cookie of the cluster. Its `Debug` shows nothing.
    pub cookie: Cookie,
    /// Cookies of single peers, for links in either direction; all others have [`Config::cookie`]. As
    /// `erlang:set_cookie(Node, Cookie)`.
    pub cookies: BTreeMap<NodeName, Cookie>,
    /// TLS around every link, in and out. Default: none, as a BEAM without `-proto_dist inet_tls`.
    pub tls: Option<Tls>,
    /// Where to listen. Default: the addresses that our own host part resolves to, on a free port.
    pub listen: Listen,
    /// How nodes are found and how we are found. Default: the EPMD at [`EPMD_PORT`].
    pub epmd: Epmd,
    /// Peers to connect to and to stay connected to.
    pub joins: Vec<Target>,
    /// Where to look for more peers. Default: nowhere.
    pub discovery: Vec<Discovery>,
    /// A peer that is silent for so long is dropped (give or take a quarter). Default: 60 s, as `erl`.
    pub net_ticktime: Duration,
    /// How long a handshake may take in all, connecting apart. Default: 7 s (`net_setuptime`).
    pub handshake_timeout: Duration,
    /// How long one connection attempt may take. Default: 3 s.
    pub connect_timeout: Duration,
    /// The waits between attempts to reach a joined peer. Default: 100 ms to 5 s.
    pub backoff: BackoffConfig,
    /// How long a message may wait for others of a stream, so that they are read in one go; zero to read each at once. A
    /// lone message never waits. Default: 50 us. On Linux.
    pub read_coalescing: Duration,
    /// Whether long messages may come and go in fragments, so that they do not hold up short ones. Default: yes.
    pub fragments: bool,
    /// Whether atoms may be referred to by number. Default: no, see [`AtomCache`].
    pub atom_cache: AtomCache,
    /// Bounds of what a peer may send.
    pub limits: Limits,
    /// Bounds of what this node keeps.
    pub bounds: Bounds,
}

impl Config {
    /// A configuration with defaults and no joins.
    #[must_use]
    pub fn new(name: NodeName, cookie: Cookie) -> Self {
        Self {
            name,
            cookie,
            cookies: BTreeMap::new(),
            tls: None,
            listen: Listen::HostOfName { port: 0 },
            epmd: Epmd::Port(EPMD_PORT),
            joins: Vec::new(),
            discovery: Vec::new(),
            net_ticktime: Duration::from_secs(60),
            handshake_timeout: Duration::from_secs(7),
            connect_timeout: Duration::from_secs(3),
            backoff: BackoffConfig::default(),
            read_coalescing: Duration::from_micros(50),
            fragments: true,
            atom_cache: AtomCache::Off,
            limits: Limits::default(),
            bounds: Bounds::default(),
        }
    }

    /// Checks what the types cannot.
    pub(crate) fn validate(&self) -> Result<(), NodeError> {
        let bad = |option, problem: &str| Err(NodeError::BadOption { option, problem: problem.into() });
        if self.net_ticktime < Duration::from_millis(400) || self.net_ticktime > Duration::from_secs(86_400) {
            return bad("net_ticktime", "must be between 0.4 s and one day");
        }
        if self.handshake_timeout.is_zero() || self.connect_timeout.is_zero() || self.backoff.base.is_zero() {
            return bad("timeouts", "must be above zero");
        }
        if self.read_coalescing > Duration::from_millis(10) {
            return bad("read_coalescing", "must be at most 10 ms");
        }
        if self.bounds.max_peers == 0 || self.bounds.max_handshakes == 0 {
            return bad("bounds", "max_peers and max_handshakes must be above zero");
        }
        if matches!(&self.listen, Listen::Addrs(addrs) if addrs.is_empty()) {
            return bad("listen", "the list of addresses is empty");
        }
        if self.joins.len() > self.bounds.max_peers {
            return Err(NodeError::TooManyPeers { limit: self.bounds.max_peers });
        }
        self.discovery.iter().try_for_each(|discovery| discovery.validate(self))?;
        self.joins.iter().try_for_each(|target| self.validate_peer(&target.name))
    }

    /// A node links only with nodes of its own kind of name, and not with itself.
    pub(crate) fn validate_peer(&self, peer: &NodeName) -> Result<(), NodeError> {
        if *peer == self.name {
            let problem = format!("{peer} is this node itself");
            return Err(NodeError::BadOption { option: "join", problem });
        }
        if peer.kind() != self.name.kind() {
            return Err(NodeError::NameMismatch { ours: self.name.to_string(), theirs: peer.to_string() });
        }
        Ok(())
    }

    /// What a link with this peer is proven with.
    pub(crate) fn cookie_for(&self, peer: &NodeName) -> &Cookie {
        self.cookies.get(peer).unwrap_or(&self.cookie)
    }

    /// What we offer our peers.
    pub(crate) fn flags(&self) -> Flags {
        let mut flags = Flags::OURS;
        flags.set(Flags::FRAGMENTS, self.fragments);
        flags.set(Flags::DIST_HDR_ATOM_CACHE, self.atom_cache != AtomCache::Off);
        flags
    }

    /// Whether names are long (`--name`), for log lines.
    pub(crate) fn long_names(&self) -> bool {
        self.name.kind() == NameKind::Long
    }
}

/// The atom cache of the protocol: atoms that were sent once over a link are referred to by number.
///
/// It saves bytes and a BEAM's time, and costs ours. A struct of ten fields takes 120 bytes in place of 270 and a BEAM 2.1 us
/// less to receive, since it need not look up the texts of atoms, for 0.4 us more to send; to receive one from a BEAM takes
/// us 0.6 us more and saves the BEAM nothing. Of `{ping, 42}` it saves 13 bytes and costs 0.1 to 0.2 us. (`make
/// bench-atom_cache`, docs/performance.md.) So it is off unless asked for: by who sends much that is rich in atoms to a BEAM
/// that has enough to do, or has a network that is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AtomCache {
    /// Not offered: atoms come and go as text.
    Off,
    /// Peers may refer to atoms; we do not.
    Receive,
    /// Both sides refer to atoms. Of what we send, messages of processes do; those that services send to many peers as
    /// one buffer ([`crate::Link::send`]) and those that go out in fragments do not.
    Both,
}

/// Where a node listens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Listen {
    /// On each address that the host part of our name resolves to. Loopback stays loopback; all interfaces
    /// are never used unless [`Listen::Addrs`] says so. Port 0 takes a free one.
    HostOfName {
        /// The port, 0 for any.
        port: u16,
    },
    /// On these addresses. Several with port 0 share one free port. The first port is given to EPMD.
    Addrs(Vec<SocketAddr>),
    /// Nowhere: the node only dials, and is not registered at EPMD (`-dist_listen false`).
    Off,
}

/// How nodes are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Epmd {
    /// By the EPMD on each host, at this port. We register at the one on this machine.
    Port(u16),
    /// By no EPMD: each [`Target`] needs an address, and others find us by one.
    Off,
}

/// A peer to join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its full name.
    pub name: NodeName,
    /// `host:port`, `1.2.3.4:port` or `[v6]:port` when EPMD is not to be asked.
    pub addr: Option<String>,
}

impl Target {
    /// A peer that EPMD on its host knows.
    #[must_use]
    pub fn by_epmd(name: NodeName) -> Self {
        Self { name, addr: None }
    }

    /// A peer at a fixed address.
    #[must_use]
    pub fn at(name: NodeName, addr: impl Into<String>) -> Self {
        Self { name, addr: Some(addr.into()) }
    }
}

/// Bounds of what a node keeps for its peers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bounds {
    /// Links, and targets to be joined. Default: 1024.
    pub max_peers: usize,
    /// Incoming handshakes at one time; one more ends the oldest. Default: 64.
    pub max_handshakes: usize,
    /// Bytes waiting for one peer before it is dropped as slow. Default: 64 MiB.
    pub max_queued_bytes: usize,
    /// Calls that wait for an answer. Default: 1024.
    pub max_calls: usize,
    /// Processes. Default: 262,144, as `erl`.
    pub max_processes: usize,
    /// Registered names of processes. Default: 10,000.
    pub max_names: usize,
    /// Calls of registered functions that run at one time. Default: 10,000.
    pub max_running: usize,
    /// Links and monitors that one peer may have on processes of ours. Default: 100,000.
    pub max_ties: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            max_peers: 1024,
            max_handshakes: 64,
            max_queued_bytes: 64 << 20,
            max_calls: 1024,
            max_processes: 262_144,
            max_names: 10_000,
            max_running: 10_000,
            max_ties: 100_000,
        }
    }
}
