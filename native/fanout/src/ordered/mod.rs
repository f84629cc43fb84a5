//! Total order of some topics: who is next, and under which term. The protocol is `docs/design/total-order.md`.
//!
//! A *prefix* of topics whose messages all nodes shall see in one order has a [`Sequence`] in its group. Whoever hands out a run of its
//! messages takes the next numbers and queues the run for all targets in one step, so every target gets the sequence with gaps.
//!
//! A sequence numbers under a *term*. Another router may number the same prefix under another term; of two, receivers take nothing of the
//! lower one any more. So a term has to be above all that the nodes which send under it have seen, and each has a key of its own: what is sent
//! under a term gets its number there, or is dropped.
//!
//! # Invariants
//!
//! - Numbers of a term begin at 0, rise by one with each message, and none is taken by a run that was not handed out.
//! - Terms of a router rise, over all its groups and prefixes. They are near the clock that the caller gives, in microseconds, or above it.
//! - Two lives of a router with different tags have no term in common, whatever their clocks say.
//! - A message to the key of a term that is over is dropped.
//!
//! # Example
//!
//! ```
//! use outrigger_fanout::{PeerId, RouteKey};
//! use outrigger_fanout::ordered::{OrderBounds, Orders};
//!
//! let orders = Orders::new(OrderBounds::default(), 0x42);
//! let grant = orders.ask(("chat", b"room:"), PeerId(1), 7, 0x9_1234, || RouteKey::new(3))?;
//! assert_eq!((grant.term, grant.new), (0x9_0042, true));
//!
//! let sequence = orders.find(grant.key).unwrap();
//! let place = sequence.hand_out(grant.key, 2, Ok)?;
//! assert_eq!((place.term, place.first), (0x9_0042, 0));
//! assert_eq!(sequence.hand_out(grant.key, 1, Ok)?.first, 2);
//!
//! // Two send, and go over to another router: nothing of the term is under way any more when both have said so.
//! orders.ask(("chat", b"room:"), PeerId(2), 7, 0, || None)?;
//! assert!(orders.leave("chat", b"room:", grant.term, PeerId(1)).is_none());
//! let (_, ended) = orders.leave("chat", b"room:", grant.term, PeerId(2)).unwrap();
//! assert_eq!(ended.next, 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! Prefixes of a group and their length are bounded by [`OrderBounds`]; groups are bounded by the router.

mod error;
mod orders;
mod sequence;

pub use error::OrderError;
pub use orders::{Grant, OrderBounds, Orders};
pub use sequence::{Ended, Place, Sequence};
