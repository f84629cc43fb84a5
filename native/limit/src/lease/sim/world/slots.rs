//! Slots in the simulated cluster: processes that hold them for a while, and the ledger of what is held.
//!
//! A node that is cut off from a Rust node that runs, or stands still, for about a lease goes on to hold what it holds while others may have it:
//! that is what is promised. So from then on it does not count. What such a node gets later counts.

use std::collections::HashMap;

use super::super::super::Incarnation;
use super::super::super::clock::{MS, shorter};
use super::{Event, State, World};

/// What the processes of one app node hold.
#[derive(Debug)]
pub(super) struct Occupied {
    incarnation: Incarnation,
    next: u64,
    holds: HashMap<u64, Hold>,
}

#[derive(Debug)]
struct Hold {
    key: u128,
    slots: u64,
    excused: bool,
}

impl Default for Occupied {
    fn default() -> Self {
        Self::of(Incarnation(0))
    }
}

impl Occupied {
    pub(super) fn of(incarnation: Incarnation) -> Self {
        Self { incarnation, next: 0, holds: HashMap::new() }
    }

    pub(super) fn excuse(&mut self) {
        self.holds.values_mut().for_each(|hold| hold.excused = true);
    }

    fn of_key(&self, key: u128) -> u64 {
        self.holds.values().filter(|hold| hold.key == key && !hold.excused).map(|hold| hold.slots).sum()
    }
}

impl World {
    /// A process has got slots.
    pub(super) fn occupy(&mut self, app: usize, key: u128, slots: u64) {
        let occupied = &mut self.apps[app].occupied;
        occupied.next += 1;
        let (hold, incarnation) = (occupied.next, occupied.incarnation);
        occupied.holds.insert(hold, Hold { key, slots, excused: false });
        let stay = self.random.below(self.plan.stay * MS);
        self.at(self.now + stay, Event::Release(app, incarnation, hold));
        self.had += 1;
        let held: u64 = self.apps.iter().map(|app| app.occupied.of_key(key)).sum();
        self.most = self.most.max(held);
    }

    pub(super) fn release(&mut self, app: usize, incarnation: Incarnation, hold: u64) {
        if self.paused(app) {
            let until = self.apps[app].paused_until;
            return self.at(until, Event::Release(app, incarnation, hold));
        }
        let occupied = &mut self.apps[app].occupied;
        if occupied.incarnation == incarnation
            && let Some(Hold { key, slots, .. }) = occupied.holds.remove(&hold)
        {
            self.client(app, |client, now, out| client.release(key, slots, now, out));
        }
    }

    fn soon(&self) -> u64 {
        // Also by the fastest clock of an owner.
        shorter(self.plan.timing.lease_ns)
    }

    pub(super) fn broken(&mut self, app: usize, rust: usize) {
        self.ways[app][rust].breaks += 1;
        let breaks = self.ways[app][rust].breaks;
        self.at(self.now + self.soon(), Event::CutOff(app, rust, breaks));
    }

    /// If the link has not been up since: what the node holds does not count, as long as it stays so.
    pub(super) fn cut_off(&mut self, app: usize, rust: usize, breaks: u64) {
        let way = &self.ways[app][rust];
        if way.state != State::Up && way.breaks == breaks {
            self.apps[app].occupied.excuse();
            self.at(self.now + 10 * MS, Event::CutOff(app, rust, breaks));
        }
    }

    pub(super) fn stands_still(&mut self, app: usize, ms: u64) {
        if ms * MS >= self.soon() {
            self.at(self.now + self.soon(), Event::StoodStill(app));
        }
    }

    /// How often each app node has had slots since it started.
    pub(in super::super) fn had_by(&self) -> Vec<u64> {
        self.apps.iter().map(|app| app.occupied.next).collect()
    }

    /// Processes that hold something.
    pub(in super::super) fn holders(&self) -> usize {
        self.apps.iter().map(|app| app.occupied.holds.len()).sum()
    }
}
