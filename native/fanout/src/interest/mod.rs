//! Which members of a group want which topics.
//!
//! A member begins by wanting everything: what is not known must not be lost. It names its patterns ([`Interest::want`]) and then
//! says that it has named all ([`Interest::listed`]), with a [`Digest`] that proves it. From then on it gets what it wants, and
//! what it names later.
//!
//! # Invariants
//!
//! - A member that is not listed wants every topic; one that goes over a bound is not listed any more.
//! - Who has left wants nothing, from that moment on. What it wanted is forgotten a part at a time ([`Interest::sweep`]).
//! - The targets of a topic are found without allocating, whatever else is in the table, for up to 64 members.
//!
//! # Example
//!
//! ```
//! use outrigger_fanout::interest::{Digest, Interest, InterestBounds, Pattern, Slots};
//! use outrigger_fanout::PeerId;
//!
//! let mut interest = Interest::new(InterestBounds::default());
//! let (one, two) = (PeerId(1), PeerId(2));
//! interest.join(one);
//! interest.join(two);
//! let mut digest = Digest::default();
//! for pattern in [Pattern::Topic(b"user:1"), Pattern::Prefix(b"orders:")] {
//!     interest.want(one, pattern)?;
//!     digest.add(pattern);
//! }
//! interest.listed(one, digest)?;
//!
//! let mut targets = Slots::default();
//! interest.targets(b"orders:7", &mut targets);
//! assert_eq!(interest.peers(&targets).collect::<Vec<_>>(), [one, two]);
//! interest.targets(b"user:2", &mut targets);
//! assert_eq!(interest.peers(&targets).collect::<Vec<_>>(), [two], "it has not said what it wants");
//! # Ok::<(), outrigger_fanout::interest::InterestError>(())
//! ```
//!
//! # Limits
//!
//! No I/O, no clock, no lock. About 100 bytes and its text for each topic, whoever wants it. Each length that prefixes
//! have costs a look-up for each message.

mod pattern;
mod ring;
mod slots;
mod table;

use std::collections::HashMap;

use thiserror::Error;

pub use pattern::{Digest, Pattern};
pub use ring::{Late, Ring, RingBounds};
pub use slots::Slots;

use crate::PeerId;
use table::Table;

/// What one member may name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InterestBounds {
    /// Patterns of one member. Default 4,000,000.
    pub max_patterns: u64,
    /// Bytes of a topic or prefix. Default 4,096.
    pub max_bytes: usize,
    /// Prefixes of one member. Default 10,000.
    pub max_prefixes: u64,
}

impl Default for InterestBounds {
    fn default() -> Self {
        Self { max_patterns: 4_000_000, max_bytes: 4096, max_prefixes: 10_000 }
    }
}

/// Why a member gets everything from now on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InterestError {
    /// The peer is no member.
    #[error("peer speaks of interest without being a member")]
    NotAMember,
    /// It wants more patterns than `limit`.
    #[error("peer wants more than {limit} topics and prefixes, and gets everything")]
    TooMany {
        /// `InterestBounds::max_patterns` or `max_prefixes`.
        limit: u64,
    },
    /// A topic or prefix has more bytes than `limit`.
    #[error("peer wants a topic of {bytes} bytes, the limit is {limit}, and gets everything")]
    TooLong {
        /// Bytes of the topic.
        bytes: usize,
        /// `InterestBounds::max_bytes`
        limit: usize,
    },
    /// The peer means another set of patterns than we know of.
    #[error(
        "peer wants {theirs:?} by its own account and {ours:?} by ours, and gets everything; it has to name all again"
    )]
    Differs {
        /// What we have.
        ours: Digest,
        /// What it says.
        theirs: Digest,
    },
}

/// The interest of all members of one group.
#[derive(Debug)]
pub struct Interest {
    bounds: InterestBounds,
    table: Table,
    members: HashMap<PeerId, Member>,
    /// Who has a slot.
    peers: Vec<Option<PeerId>>,
    free: Vec<usize>,
    /// Slots that were given up, and are still in the table.
    retired: Vec<usize>,
    /// Those of them that are being forgotten, and the next shard to take them out of.
    retiring: Vec<usize>,
    shard: usize,
    live: Slots,
    everything: Slots,
}

#[derive(Debug)]
struct Member {
    slot: usize,
    digest: Digest,
    prefixes: u64,
}

impl Interest {
    /// A group without members.
    #[must_use]
    pub fn new(bounds: InterestBounds) -> Self {
        Self {
            bounds,
            table: Table::default(),
            members: HashMap::new(),
            peers: Vec::new(),
            free: Vec::new(),
            retired: Vec::new(),
            retiring: Vec::new(),
            shard: 0,
            live: Slots::default(),
            everything: Slots::default(),
        }
    }

    /// Adds a member, which wants everything. One that is there already starts anew.
    pub fn join(&mut self, peer: PeerId) {
        self.leave(peer);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.peers.push(None);
            self.peers.len() - 1
        });
        if let Some(place) = self.peers.get_mut(slot) {
            *place = Some(peer);
        }
        self.live.insert(slot);
        self.everything.insert(slot);
        self.members.insert(peer, Member { slot, digest: Digest::default(), prefixes: 0 });
    }

    /// Takes a member out. Whether it was one.
    pub fn leave(&mut self, peer: PeerId) -> bool {
        let Some(Member { slot, digest, .. }) = self.members.remove(&peer) else { return false };
        self.live.remove(slot);
        self.everything.remove(slot);
        if let Some(place) = self.peers.get_mut(slot) {
            *place = None;
        }
        match digest.count {
            0 => self.free.push(slot),
            _ => self.retired.push(slot),
        }
        true
    }

    /// A member wants a pattern. Whether that is new.
    ///
    /// # Errors
    /// It is over a bound: it gets everything from now on.
    pub fn want(&mut self, peer: PeerId, pattern: Pattern<'_>) -> Result<bool, InterestError> {
        let member = self.members.get_mut(&peer).ok_or(InterestError::NotAMember)?;
        let (bytes, prefix) = (pattern.bytes().len(), matches!(pattern, Pattern::Prefix(_)));
        let limits = &self.bounds;
        let refused = if bytes > limits.max_bytes {
            Some(InterestError::TooLong { bytes, limit: limits.max_bytes })
        } else if self.table.has(pattern, member.slot) {
            return Ok(false);
        } else if member.digest.count >= limits.max_patterns {
            Some(InterestError::TooMany { limit: limits.max_patterns })
        } else if prefix && member.prefixes >= limits.max_prefixes {
            Some(InterestError::TooMany { limit: limits.max_prefixes })
        } else {
            None
        };
        if let Some(refused) = refused {
            self.everything.insert(member.slot);
            return Err(refused);
        }
        member.digest.add(pattern);
        member.prefixes += u64::from(prefix);
        self.table.insert(pattern, member.slot);
        Ok(true)
    }

    /// A member wants a pattern no longer. Whether it did.
    ///
    /// # Errors
    /// The peer is no member.
    pub fn unwant(&mut self, peer: PeerId, pattern: Pattern<'_>) -> Result<bool, InterestError> {
        let member = self.members.get_mut(&peer).ok_or(InterestError::NotAMember)?;
        let wanted = self.table.remove(pattern, member.slot);
        if wanted {
            member.digest.remove(pattern);
            member.prefixes -= u64::from(matches!(pattern, Pattern::Prefix(_)));
        }
        Ok(wanted)
    }

    /// A member has named all that it wants. Said again at any time, it finds out whether both sides still mean the same.
    ///
    /// # Errors
    /// They do not: the member gets everything, and has to [`Interest::join`] and name all again.
    pub fn listed(&mut self, peer: PeerId, digest: Digest) -> Result<(), InterestError> {
        let member = self.members.get(&peer).ok_or(InterestError::NotAMember)?;
        if member.digest == digest {
            self.everything.remove(member.slot);
            return Ok(());
        }
        self.everything.insert(member.slot);
        Err(InterestError::Differs { ours: member.digest, theirs: digest })
    }

    /// Whether a member gets only what it wants.
    #[must_use]
    pub fn is_listed(&self, peer: PeerId) -> bool {
        self.members.get(&peer).is_some_and(|member| !self.everything.contains(member.slot))
    }

    /// Puts those into `targets` that get a message on `topic`.
    pub fn targets(&self, topic: &[u8], targets: &mut Slots) {
        targets.clone_from(&self.everything);
        self.table.add_to(topic, targets);
        targets.keep(&self.live);
    }

    /// Whether a message for `targets` is for all members.
    #[must_use]
    pub fn are_all(&self, targets: &Slots) -> bool {
        *targets == self.live
    }

    /// The members in `targets`, in no order.
    pub fn peers<'a>(&'a self, targets: &'a Slots) -> impl Iterator<Item = PeerId> + 'a {
        targets.iter().filter_map(|slot| self.peers.get(slot).copied().flatten())
    }

    /// Topics and prefixes that are kept, with those of members that have left.
    #[must_use]
    pub fn patterns(&self) -> usize {
        self.table.len()
    }

    /// Forgets a part of what those wanted who have left: a 64th of the table. Whether there is more to do.
    pub fn sweep(&mut self) -> bool {
        if self.retiring.is_empty() {
            self.retiring.append(&mut self.retired);
            self.shard = 0;
        }
        if self.retiring.is_empty() {
            return false;
        }
        self.table.sweep(self.shard, &self.retiring);
        self.shard += 1;
        if self.shard >= self.table.shards() {
            self.free.append(&mut self.retiring);
        }
        !(self.retiring.is_empty() && self.retired.is_empty())
    }
}
