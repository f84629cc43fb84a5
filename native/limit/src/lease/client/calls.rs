//! What a client asks an owner for beside tokens: hits of keys that are not leased, questions, refunds and resets.

use std::mem::take;

use super::super::asks::{Purpose, Waiter, WaiterId};
use super::super::lots::Taken;
use super::super::wire::{Given, RESET};
use super::config::PACE;
use super::{Client, ClientOut};

impl Client {
    /// What would a hit of a key get? By what its owner says and what is leased here; what other nodes have leased is not in it.
    pub fn peek(&mut self, waiter: WaiterId, key: u128, cost: u64, now: u64, out: &mut Vec<ClientOut>) {
        if cost > self.rule.burst() {
            return out.push(ClientOut::Answer { waiter, taken: Taken::Denied { retry_ns: u64::MAX } });
        }
        self.wait(Waiter { id: waiter, cost, since: now, purpose: Purpose::Peek }, key, now, out);
    }

    /// Makes a key as new: all of it is available that is not leased. Answered by [`Taken::Done`] when the owner has done so.
    pub fn reset(&mut self, waiter: WaiterId, key: u128, now: u64, out: &mut Vec<ClientOut>) {
        self.lots.free(key);
        if let Some(state) = self.keys.get_mut(&key) {
            state.refund = RESET;
        }
        self.wait(Waiter { id: waiter, cost: 0, since: now, purpose: Purpose::Reset }, key, now, out);
        if let Some(state) = self.keys.get_mut(&key) {
            state.refund = RESET;
        }
    }

    /// Gives back what a hit of this node took: to what is leased here if the owner has not been told of it yet, else to the owner.
    /// If that is out of reach it is lost.
    pub fn refund(&mut self, key: u128, cost: u64, now: u64, out: &mut Vec<ClientOut>) {
        let kept = self.lots.change(key, |lot| {
            let unsaid = lot.end > now && lot.spent >= cost;
            if unsaid {
                (lot.spent, lot.tokens) = (lot.spent - cost, lot.tokens.saturating_add(cost));
            }
            lot.denied_until = 0;
            unsaid
        });
        let room = self.keys.contains_key(&key) || self.keys.len() < self.config.max_keys;
        if !kept && room {
            let state = self.state(key);
            state.refund = state.refund.saturating_add(cost);
            self.want(key, now, out);
        } else if !room {
            self.lots.remove(key);
        }
    }

    /// Answers hits that were each a call. What is too little for the next one is lost: the owner could not tell which hit was not.
    pub(super) fn take_calls(&mut self, given: &Given, sent: u64, now: u64, out: &mut Vec<ClientOut>) {
        let key = given.key;
        let state = self.state(key);
        let (waiters, least) = (take(&mut state.waiters), state.least.max(1));
        let mut spare = given.granted;
        let retry_ns = if given.retry_ns > 0 { given.retry_ns } else { PACE };
        for waiter in waiters {
            let remaining = given.left.saturating_add(spare);
            let allowed = |remaining, reset_ns| Taken::Allowed {
                cost: waiter.cost,
                remaining,
                here: 0,
                reset_ns,
                refill: false,
            };
            let taken = match waiter.purpose {
                Purpose::Hit if waiter.cost <= spare => {
                    spare -= waiter.cost;
                    allowed(remaining - waiter.cost, given.reset_ns)
                }
                _ if waiter.since > sent => {
                    self.state(key).waiters.push_back(waiter);
                    continue;
                }
                Purpose::Hit => Taken::Denied { retry_ns },
                Purpose::Reset => Taken::Done,
                Purpose::Peek if waiter.cost <= given.left => allowed(given.left, given.reset_ns),
                Purpose::Peek => Taken::Denied { retry_ns },
            };
            self.figures.waiting -= 1;
            out.push(ClientOut::Answer { waiter: waiter.id, taken });
        }
        if given.retry_ns > 0 {
            // Nothing comes back before.
            self.lots.change(key, |lot| {
                (lot.denied_until, lot.denied_cost) = (now.saturating_add(given.retry_ns), least);
            });
        }
    }
}
