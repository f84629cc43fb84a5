//! Limits that hold over a whole cluster: one owner counts a key, app nodes lease tokens from it and spend them on their own.
//!
//! Two state machines, [`Owner`] in a Rust node and [`Client`] in an app node. Time and bytes go in, bytes and answers come
//! out; somebody else carries them. The design and why it never admits too much: `docs/design/limits.md`.
//!
//! # Invariants
//!
//! - For each key `available + leased <= burst` at the owner, and tokens come back only up to `burst - leased`. So what is
//!   really spent conforms to the bucket over every interval, not only what is granted.
//! - A lease ends at the client before it ends at the owner, by their own clocks, as long as those drift apart by less than
//!   one part in 64.
//! - At most one Rust node grants tokens of a key at any time: the one that more than half of the electorate votes for.
//! - A client holds tokens of the view that it votes for, and of no other.
//! - What is lost on the way costs tokens and never makes any.
//! - An owner that begins counts all that was spent before as spent: by what all app nodes report, or as if it were all there was.
//!
//! # Limits
//!
//! Clocks have to be monotonic and to go on while a node is suspended. Everything a peer can make us keep is bounded by
//! [`Bounds`].

mod asks;
mod books;
mod broken;
mod bucket;
mod client;
mod clock;
mod counts;
mod error;
mod lots;
mod members;
mod owner;
mod reports;
mod rule;
mod tenants;
mod term;
mod view;
mod voter;
pub mod wire;

pub use asks::WaiterId;
pub use client::{Client, ClientConfig, ClientFigures, ClientOut};
pub use clock::Timing;
pub use error::LeaseError;
pub use lots::{Lots, Taken};
pub use members::Member;
pub use owner::{Bounds, Owner, OwnerConfig, OwnerFigures, OwnerOut, Peer};
pub use rule::{LeaseKind, LeaseRule};
pub use view::{Incarnation, NodeId, View};

#[cfg(test)]
mod sim;
