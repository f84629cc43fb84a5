//! New keys: the one thing that takes a lock.

use super::{Entry, Full, Place, State, Step, Table, groups};
use crate::sync::{AtomicU128, Ordering};

/// A first group with so many keys in use asks whether another one has fewer. Keys in another group take longer to find;
/// with less the table could be filled a little further, with more keys would be refused earlier.
const CROWDED: usize = groups::WIDTH - 2;

/// The best place of a group for a new key, and how many of its keys are in use.
struct Room<'a> {
    best: Option<(&'a AtomicU128, Entry)>,
    in_use: usize,
    group: usize,
}

impl Table {
    /// Puts in a key that was not found. `None` if somebody else did meanwhile.
    #[cold]
    #[inline(never)]
    pub(super) fn insert<R>(
        &self,
        place: &Place,
        now: u64,
        idle: &impl Fn(State, u64) -> bool,
        f: &impl Fn(Option<State>, u64) -> (Step, R),
    ) -> Result<Option<R>, Full> {
        let (step, answer) = f(None, self.time(place, now));
        if !matches!(step, Step::Put(_)) {
            return Ok(Some(answer));
        }
        let _alone = self.stripes.of(place.first).alone.lock();
        if self.find(place).is_some() {
            return Ok(None);
        }
        // Under the lock the key stays away, and so does the time of its last eviction.
        let (step, answer) = f(None, self.time(place, now));
        let Step::Put(state) = step else { return Ok(Some(answer)) };
        let entry = Entry::new(place.tag, state);
        loop {
            let (group, slot, old) = self.room(place, now, idle).ok_or(Full)?;
            let stripe = self.stripes.of(group);
            if !old.is_empty() {
                stripe.will_evict(now);
            }
            if slot.compare_exchange(old.0, entry.0, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                if old.is_empty() {
                    stripe.taken()
                } else {
                    stripe.evicted()
                }
                return Ok(Some(answer));
            }
        }
    }

    fn room(
        &self,
        place: &Place,
        now: u64,
        idle: &impl Fn(State, u64) -> bool,
    ) -> Option<(usize, &AtomicU128, Entry)> {
        let mut choices = place.groups(self.groups.len()).map(|group| self.room_in(group, place, now, idle));
        let mut chosen = choices.next()?;
        let mut enough = CROWDED;
        while chosen.in_use >= enough {
            let Some(next) = choices.next() else { break };
            if next.in_use < chosen.in_use {
                chosen = next;
            }
            enough = CROWDED + 1;
        }
        chosen.best.map(|(slot, entry)| (chosen.group, slot, entry))
    }

    fn room_in(&self, group: usize, place: &Place, now: u64, idle: &impl Fn(State, u64) -> bool) -> Room<'_> {
        let mut room = Room { best: None, in_use: 0, group };
        for slot in self.groups.from(group, place.start) {
            let entry = Entry::load(slot);
            let better = if entry.is_empty() {
                room.best.is_none_or(|(_, best)| !best.is_empty())
            } else if idle(entry.state(), now) {
                room.best.is_none()
            } else {
                room.in_use += 1;
                false
            };
            if better {
                room.best = Some((slot, entry));
            }
        }
        room
    }
}
