//! `outrigger node --status`: the counters of a running node.
//!
//! A node answers under the registered name [`NAME`]: [`Status`] is that server, [`report`] what it says. The command is a
//! temporary hidden node that asks it ([`run`]) and prints the answer as a [`table`] or as JSON. On a BEAM the same is
//! `GenServer.call({:outrigger_status, :"rust@host"}, :status)`.
//!
//! Limits: whoever has the cookie may ask. The answer holds names and figures, never a payload.

mod ask;
mod report;
mod server;
mod table;

pub(crate) use ask::run;
pub(crate) use server::Status;

/// The name that a node answers to.
pub(crate) const NAME: &str = "outrigger_status";
