//! Answers of owners: tokens go into the lots, slots to those that waited. An ask without an answer in time is given up.

use super::super::asks::{Purpose, Way};
use super::super::clock::{ANSWER, shorter};
use super::super::lots::Taken;
use super::super::wire::{Given, Grant, REPORT_FIRST};
use super::super::{LeaseKind, NodeId};
use super::config::{PACE, SMALL};
use super::{Client, ClientOut};

impl Client {
    /// What an owner answers to an ask.
    pub(super) fn grant(&mut self, grant: &Grant, now: u64, out: &mut Vec<ClientOut>) {
        let answers = |way: &Way| {
            way.in_flight
                .as_ref()
                .is_some_and(|ask| ask.number == grant.number && ask.owner == grant.incarnation)
        };
        let Some((node, way)) = self.ways.iter_mut().find(|(_, way)| answers(way)) else { return };
        let node = *node;
        if way.is_late(now) {
            // This node stood still. By now the owner may have taken it for dead, and given others what it grants here.
            return self.give_up(node, now);
        }
        let Some(ask) = way.in_flight.take() else { return };
        if grant.closed_ns > 0 {
            way.closed_until = now.saturating_add(grant.closed_ns.min(ANSWER));
            way.lost_since.get_or_insert(now);
        } else {
            way.lost_since = None;
        }
        if grant.closed_ns == REPORT_FIRST {
            self.doubt(node);
        }
        for key in &ask.keys {
            self.unqueue(*key);
        }
        for given in grant.given.iter().filter(|given| ask.keys.contains(&given.key)) {
            self.figures.granted = self.figures.granted.saturating_add(given.granted);
            if self.holds.is_none() {
                self.memory.note(given, now, self.config.timing.lease_ns);
            }
            if self.holds.is_some() {
                self.take_slots(given, ask.sent, now, out);
            } else if self.rule.kind().is_called() {
                self.take_calls(given, ask.sent, now, out);
            } else {
                self.fill(given, ask.sent, now);
                self.serve(given, ask.sent, now, out);
                self.report_soon(given, now, out);
            }
        }
        let again = |key: &&u128| self.keys.get(key).is_some_and(|key| !key.waiters.is_empty());
        let again: Vec<u128> = ask.keys.iter().filter(again).copied().collect();
        again.into_iter().for_each(|key| self.want(key, now, out));
        self.flush(node, now, out);
    }

    /// Puts what was granted into the lot.
    fn fill(&mut self, given: &Given, sent: u64, now: u64) {
        let Some(state) = self.keys.get_mut(&given.key) else { return };
        let pace = PACE.min(self.rule.burst().saturating_mul(self.rule.period_ns() / self.rule.limit() / 8));
        let scarce = given.held.saturating_add(given.granted) < state.wanted;
        self.lots.change(given.key, |lot| {
            let held = if lot.end > now { lot.tokens.min(given.held) } else { 0 };
            lot.tokens = held.saturating_add(given.granted);
            lot.end = sent.saturating_add(shorter(given.hold_ns));
            (lot.told, lot.left) = (false, given.left);
            lot.full_at = now.saturating_add(given.reset_ns);
            // Where there is not enough, asking early is of no use.
            lot.low = if scarce { 0 } else { lot.tokens / 3 };
            if given.retry_ns > 0 {
                lot.denied_until = now.saturating_add(given.retry_ns.max(pace));
                lot.denied_cost = state.least.max(1);
            } else if scarce {
                (lot.denied_until, lot.denied_cost) = (sent.saturating_add(pace), 1);
            }
        });
    }

    /// Answers those that waited when the ask was sent, and later ones if it is enough for them.
    fn serve(&mut self, given: &Given, sent: u64, now: u64, out: &mut Vec<ClientOut>) {
        let key = given.key;
        while let Some(waiter) = self.keys.get(&key).and_then(|state| state.waiters.front()).copied() {
            let taken = match waiter.purpose {
                Purpose::Hit => self.lots.take(key, waiter.cost, now),
                _ if waiter.since > sent => return,
                Purpose::Reset => Taken::Done,
                Purpose::Peek => self
                    .lots
                    .look(key, waiter.cost, now)
                    .unwrap_or_else(|missing| self.missing(given, missing)),
            };
            let taken = match taken {
                Taken::Ask if waiter.since <= sent => Taken::Denied { retry_ns: PACE },
                Taken::Ask => return,
                taken => taken,
            };
            if let Some(state) = self.keys.get_mut(&key) {
                state.waiters.pop_front();
            }
            self.figures.waiting -= 1;
            out.push(ClientOut::Answer { waiter: waiter.id, taken });
        }
    }

    /// A hit that would lack so many tokens.
    fn missing(&self, given: &Given, tokens: u64) -> Taken {
        let evenly = u128::from(tokens) * u128::from(self.rule.period_ns()) / u128::from(self.rule.limit());
        let retry_ns = match self.rule.kind() {
            LeaseKind::Gcra => u64::try_from(evenly).unwrap_or(u64::MAX - 1),
            _ => given.reset_ns,
        };
        Taken::Denied { retry_ns: retry_ns.max(given.retry_ns).max(1) }
    }

    /// Where the burst is small, what was spent at once is told at once: until then no tokens come back in its place.
    fn report_soon(&mut self, given: &Given, now: u64, out: &mut Vec<ClientOut>) {
        let all_spent = given.granted > 0 && self.lots.change(given.key, |lot| lot.tokens == 0);
        if all_spent && self.rule.burst() < SMALL {
            self.want(given.key, now, out);
        }
    }

    /// An ask that is not answered: its keys are asked for again if somebody waits.
    pub(super) fn give_up(&mut self, node: NodeId, now: u64) {
        let Some(way) = self.ways.get_mut(&node) else { return };
        let Some(ask) = way.in_flight.take() else { return };
        way.lost_since.get_or_insert(now);
        self.holds.iter_mut().for_each(|holds| holds.doubt(node));
        for key in ask.keys {
            match self.keys.get_mut(&key) {
                Some(state) if !state.waiters.is_empty() => way.queue.push_back(key),
                Some(state) => state.queued = false,
                None => {}
            }
        }
    }
}
