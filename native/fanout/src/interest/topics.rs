//! The topics of one group: who wants them, and what went out a moment ago.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::{
    Digest, Entry, Interest, InterestBounds, InterestError, Late, Pattern, Ring, RingBounds, Slots, Wanted,
};
use crate::PeerId;

/// Who wants what in one group, and what they may have missed. `M` is a message.
///
/// # Order
///
/// The caller holds this shared while it looks up who gets a message, hands it on and [`Topics::keep`]s it, and exclusively for a change
/// and for handing on what was late. So a pattern that is new is either seen by a message, or finds the message here.
#[derive(Debug)]
pub struct Topics<M> {
    interest: Interest,
    /// Taken by whoever hands on, each for a moment: those hold us shared.
    ring: Mutex<Ring<M>>,
    /// The stamp from which on each member has had all: what is asked for beyond that would come behind what it has.
    floors: HashMap<PeerId, u64>,
}

impl<M: AsRef<[u8]> + Clone> Topics<M> {
    /// A group without members.
    #[must_use]
    pub fn new(interest: InterestBounds, ring: RingBounds) -> Self {
        Self { interest: Interest::new(interest), ring: Mutex::new(Ring::new(ring)), floors: HashMap::new() }
    }

    /// Adds a member, which wants everything from now on. One that is there already starts anew. Whether it was there.
    pub fn join(&mut self, peer: PeerId) -> bool {
        self.interest.join(peer);
        // Its publishers have another way from now on.
        self.ring.get_mut().ended_all(peer);
        let stamp = self.ring.get_mut().stamp();
        self.floors.insert(peer, stamp).is_some()
    }

    /// Takes a member out. Whether it was one.
    pub fn leave(&mut self, peer: PeerId) -> bool {
        self.floors.remove(&peer);
        self.ring.get_mut().ended_all(peer);
        self.interest.leave(peer)
    }

    /// Takes out all members but those that stay. Whether there are any.
    pub fn keep_members(&mut self, stays: impl Fn(PeerId) -> bool) -> bool {
        let gone: Vec<_> = self.floors.keys().copied().filter(|peer| !stays(*peer)).collect();
        gone.into_iter().for_each(|peer| {
            self.leave(peer);
        });
        !self.floors.is_empty()
    }

    /// A member begins anew, and wants everything: also what was handed on behind the stamp `since`, or since it came.
    ///
    /// # Errors
    /// The peer is no member.
    pub fn reset(&mut self, peer: PeerId, since: u64) -> Result<Late<M>, InterestError> {
        let (old, new) = self.interest.reset(peer)?;
        let ring = self.ring.get_mut();
        ring.moved(old, new);
        let floor = self.floors.entry(peer).or_default();
        *floor = since.max(*floor);
        Ok(ring.late(*floor, new, &Wanted::everything()))
    }

    /// A member wants these and those no longer. What it has missed of what is new to it since it was given the stamp `since`; and why it
    /// gets everything from now on, if it went over a bound.
    ///
    /// # Errors
    /// The peer is no member.
    pub fn change(
        &mut self,
        peer: PeerId,
        since: u64,
        wants: &[Pattern<'_>],
        unwants: &[Pattern<'_>],
    ) -> Result<(Late<M>, Option<InterestError>), InterestError> {
        let slot = self.interest.slot(peer).ok_or(InterestError::NotAMember)?;
        let (mut new, mut refused) = (self.ring.get_mut().wanted(), None);
        for pattern in wants {
            match self.interest.want(peer, *pattern) {
                Ok(false) => continue,
                Ok(true) => {}
                // It is missed as much as what is new.
                Err(error) => refused = refused.or(Some(error)),
            }
            new.add(*pattern);
        }
        for pattern in unwants {
            self.interest.unwant(peer, *pattern)?;
        }
        if new.is_empty() {
            return Ok((Late { complete: true, messages: Vec::new() }, None));
        }
        let since = since.max(self.floors.get(&peer).copied().unwrap_or(0));
        Ok((self.ring.get_mut().late(since, slot, &new), refused))
    }

    /// See [`Interest::listed`].
    ///
    /// # Errors
    /// Both sides mean different sets, or the peer is no member.
    pub fn listed(&mut self, peer: PeerId, digest: Digest) -> Result<(), InterestError> {
        if self.interest.is_idle() {
            // Nobody has heard meanwhile whose way has ended.
            self.ring.get_mut().clear();
        }
        self.interest.listed(peer, digest)
    }

    /// Whether a member gets only what it wants.
    #[must_use]
    pub fn is_listed(&self, peer: PeerId) -> bool {
        self.interest.is_listed(peer)
    }

    /// Whether everybody gets everything.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.interest.is_idle()
    }

    /// Puts those into `targets` that get a message on `topic`.
    pub fn targets(&self, topic: &[u8], targets: &mut Slots) {
        self.interest.targets(topic, targets);
    }

    /// Whether a message for `targets` is for all members.
    #[must_use]
    pub fn are_all(&self, targets: &Slots) -> bool {
        self.interest.are_all(targets)
    }

    /// The members in `targets`, in no order.
    pub fn peers<'a>(&'a self, targets: &'a Slots) -> impl Iterator<Item = PeerId> + 'a {
        self.interest.peers(targets)
    }

    /// The members that `is_target` is not true of: to whom a message does not go, whatever they want.
    pub fn outside(&self, is_target: impl Fn(PeerId) -> bool) -> Slots {
        let members = self.floors.keys().filter(|peer| !is_target(**peer));
        members.filter_map(|peer| self.interest.slot(*peer)).collect()
    }

    /// Keeps a message that is handed on at `now` (us) and not to everybody. It was had by those that get it now, and those
    /// [`Topics::outside`].
    pub fn keep(&self, now: u64, message: Entry<M>) {
        self.ring.lock().push(now, message);
    }

    /// The way of a publisher ends here: what it sent is not handed on late any more. While everybody gets everything this need not be said.
    pub fn ended(&self, publisher: &[u8]) {
        self.ring.lock().ended(publisher);
    }

    /// What was kept last. What is kept from now on comes behind it.
    #[must_use]
    pub fn stamp(&self) -> u64 {
        self.ring.lock().stamp()
    }

    /// Forgets what is too old at `now`, and a part of what those wanted who have left.
    pub fn sweep(&mut self, now: u64) {
        self.ring.get_mut().expire(now);
        self.interest.sweep();
    }
}
