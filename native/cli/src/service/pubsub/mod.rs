//! The service `outrigger_pubsub`: puts the fan-out engine on the node. Protocol: `docs/design/fanout.md`.
//!
//! The flow of a broadcast: a message to one of our route pids reaches the [`inbound`] of its link, which asks
//! the router once for a run of messages to the same pid, gathers them in a [`batch`] of ready frames, several messages to one
//! frame, and at the end of the run hands the same buffers to every target's link. The payload is passed on as it came.
//!
//! Invariants:
//! - a payload is not decoded, and copied once at most, unless a target lags ([`apart`]), a run is sorted or it is put in order; large ones are shared with the read buffer;
//! - a worker that attached in version 1 gets each message in a frame of its own, at the cost of a second copy;
//! - what a link gathered is handed on before the next request of that link and before its end, so a list that
//!   is announced is behind all the data that it says goodbye to;
//! - lists of a group are announced in the order of their versions, to the link that made the change first;
//! - a request that is malformed costs a counter and at most one log line a second for each link.
//!
//! Where members have said what they want ([`interest`]), a run is sorted by topic first, and each part of it goes to those who want it.
//!
//! Messages of prefixes that all nodes shall see in one order are numbered and handed out by their sequence ([`ordered`]).
//!
//! Events that a publisher sends as bytes are decoded here ([`events`]), and what their stream makes of them is messages like any other.
//!
//! A peer that does not keep up gets its messages by a [`lane`] of its own, which drops what has no room and says so.
//!
//! Limits: see the engine for groups, members and versions; the node bounds links and queues.

mod announce;
mod apart;
mod batch;
mod copies;
mod core;
mod cover;
mod events;
mod inbound;
mod interest;
mod lane;
mod leaving;
mod ordered;
mod outlet;
mod request;
mod service;
mod split;
mod throttle;

#[cfg(test)]
mod tests;

pub(crate) use lane::LaneConfig;
pub(crate) use request::VERSION;
pub(crate) use service::PubSub;
pub(super) use throttle::Throttle;
