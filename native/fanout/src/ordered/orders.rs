//! All sequences of a router.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, PoisonError};

use crossbeam::sync::{ShardedLock, ShardedLockReadGuard, ShardedLockWriteGuard};

use super::{Ended, OrderError, Sequence};
use crate::{PeerId, RouteKey};

/// What the sequences of a router may be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OrderBounds {
    /// Prefixes of one group. Default 64.
    pub max_prefixes: usize,
    /// Bytes of a prefix. Default 255.
    pub max_prefix: usize,
    /// The highest term. Default 2^59 - 1: a small integer to a BEAM, and as microseconds 18,000 years.
    pub max_term: u64,
}

/// The bits of a term that tell the lives of a router apart. As microseconds 65 ms.
const TAG: u64 = 0xffff;

impl Default for OrderBounds {
    fn default() -> Self {
        Self { max_prefixes: 64, max_prefix: 255, max_term: (1 << 59) - 1 }
    }
}

/// The right to send under a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Where to send.
    pub key: RouteKey,
    /// The number of the term.
    pub term: u64,
    /// Whether it has just begun: all members want to know.
    pub new: bool,
    /// The term that it has ended by that: all members want to know this first.
    pub ended: Option<Ended>,
}

/// The sequences of a router, by group and by key.
#[derive(Debug)]
pub struct Orders {
    bounds: OrderBounds,
    /// What the terms of this life of the router end with.
    tag: u64,
    tables: ShardedLock<Tables>,
    /// Whether there is any: who puts nothing in order pays a load for it.
    any: AtomicBool,
}

#[derive(Debug, Default)]
struct Tables {
    groups: HashMap<Arc<str>, Vec<Arc<Sequence>>>,
    keys: HashMap<RouteKey, Arc<Sequence>>,
    /// The highest term so far.
    last: u64,
}

impl Orders {
    /// No sequence yet. All terms end with the bits of `tag`: it should not be that of a former life of this router, which may have begun
    /// terms that its clock has not reached.
    #[must_use]
    pub fn new(bounds: OrderBounds, tag: u16) -> Self {
        Self { bounds, tag: tag.into(), tables: ShardedLock::default(), any: AtomicBool::new(false) }
    }

    /// The node behind the link `sender` has seen the term `floor` and wants to send messages of `prefix`. If the term of this router is below that, or there is none, one
    /// begins above it and above all others of this router, and near `clock` (us) if it can, with a key from `new_key`.
    ///
    /// # Errors
    /// A bound would be crossed. Then nothing has changed.
    pub fn ask(
        &self,
        (group, prefix): (&str, &[u8]),
        sender: PeerId,
        floor: u64,
        clock: u64,
        new_key: impl FnOnce() -> Option<RouteKey>,
    ) -> Result<Grant, OrderError> {
        let OrderBounds { max_prefixes, max_prefix, max_term } = self.bounds;
        if prefix.len() > max_prefix {
            return Err(OrderError::PrefixTooLong { bytes: prefix.len(), limit: max_prefix });
        }
        let tables = &mut *self.write();
        let of_group = tables.groups.get(group).map_or(&[][..], Vec::as_slice);
        let found = of_group.iter().find(|sequence| sequence.prefix() == prefix).cloned();
        let open = found.as_ref().map(|sequence| sequence.now());
        if let (Some(sequence), Some((key, term))) = (&found, open.filter(|(_, term)| *term >= floor)) {
            sequence.join(sender);
            return Ok(Grant { key, term, new: false, ended: None });
        }
        if found.is_none() && of_group.len() >= max_prefixes {
            return Err(OrderError::TooManyPrefixes { limit: max_prefixes });
        }
        let term = self.term_above(floor.max(tables.last), clock);
        let term = term.filter(|term| *term <= max_term).ok_or(OrderError::NoTermAbove { floor })?;
        let key = new_key().ok_or(OrderError::OutOfKeys)?;
        let mut ended = None;
        let sequence = match found {
            Some(sequence) => {
                tables.keys.remove(&sequence.now().0);
                ended = Some(sequence.renew((key, term), sender));
                sequence
            }
            None => tables.add(group, prefix, (key, term), sender),
        };
        tables.keys.insert(key, sequence);
        tables.last = term;
        self.any.store(true, Relaxed);
        Ok(Grant { key, term, new: true, ended })
    }

    fn term_above(&self, below: u64, clock: u64) -> Option<u64> {
        let tagged = |number: u64| number & !TAG | self.tag;
        // A clock that is out of its mind does not use them up.
        let at_clock = tagged(clock.min(self.bounds.max_term / 2));
        if at_clock > below {
            return Some(at_clock);
        }
        let in_block = tagged(below);
        if in_block > below { Some(in_block) } else { in_block.checked_add(TAG + 1) }
    }

    /// The sequence behind a key, if its term is not over.
    #[must_use]
    pub fn find(&self, key: RouteKey) -> Option<Arc<Sequence>> {
        if !self.any.load(Relaxed) {
            return None;
        }
        self.read().keys.get(&key).cloned()
    }

    /// The sequences of a group, each with what a member that comes may send under.
    #[must_use]
    pub fn of(&self, group: &str) -> Vec<(Arc<Sequence>, Grant)> {
        let tables = self.read();
        let granted = |sequence: &Arc<Sequence>| {
            let (key, term) = sequence.now();
            (sequence.clone(), Grant { key, term, new: false, ended: None })
        };
        tables.groups.get(group).into_iter().flatten().map(granted).collect()
    }

    /// The node behind a link sends nothing more of `prefix` under `term`: it goes on under a higher one, elsewhere. When all that
    /// were told to have said so, or are gone, this is its end: receivers need not wait for it. It is as good as before to who asks again.
    pub fn leave(
        &self,
        group: &str,
        prefix: &[u8],
        term: u64,
        peer: PeerId,
    ) -> Option<(Arc<Sequence>, Ended)> {
        let tables = self.read();
        let sequence = tables.groups.get(group)?.iter().find(|sequence| sequence.prefix() == prefix)?;
        sequence.leave(term, peer).map(|ended| (sequence.clone(), ended))
    }

    /// A link is gone: the terms that are left by all by that.
    pub fn peer_down(&self, peer: PeerId) -> Vec<(Arc<Sequence>, Ended)> {
        if !self.any.load(Relaxed) {
            return Vec::new();
        }
        let tables = self.read();
        let ended = |sequence: &Arc<Sequence>| Some((sequence.clone(), sequence.peer_down(peer)?));
        tables.groups.values().flatten().filter_map(ended).collect()
    }

    /// A group has no members any more. What comes for its sequences is dropped.
    pub fn forget(&self, group: &str) {
        if !self.any.load(Relaxed) {
            return;
        }
        let mut tables = self.write();
        for sequence in tables.groups.remove(group).unwrap_or_default() {
            tables.keys.remove(&sequence.now().0);
        }
    }

    // A panic under the exclusive lock would be a bug of ours; what is there is as good as before.
    fn read(&self) -> ShardedLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> ShardedLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn add(&mut self, group: &str, prefix: &[u8], begin: (RouteKey, u64), sender: PeerId) -> Arc<Sequence> {
        let group: Arc<str> = group.into();
        let sequence = Arc::new(Sequence::new(group.clone(), prefix, begin, sender));
        self.groups.entry(group).or_default().push(sequence.clone());
        sequence
    }
}
