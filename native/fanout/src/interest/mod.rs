//! Interest: which members of a group want which topics, and what they have missed.
//!
//! A member begins by wanting everything: what is not known must not be lost. It names its patterns ([`Topics::change`]) and then
//! says that it has named all ([`Topics::listed`]), with a [`Digest`] that proves it. From then on it gets what it wants, and
//! what it names later. What it names late it gets late: the [`Ring`] has what was handed on to others meanwhile.
//!
//! # Invariants
//!
//! - A member that is not listed wants every topic; one that goes over a bound is not listed any more.
//! - Who has left wants nothing, from that moment on. What it wanted is forgotten a part at a time.
//! - A member is given each message once: when it is handed on, or late; and each publisher's messages on a topic in their order.
//! - The targets of a topic are found without allocating, whatever else is in the table, for up to 64 members.
//!
//! # Example
//!
//! ```
//! use outrigger_fanout::interest::{Digest, Entry, InterestBounds, Pattern, RingBounds, Slots, Topics};
//! use outrigger_fanout::PeerId;
//!
//! let mut topics = Topics::new(InterestBounds::default(), RingBounds::default());
//! let (one, two) = (PeerId(1), PeerId(2));
//! topics.join(one);
//! topics.join(two);
//! topics.listed(one, Digest::default())?;
//!
//! let (mut had, message) = (Slots::default(), b"user:1 <0.99.0> renamed");
//! topics.targets(b"user:1", &mut had);
//! assert_eq!(topics.peers(&had).collect::<Vec<_>>(), [two], "it has not said what it wants");
//! let stamp = topics.stamp();
//! topics.keep(0, Entry { message, topic: 0..6, publisher: 7..15, from: two, had });
//!
//! // Somebody at `one` had subscribed after it was given that stamp.
//! let (late, _) = topics.change(one, stamp, &[Pattern::Prefix(b"user:")], &[])?;
//! assert_eq!((late.complete, &late.messages[..]), (true, &[message][..]));
//! # Ok::<(), outrigger_fanout::interest::InterestError>(())
//! ```
//!
//! # Limits
//!
//! No I/O, no clock. About 100 bytes and its text for each topic, whoever wants it. Each length that prefixes have costs a look-up for
//! each message. To be late costs a look at all that was kept since.

mod error;
mod members;
mod pattern;
mod ring;
mod slots;
mod table;
mod topics;
mod wanted;

pub use error::{InterestBounds, InterestError};
pub use members::Interest;
pub use pattern::{Digest, Pattern};
pub use ring::{Entry, Late, Ring, RingBounds};
pub use slots::Slots;
pub use topics::Topics;
pub use wanted::Wanted;
