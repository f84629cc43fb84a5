//! Process groups over all nodes, with the BEAM's own `pg`: a Rust process can be a member, and finds all others.
//!
//! [`Pg::start`] takes part in one scope. It registers a process under the scope's name, as `pg:start_link/1` does, and finds
//! the same scope on each linked node. The protocol itself is `outrigger_proto::pg`.
//!
//! ```no_run
//! # use outrigger_node::{Dest, Node, pg::Pg};
//! # async fn demo(node: Node) -> Result<(), Box<dyn std::error::Error>> {
//! let workers = [119, 7, b'w', b'o', b'r', b'k', b'e', b'r', b's']; // the atom `workers`
//! let pg = Pg::start(&node, "pg")?;
//! let process = node.process()?;
//! pg.join(&workers, process.pid()).await?;
//! // On a BEAM: [Pid | _] = pg:get_members(workers), Pid ! hello.
//! for member in pg.members(&workers) {
//!     process.send(&Dest::Pid(member), &[119, 2, b'h', b'i'])?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! - Reading ([`Pg::members`], [`Pg::groups`]) looks at what is known now and waits for nobody.
//! - Changes go through the scope's task, one after the other, and are seen here when they return.
//! - A member that ends leaves its groups. When the last handle is dropped the scope ends, and peers see its members go.
//! - Should the scope's process be killed, or overrun by messages, it goes on under a new pid: members stay, peers meet it anew.
//!
//! Limits: what a peer tells is bounded by [`PgLimits`] for each peer alone, but all peers share one mailbox. The scope's name
//! becomes an atom on each node: let it be fixed. Groups are terms and become atoms only if they hold some.

mod events;
mod handle;
mod keeper;

pub use events::PgEvents;
pub use handle::Pg;
pub use outrigger_proto::pg::{Change, Event, Group, PgFigures, PgLimits};
