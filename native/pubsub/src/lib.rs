//! A Rust program as a publisher and subscriber of an `Outrigger.PubSub`.
//!
//! It is a member like an Elixir node. It joins the group of the PubSub, so that nodes without a router send to it directly; it is attached
//! to the routers of the cluster (`outrigger node`), tells them what it wants, and gets that and nothing else. The promises are
//! those of `docs/pubsub.md`: messages of one publisher in their order, also through a change of way; nothing twice; no lost start; every
//! loss that can be seen is counted.
//!
//! ```no_run
#![cfg_attr(doc, doc = include_str!("../../../examples/rust/pubsub.rs"))]
//! ```
//!
//! # The way of a message
//!
//! From another node: link -> mailbox of the worker (a process of the node, registered under the group's name) -> `wire`, which finds
//! topic and message and looks no further -> `handover`, while a publisher is changing its way -> the queues of those who have
//! subscribed -> [`Subscription::recv`]. The term is not decoded and not copied on the way.
//!
//! To other nodes: [`Publisher::broadcast`] -> `path`: one router, or each node -> the queue of that link. Then to the subscribers of this
//! program.
//!
//! # Rooms
//!
//! | pure: time is an argument | |
//! | --- | --- |
//! | `handover` | the receiver's fence |
//! | `routing`, `choices`, `small_cluster` | which way this program's publishers take |
//! | `path` | what one publisher says when that changes |
//! | `interest`, `unconfirmed` | what routers are told; what is told when one dies |
//! | `wire` | the messages |
//!
//! They bear the names of their twins in the Elixir package, `Outrigger.PubSub.*`. Around them are `worker`, `publisher` and the
//! handles. `docs/design/fanout.md` and `docs/design/interest.md` are the contract.
//!
//! # Limits
//!
//! - Nodes are reached that are linked with this one, or with a router of it: join them, or have them discovered. A hidden node is not
//!   connected to all others by itself.
//! - A topic is UTF-8 and has at most 4,096 bytes.
//! - Nodes that run Phoenix.PubSub's PG2 adapter are not reached and not heard. No `direct_broadcast`, no `broadcast_from`.
//! - Topics that the Elixir nodes have in one order (`ordered: [prefix]`) are not for Rust programs ([`PubSubEvent::Ordered`] says so): what is
//!   published there does not come, and what a program publishes there is not in the order.
//! - Broadcasts are dispatched by `Outrigger.PubSub`: to each subscriber. Messages for custom dispatchers come as they were sent.
//! - A router has to run in another process.
//! - Distance is not measured: where routers are far, [`Via::Direct`].
//! - One task dispatches all that comes from other nodes. When it is overrun ([`PubSubEvent::Overrun`]) what waited is lost, and it forgets who
//!   was changing the way, as a worker of the package that was killed: of those some messages may come out of order.

mod board;
mod choices;
#[cfg(test)]
#[path = "../../../tests/support/dice.rs"]
mod dice;
mod error;
mod event;
mod figures;
mod handover;
mod interest;
mod local;
#[cfg(test)]
mod model;
mod options;
mod path;
mod pattern;
mod publisher;
mod pubsub;
mod routing;
mod shared;
mod small_cluster;
mod subscription;
mod unconfirmed;
mod way;
mod wire;
mod worker;

pub use error::PubSubError;
pub use event::{PubSubEvent, PubSubEvents};
pub use figures::Figures;
pub use options::{Options, Via};
pub use pattern::Pattern;
pub use publisher::Publisher;
pub use pubsub::{PubSub, SCOPE};
pub use subscription::{Message, Subscription};

pub use outrigger_node::{MailboxBounds, Overflow};
/// Terms, as messages are made of.
pub use outrigger_term as term;
