//! One prefix of a group: its term, and the number that is next.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::{Dropped, PeerId, RouteKey};

/// What numbers the messages of one prefix. Shared by all links.
#[derive(Debug)]
pub struct Sequence {
    group: Arc<str>,
    prefix: Box<[u8]>,
    now: Mutex<Now>,
}

/// A term, its key, and the number of its next message.
#[derive(Debug)]
struct Now {
    key: RouteKey,
    term: u64,
    next: u64,
    /// The links that were told to send under it and have not left it.
    senders: Vec<PeerId>,
    /// Whether somebody has left it since it was last said to be left by all.
    leaving: bool,
}

/// All that were told to send under a term have left it: no message of theirs has the number `next` or a higher one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The number of the term.
    pub term: u64,
    /// How many messages it had so far.
    pub next: u64,
}

/// Where a run stands: under `term`, with the numbers from `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of the term.
    pub term: u64,
    /// The number of the first message of the run.
    pub first: u64,
}

impl Sequence {
    pub(super) fn new(group: Arc<str>, prefix: &[u8], begin: (RouteKey, u64), sender: PeerId) -> Self {
        Self { group, prefix: prefix.into(), now: Mutex::new(Now::begin(begin, sender)) }
    }

    /// The group's name.
    #[must_use]
    pub fn group(&self) -> &Arc<str> {
        &self.group
    }

    /// What the topics begin with.
    #[must_use]
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// Has `give` queue a run of `messages` messages, that were sent to `key`, for all targets. Nobody else hands out meanwhile, so
    /// `give` should queue and return. If it fails, the numbers are those of the next run.
    ///
    /// # Errors
    /// What `give` says, or the term of that key is over.
    pub fn hand_out<R>(
        &self,
        key: RouteKey,
        messages: u64,
        give: impl FnOnce(Place) -> Result<R, Dropped>,
    ) -> Result<R, Dropped> {
        let mut now = self.now.lock();
        if now.key != key {
            return Err(Dropped::ExpiredRoute);
        }
        let given = give(Place { term: now.term, first: now.next })?;
        now.next += messages;
        Ok(given)
    }

    /// The key and the term that are sent under now.
    pub(super) fn now(&self) -> (RouteKey, u64) {
        let now = self.now.lock();
        (now.key, now.term)
    }

    /// A link is told to send under the term of now.
    pub(super) fn join(&self, sender: PeerId) {
        let mut now = self.now.lock();
        if !now.senders.contains(&sender) {
            now.senders.push(sender);
        }
    }

    /// Begins a term for a sender. What was sent to the key of before is dropped from here on. The end of that term.
    pub(super) fn renew(&self, begin: (RouteKey, u64), sender: PeerId) -> Ended {
        let mut now = self.now.lock();
        let ended = Ended { term: now.term, next: now.next };
        *now = Now::begin(begin, sender);
        ended
    }

    /// A link sends nothing more under `term`. The end of the term, if it was the last one that did.
    pub(super) fn leave(&self, term: u64, peer: PeerId) -> Option<Ended> {
        let mut now = self.now.lock();
        if now.term != term {
            return None;
        }
        now.leaving = true;
        now.without(peer)
    }

    /// A link is gone. The end of the term, if it was the last one to leave it.
    pub(super) fn peer_down(&self, peer: PeerId) -> Option<Ended> {
        self.now.lock().without(peer)
    }
}

impl Now {
    fn begin((key, term): (RouteKey, u64), sender: PeerId) -> Self {
        Self { key, term, next: 0, senders: vec![sender], leaving: false }
    }

    fn without(&mut self, peer: PeerId) -> Option<Ended> {
        self.senders.retain(|sender| *sender != peer);
        if !self.leaving || !self.senders.is_empty() {
            return None;
        }
        self.leaving = false;
        Some(Ended { term: self.term, next: self.next })
    }
}
