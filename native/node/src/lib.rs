//! A BEAM node in Rust: the tokio driver of the distribution protocol.
//!
//! It joins a cluster as a hidden node, keeps its links alive, runs processes that any node can reach, and hands what peers send
//! to [`Service`]s. The protocol itself is in `outrigger-proto`, which knows no sockets; here are the sockets, the clock and
//! EPMD. `README.md` of this crate shows the tasks and the way of a message. A whole program, `examples/rust/ask.rs`:
//!
//! ```no_run
#![cfg_attr(doc, doc = include_str!("../../../examples/rust/ask.rs"))]
//! ```
//!
//! - Start: [`Config`], [`Config::from_env`], [`Node::start`], [`Node::shutdown`]; the [`cookie`] and where it may come from.
//! - Peers: [`Node::join`], [`Node::connect`], [`Node::events`], [`Node::links`], [`Link`].
//! - Groups of processes over all nodes: [`pg`].
//! - Messages: [`Service`] and [`Inbound`] for what comes in, [`Link::send`] for what goes out,
//!   [`Node::call`] for a question.
//! - Processes: [`Node::process`], [`Node::spawn`]; [`Process`] has a mailbox, links, monitors and names.
//! - Terms: [`term`], which reads and writes them; `to_vec` and `from_slice` take Rust values.
//! - Remote calls: [`Node::erpc`], [`Node::rex`], [`Node::batch`]; [`Node::register_function`] for those of peers.
//! - Servers: [`GenServer`], [`Node::start_server`].
//!
//! What a node does can be seen in three ways, none of which it ever waits for:
//!
//! - Figures, when asked: [`Node::info`], or [`Node::counters`] and [`Link::info`] for a part of it. Each kind of
//!   figures has an `iter` with the names, for exporters.
//! - Typed events, as they happen: [`Node::events`] for links, joins and discovery; [`Process::monitor_nodes`] for processes.
//! - `tracing`: what a person should read, in the spans `link` (`peer`, `id`), `join` (`peer`), `accept` (`addr`) and, at the
//!   level debug, `process` (`pid`), `call` (`to`) and `erpc` (`peer`, `module`, `function`). Text of peers is escaped and cut.
//!
//! Invariants: no peer can stop the node or another link. What a peer sends is bounded before it is kept.
//! The reader of a link never waits for anything but its socket.
//!
//! Limits: a node of short names and one of long names cannot be linked, as in `erl`.

mod accept;
mod backoff;
mod builtin;
mod call;
mod config;
mod connect;
pub mod cookie;
mod counters;
mod dial;
mod discovery;
mod dispatch;
mod environment;
mod epmd;
mod error;
mod escape;
mod establish;
mod event;
mod gen_server;
mod handshake;
mod info;
mod inner;
mod join;
mod link;
mod listen;
mod nameless;
mod node;
mod outbound;
pub mod pg;
mod places;
mod probe;
mod process;
mod queue;
mod random;
mod reader;
mod registry;
mod resolve;
mod rpc;
mod service;
mod span;
mod start;
mod transport;
mod writer;

pub use backoff::{Backoff, BackoffConfig};
pub use config::{AtomCache, Bounds, Config, EPMD_PORT, Epmd, Listen, Target};
pub use counters::{NodeFigures, ReadFigures, WriteFigures};
pub use discovery::{Discovery, NamePattern, Naming, PeerSource, Peers, Place};
pub use error::NodeError;
pub use escape::{MAX_CHARS, Printable};
pub use event::{DownReason, Events, NodeEvent};
pub use gen_server::{Answer, Context, Flow, From, GenServer};
pub use info::{LinkInfo, NodeInfo, TargetInfo};
pub use inner::SERVICE_SERIALS;
pub use link::{Link, LinkClosed, LinkId, SignalError};
pub use node::{Node, WeakNode};
pub use probe::{epmd_names, resolve_host};
pub use process::{
    Dest, MailboxBounds, Message, Overflow, Process, ProcessFigures, ProcessOptions, Reason, SendError,
};
pub use reader::READ_BUDGET;
pub use rpc::{Mfa, Raise, Request, RpcError};
pub use service::{Inbound, Payload, Service, To};
pub use transport::Tls;

/// Terms: `outrigger-term`, of which all terms here are.
pub use outrigger_term as term;

pub use outrigger_proto::frame::Framing;
pub use outrigger_proto::{Cookie, Creation, Flags, Limits, NameKind, NodeName, OwnedPid, OwnedRef};
