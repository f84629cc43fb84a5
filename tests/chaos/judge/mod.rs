//! The judge: says of each message at each subscriber whether it came once, in order and at all. Pure: journals go in, as
//! entries, and faults, as windows; a verdict comes out.
//!
//! What is expected, and how it is known:
//!
//! * **Never twice.** Of a publisher's messages on a topic, a subscriber has a set; what is in it already is a duplicate.
//! * **In order.** The numbers of a publisher only rise at a subscriber, across topics. One thing is permitted, by
//!   `docs/design/interest.md`: a message that was published before, or just after, its subscription may come behind messages of other
//!   topics. Those are counted as late. Within a topic nothing is permitted.
//! * **From the first on.** When a publisher has written that it knows of a subscription, everything that it publishes to the topic
//!   after that is expected. This is causal: the subscriber told it after `subscribe` had returned.
//! * **To the last.** What was published less than [`ON_ITS_WAY`] before the end of a subscription, or of the subscriber's node, or
//!   while a stall around that end lasted, may have been on its way. Everything else is expected.
//! * **Losses have a cause.** What is expected and not there has to have been published within the [`Window`] of a fault that excuses losses
//!   between these two nodes, or be among those that a router has announced to the subscriber's node: as a count of messages of a node, or as
//!   a gap on a topic, up to [`LOOK_BACK`] before. Some windows excuse no more than the node was told to have lost perhaps. All else is a failure.
//!
//! Limits: what a node had received and not yet written when it was killed counts as on its way. Times are only compared
//! with windows.

mod book;
mod line;
mod past;
mod ranges;
#[cfg(test)]
mod tests;
mod verdict;
mod window;

pub(crate) use book::Judge;
pub(crate) use verdict::{Loss, Misplaced, Verdict};
pub(crate) use window::{Who, Window};

use crate::journal::Micros;

/// For how long a message may be under way when no fault delays it. Generous: two busy cores.
pub(crate) const ON_ITS_WAY: Micros = 2_000_000;

/// So long after a fault a node has been told of what it may have lost by it.
pub(crate) const TOLD_WITHIN: Micros = 10_000_000;

/// From how long ago a router may pass on, or miss, what a new subscription covers: the 5 s that it keeps, and some on the way.
pub(crate) const LOOK_BACK: Micros = 7_000_000;
