//! The PubSub router engine: who listens to which group, and where a message sent to a route goes.
//!
//! A *group* is one PubSub on all nodes. A node's worker *attaches* to a group over a link, which gives it a member
//! key. Every change of a group's list makes a new *version* with a route key of its own. A message to a route key
//! is forwarded to the members of that version, a message to a member key to that one member. The caller turns keys
//! into pids of its node and back ([`RouteKey::to_pid`]).
//!
//! # Invariants
//!
//! - The set behind a route key never grows. It shrinks when a member detaches, loses its link or is replaced.
//! - A node receives at most one copy of a message, and never one of its own.
//! - Only a link that the route lists, with an attachment that still lives, is forwarded for.
//! - Keys are never given out twice. A group's version rises by one with each change, and never falls, also when the
//!   group was empty in between.
//! - Once a call that removes a member has returned, no call of [`Router::route`] names it any more.
//!
//! # Example
//!
//! ```
//! use outrigger_fanout::{PeerId, Router, RouterConfig};
//!
//! let router = Router::new(RouterConfig::default());
//! router.attach(PeerId(1), "a@host", "chat")?;
//! router.attach(PeerId(2), "b@host", "chat")?;
//! let change = router.attach(PeerId(3), "c@host", "chat")?;
//! assert_eq!((change.version, change.members.len()), (3, 3));
//!
//! let to: Vec<PeerId> = router.route(change.route, PeerId(1), |targets| targets.iter().collect()).unwrap();
//! assert_eq!(to, [PeerId(2), PeerId(3)]);
//!
//! router.peer_down(PeerId(3));
//! let to: Vec<PeerId> = router.route(change.route, PeerId(1), |targets| targets.iter().collect()).unwrap();
//! assert_eq!(to, [PeerId(2)]);
//! # Ok::<(), outrigger_fanout::AttachError>(())
//! ```
//!
//! # Limits
//!
//! Groups, members of a group and kept versions are bounded by [`RouterConfig`]. No I/O, no clock: what a copy is, is the
//! caller's business. Where a copy cannot go out now, a [`TargetQueue`] keeps it, or drops it and counts.

mod change;
mod changes;
mod config;
mod counters;
mod error;
mod group;
mod handed;
pub mod interest;
mod key;
pub mod ordered;
mod queue;
mod router;
mod table;
mod untold;

pub use change::{Change, Member};
pub use changes::Changes;
pub use config::RouterConfig;
pub use counters::Counters;
pub use error::{AttachError, Dropped, PolicyError};
pub use handed::{Handed, Unconfirmed};
pub use key::{PeerId, RouteKey};
pub use queue::{Class, Lost, Next, Origin, Overflow, Policies, Policy, QueueFigures, TargetQueue};
pub use router::Router;
pub use table::Targets;
pub use untold::{Counts, Incarnation, Untold};
