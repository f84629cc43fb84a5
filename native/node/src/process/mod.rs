//! Processes in Rust: a pid, a mailbox, links, monitors, names and aliases, as a BEAM has them.
//!
//! - [`Process`]: what a task holds to be one. `Node::process` makes one, `Node::spawn` runs a task as one.
//! - [`Dest`]: a pid, a registered name or an alias, here or on a peer; the same calls for all.
//! - [`Message`]: what a mailbox gives.
//! - [`Reason`]: why a process ended.
//!
//! Invariants: an exit and a `DOWN` come exactly once. A mailbox is bounded and never stops the reader of a link. No two
//! locks are held at once, but for the ties of a process over the queue of a link: links and unlinks go out in the order in which
//! they are noted, or a peer's that comes between would leave one side linked alone.

mod bounds;
mod dest;
mod end;
mod handle;
mod mailbox;
mod message;
mod nodes;
mod outward;
mod reason;
mod relations;
mod signals;
mod spawn;
mod state;
mod table;

pub use bounds::{MailboxBounds, Overflow, ProcessOptions};
pub use dest::Dest;
pub use handle::Process;
pub use message::Message;
pub use outward::SendError;
pub(crate) use outward::{named, to_alias};
pub use reason::Reason;
pub use relations::ProcessFigures;
pub(crate) use relations::Quota;
pub(crate) use spawn::caught;
pub(crate) use table::Processes;
