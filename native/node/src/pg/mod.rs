//! Process groups over all nodes, with the BEAM's own `pg`: a Rust process can be a member, and finds all others.
//!
//! [`Pg::start`] takes part in one scope. It registers a process under the scope's name, as `pg:start_link/1` does, and finds
//! the same scope on each linked node. The protocol itself is `outrigger_proto::pg`.
//!
//! ```
//! use outrigger_node::pg::{Change, Pg};
//! use outrigger_node::term::{Atom, to_vec};
//! use outrigger_node::{Dest, Message};
//!
//! # use outrigger_node::{Config, Epmd, Listen, Node, cookie};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut config = Config::new("doc@127.0.0.1".parse()?, cookie::from_text("secret", "an example")?);
//! # (config.epmd, config.listen) = (Epmd::Off, Listen::Off);
//! # let node = Node::start(config, vec![]).await?;
//! let pg = Pg::start(&node, "pg")?;
//! let workers = to_vec(&Atom::Utf8("workers"))?;
//! let (now, mut events) = pg.monitor(&workers)?;
//! assert!(now.is_empty());
//!
//! let mut worker = node.process()?;
//! pg.join(&workers, worker.pid()).await?;
//! let Some(event) = events.next().await else { return Err("the scope has ended".into()) };
//! assert_eq!((event.change, event.pids), (Change::Joined, vec![worker.pid().clone()]));
//!
//! // On a BEAM: [P ! hi || P <- pg:get_members(workers)]. Members are wherever they are.
//! let sender = node.process()?;
//! for member in pg.members(&workers) {
//!     sender.send(&Dest::Pid(member), &to_vec(&Atom::Utf8("hi"))?)?;
//! }
//! assert!(matches!(worker.recv().await, Some(Message::Term(_))));
//!
//! // The end of a member is its leave.
//! drop(worker);
//! assert!(matches!(events.next().await, Some(event) if event.change == Change::Left));
//! # node.shutdown().await;
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
