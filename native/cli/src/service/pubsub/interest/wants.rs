//! What the members of one group want, shared by all links.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use crossbeam::sync::{ShardedLock, ShardedLockReadGuard, ShardedLockWriteGuard};
use outrigger_fanout::interest::{Entry, InterestBounds, InterestError, RingBounds, Slots, Topics};
use outrigger_fanout::{Origin, PeerId, Targets};

use super::super::apart::Kind;
use super::super::batch::Frames;
use super::parts::{Note, Parts, To};
use super::told::{Told, What};

/// A message in the ring.
#[derive(Clone, Debug)]
pub(in super::super) struct Kept {
    /// Who published it.
    pub(in super::super) origin: Arc<Origin>,
    pub(in super::super) payload: Bytes,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.payload
    }
}

/// The topics of one group.
#[derive(Debug)]
pub(in super::super) struct Wants {
    topics: ShardedLock<Topics<Kept>>,
    began: Instant,
}

/// What is said to a teller.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Answer {
    pub(in super::super) state: &'static str,
    pub(in super::super) stamp: u64,
    pub(in super::super) complete: bool,
}

impl Answer {
    /// To who is no member.
    pub(in super::super) const UNATTACHED: Self = Self { state: "unattached", stamp: 0, complete: true };
}

impl Default for Wants {
    /// A group without members.
    fn default() -> Self {
        let topics = Topics::new(InterestBounds::default(), RingBounds::default());
        Self { topics: ShardedLock::new(topics), began: Instant::now() }
    }
}

impl Wants {
    /// A member comes, or comes anew: it wants everything. Whether it was one before.
    pub(in super::super) fn join(&self, peer: PeerId) -> bool {
        self.write().join(peer)
    }

    /// Only these are members still. Whether there are any.
    pub(in super::super) fn keep_members(&self, stays: impl Fn(PeerId) -> bool) -> bool {
        self.write().keep_members(stays)
    }

    /// Does what a teller says. `late` gets what its node has missed, and `answer` what is to be said then; a member that is changed gets nothing
    /// else meanwhile. What went wrong, if something did.
    pub(in super::super) fn follow(
        &self,
        peer: PeerId,
        told: &Told<'_>,
        late: impl FnOnce(&[Kept]),
        answer: impl FnOnce(&Answer),
    ) -> Option<InterestError> {
        let mut topics = self.write();
        topics.sweep(self.now());
        let followed = match &told.what {
            What::Reset { since } => topics.reset(peer, *since).map(|missed| (Some(missed), None)),
            What::Change { since, wants, unwants } => {
                topics.change(peer, *since, wants, unwants).map(|(missed, refused)| (Some(missed), refused))
            }
            What::Listed(digest) => topics.listed(peer, *digest).map(|()| (None, None)),
        };
        let (missed, problem) = match followed {
            Err(InterestError::NotAMember) => {
                answer(&Answer::UNATTACHED);
                return None;
            }
            Err(problem) => (None, Some(problem)),
            Ok(followed) => followed,
        };
        let complete = missed.as_ref().is_none_or(|missed| missed.complete);
        if let Some(missed) = missed {
            late(&missed.messages);
        }
        let state = if topics.is_listed(peer) { "listed" } else { "open" };
        answer(&Answer { state, stamp: topics.stamp(), complete });
        problem
    }

    /// Hands on a run to those of `targets` that want it: `send` is called for each part, with its frames and the links. Returns how many
    /// copies that made, as `send` says.
    pub(in super::super) fn hand_on(
        &self,
        targets: &Targets<'_>,
        run: &Frames<'_>,
        prefix: &[u8],
        from: &str,
        mut send: impl FnMut(&Frames<'_>, &mut dyn Iterator<Item = PeerId>) -> u64,
    ) -> u64 {
        let topics = self.read();
        if topics.is_idle() {
            return send(run, &mut targets.iter());
        }
        let parts = Parts::of(&topics, targets, run);
        let mut copies = 0;
        if parts.are_whole() {
            copies += send(run, &mut targets.iter());
        } else {
            let framed = parts.framed(run, prefix);
            for (frames, to) in framed.parts().zip(parts.to()) {
                copies += match to {
                    To::All => send(&frames, &mut targets.iter()),
                    To::Some(slots) => send(&frames, &mut topics.peers(slots)),
                };
            }
        }
        self.note(&topics, targets, run, from, parts.into_notes());
        copies
    }

    /// Hands out a run of a prefix to those of `targets` that want all of it: `send` is called with their links. `singles` are its messages
    /// one by one, for those that want the prefix a moment later.
    pub(in super::super) fn hand_out<E>(
        &self,
        targets: &Targets<'_>,
        prefix: &[u8],
        singles: impl FnOnce() -> Result<Vec<Bytes>, E>,
        from: &str,
        send: impl FnOnce(&mut dyn Iterator<Item = PeerId>) -> Result<u64, E>,
    ) -> Result<u64, E> {
        let topics = self.read();
        if topics.is_idle() {
            return send(&mut targets.iter());
        }
        let outside = topics.outside(|peer| targets.contains(peer));
        let mut had = Slots::default();
        topics.targets(prefix, &mut had);
        let mut to = had.clone();
        to.take_out(&outside);
        had.add(&outside);
        let copies = send(&mut topics.peers(&to))?;
        if !topics.are_all(&had) {
            let origin = Arc::new(Origin { group: targets.group().clone(), node: from.into() });
            for payload in singles()? {
                if let Kind::Data { publisher, topic } = Kind::of(&payload) {
                    let message = Kept { origin: origin.clone(), payload };
                    let (from, had) = (targets.from(), had.clone());
                    topics.keep(self.now(), Entry { message, topic, publisher, from, had });
                }
            }
        }
        Ok(copies)
    }

    /// Has the ring know what was handed on.
    fn note(
        &self,
        topics: &Topics<Kept>,
        targets: &Targets<'_>,
        run: &Frames<'_>,
        from: &str,
        notes: Vec<Note>,
    ) {
        if notes.is_empty() {
            return;
        }
        let origin = Arc::new(Origin { group: targets.group().clone(), node: from.into() });
        let now = self.now();
        let payload = |place| run.payload(place).unwrap_or_default();
        for note in notes {
            match note {
                Note::Kept { place, topic, publisher, had } => {
                    let payload = Bytes::copy_from_slice(payload(place));
                    let message = Kept { origin: origin.clone(), payload };
                    topics.keep(now, Entry { message, topic, publisher, from: targets.from(), had });
                }
                Note::Ended { place, publisher } => {
                    topics.ended(payload(place).get(publisher).unwrap_or_default());
                }
            }
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    // A panic under the exclusive lock would be a bug of ours. What it was about may be lost, and the rest goes on.
    fn read(&self) -> ShardedLockReadGuard<'_, Topics<Kept>> {
        self.topics.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> ShardedLockWriteGuard<'_, Topics<Kept>> {
        self.topics.write().unwrap_or_else(PoisonError::into_inner)
    }
}
