//! Slots at the app node: what its processes hold, told to the owners of the keys.
//!
//! Each slot is asked for. An ask says how many are held, so a release is an ask for nothing. Whenever an owner may not know all, because
//! the vote has changed, the link was down or an ask was lost, the next thing that it hears is a report of all that is held: also of keys that
//! others own as this node sees it, since the owner may be that of a view that this node has left and others have not.
//!
//! Limits: slots of [`MAX_HELD`] keys.

use std::collections::{HashMap, HashSet};
use std::mem::take;

use super::super::NodeId;
use super::super::asks::KeyState;
use super::super::lots::Taken;
use super::super::wire::{Given, MAX_HELD, Want};
use super::{Client, ClientOut};

/// What is held on this node.
#[derive(Debug, Default)]
pub(super) struct Holds {
    held: HashMap<u128, u64>,
    /// Owners that have had a report and know all that came after it.
    told: HashSet<NodeId>,
}

impl Holds {
    pub(super) fn is_full(&self, waited_for: usize) -> bool {
        self.held.len() + waited_for >= MAX_HELD
    }

    pub(super) fn doubt(&mut self, node: NodeId) {
        self.told.remove(&node);
    }

    pub(super) fn doubt_all(&mut self) {
        self.told.clear();
    }

    /// What an owner has to be told before anything else.
    pub(super) fn report(&mut self, node: NodeId) -> Option<Vec<(u128, u64)>> {
        let held = self.held.iter().map(|(key, held)| (*key, *held));
        self.told.insert(node).then(|| held.collect())
    }

    pub(super) fn wish(&self, key: u128, state: &KeyState) -> Want {
        let held = self.of(key);
        let (least, need) = state.need();
        let [least, need] = [least, need].map(|slots| held.saturating_add(slots));
        Want { key, held, back: 0, least, need, want: need, refund: 0 }
    }

    fn of(&self, key: u128) -> u64 {
        self.held.get(&key).copied().unwrap_or(0)
    }

    fn set(&mut self, key: u128, held: u64) {
        if held > 0 {
            self.held.insert(key, held)
        } else {
            self.held.remove(&key)
        };
    }
}

impl Client {
    /// Slots of a key are released. The owner hears of it at once, or with the next report.
    pub fn release(&mut self, key: u128, slots: u64, now: u64, out: &mut Vec<ClientOut>) {
        self.change(key, |held| held.saturating_sub(slots), now, out);
    }

    /// Slots of a key are held without having been asked for. The owner counts them as soon as it hears of it.
    pub fn hold(&mut self, key: u128, slots: u64, now: u64, out: &mut Vec<ClientOut>) {
        self.change(key, |held| held.saturating_add(slots), now, out);
    }

    /// Another driver goes on where the last one ended, and knows what is held. Those that waited are gone.
    pub fn resume(
        &mut self,
        held: impl IntoIterator<Item = (u128, u64)>,
        now: u64,
        out: &mut Vec<ClientOut>,
    ) {
        self.void();
        self.keys.clear();
        self.round.clear();
        self.deadlines.clear();
        self.figures.waiting = 0;
        let mut holds = Holds::default();
        held.into_iter().for_each(|(key, slots)| holds.set(key, holds.of(key).saturating_add(slots)));
        self.holds = Some(holds);
        self.greet(now, out);
    }

    fn change(&mut self, key: u128, change: impl FnOnce(u64) -> u64, now: u64, out: &mut Vec<ClientOut>) {
        let Some(holds) = &mut self.holds else { return };
        holds.set(key, change(holds.of(key)));
        self.state(key);
        self.want(key, now, out);
    }

    pub(super) fn doubt(&mut self, node: NodeId) {
        self.holds.iter_mut().for_each(|holds| holds.doubt(node));
    }

    /// Hands what was granted to those that waited for it. What is too much goes back.
    pub(super) fn take_slots(&mut self, given: &Given, sent: u64, now: u64, out: &mut Vec<ClientOut>) {
        let key = given.key;
        let waiters = take(&mut self.state(key).waiters);
        let Some(holds) = &mut self.holds else { return };
        let (mut spare, mut held) = (given.granted, holds.of(key));
        for waiter in waiters {
            let remaining = given.left.saturating_add(spare);
            let taken = if waiter.cost <= spare {
                spare -= waiter.cost;
                held = held.saturating_add(waiter.cost);
                Taken::Allowed {
                    cost: waiter.cost,
                    remaining: remaining - waiter.cost,
                    here: 0,
                    reset_ns: 0,
                    refill: false,
                }
            } else if waiter.since <= sent {
                Taken::Busy { remaining }
            } else {
                if let Some(state) = self.keys.get_mut(&key) {
                    state.waiters.push_back(waiter);
                }
                continue;
            };
            self.figures.waiting -= 1;
            out.push(ClientOut::Answer { waiter: waiter.id, taken });
        }
        holds.set(key, held);
        if held != given.held.saturating_add(given.granted) {
            self.want(key, now, out);
        }
    }
}
