//! Which members of a group want which topics. See the module's documentation.

use std::collections::HashMap;

use super::table::Table;
use super::{Digest, InterestBounds, InterestError, Pattern, Slots};
use crate::PeerId;

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

    /// Has a member begin anew: it wants everything. The slots that it had and has.
    ///
    /// # Errors
    /// The peer is no member.
    pub fn reset(&mut self, peer: PeerId) -> Result<(usize, usize), InterestError> {
        let old = self.slot(peer).ok_or(InterestError::NotAMember)?;
        self.join(peer);
        Ok((old, self.slot(peer).unwrap_or(old)))
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

    /// The slot of a member, until it leaves or begins anew.
    #[must_use]
    pub fn slot(&self, peer: PeerId) -> Option<usize> {
        self.members.get(&peer).map(|member| member.slot)
    }

    /// Whether everybody gets everything, so that no topic needs to be looked up.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.everything == self.live
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
