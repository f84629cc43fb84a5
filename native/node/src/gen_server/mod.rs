//! `GenServer` in Rust: answers `GenServer.call/3` and `cast/2` of any BEAM node, and of this one.
//!
//! - [`GenServer`]: what a server does; its fields are its state.
//! - [`From`]: who asked. It can be kept, sent to another task, and answered later, once.
//! - `Node::start_server` runs one.
//!
//! A request is answered where its tag says: to the caller's alias, so that an answer that comes too late is dropped by the
//! caller's node and never litters its mailbox, or to its pid, for callers that made no alias.

mod from;
mod run;
mod server;
mod sys;
mod wire;

pub use from::From;
pub(crate) use from::alias_of;
pub use server::{Answer, Context, Flow, GenServer};
