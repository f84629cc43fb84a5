//! The `tracing` spans of a node: what a log line is about.
//!
//! | span | level | fields | around |
//! | --- | --- | --- | --- |
//! | `link` | info | `peer`, `id` | the two tasks of a link, from its coming up to its end |
//! | `join` | info | `peer` | the task that keeps a peer joined: each attempt, each wait |
//! | `accept` | info | `addr` | an incoming connection until it is a link or refused |
//! | `process` | debug | `pid` | the task of a spawned process; of a server, each of its callbacks |
//! | `call` | debug | `to` | a call until its answer |
//! | `erpc` | debug | `peer`, `module`, `function` | a remote call until its answer |
//!
//! Invariant: no field holds a payload or a cookie, and a name in one is a name that the protocol has accepted.

use std::net::SocketAddr;

use outrigger_proto::{NodeName, OwnedPid};
use tracing::{Span, debug_span, info_span};

use crate::link::LinkState;
use crate::process::Dest;

pub(crate) fn link(link: &LinkState) -> Span {
    // A link outlives the attempt that made it.
    info_span!(parent: None, "link", peer = %link.peer, id = link.id.0)
}

pub(crate) fn join(peer: &NodeName) -> Span {
    info_span!(parent: None, "join", %peer)
}

pub(crate) fn accept(addr: SocketAddr) -> Span {
    info_span!(parent: None, "accept", %addr)
}

pub(crate) fn process(pid: &OwnedPid) -> Span {
    debug_span!(parent: None, "process", %pid)
}

pub(crate) fn call(to: &Dest) -> Span {
    debug_span!("call", %to)
}

pub(crate) fn erpc(peer: &NodeName, module: &str, function: &str) -> Span {
    debug_span!("erpc", %peer, module, function)
}
