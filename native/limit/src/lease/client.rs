//! The app node's end of one limiter: leases tokens for the keys that are hit here, before they run out where it can.
//!
//! Hits go to [`Lots`] first. One that has to ask is handed to [`Client::ask`], and answered by [`ClientOut::Answer`], at once or
//! later; one that was told to refill causes [`Client::refill`]. All hits of a key that wait are one want, and all wants for a Rust
//! node that come while an ask is under way are the next ask.
//!
//! Limits: [`ClientConfig::max_keys`] and [`ClientConfig::max_waiters`]; what comes on top is answered as if the owner were
//! lost, and counted.

mod calls;
mod config;
mod grants;
mod known;
mod share;
mod slots;
mod wish;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

pub use self::config::{ClientConfig, ClientFigures, ClientOut};
use self::config::{IDLE, LOST_PAUSE, REPORT, SWEEP, SWEPT};
use self::known::Memory;
use self::share::Shares;
use self::slots::Holds;
use self::wish::wish;
use super::asks::{InFlight, KeyState, Purpose, Waiter, WaiterId, Ways};
use super::broken::{self, Broken};
use super::clock::MS;
use super::lots::{Lots, Taken};
use super::voter::{Identity, Voter};
use super::wire::{Account, Ask, Message, Report, Want};
use super::{Incarnation, LeaseError, LeaseKind, LeaseRule, NodeId};

/// The client of a limiter on an app node.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    rule: LeaseRule,
    voter: Voter,
    lots: Arc<Lots>,
    /// If it is about slots.
    holds: Option<Holds>,
    keys: HashMap<u128, KeyState>,
    round: VecDeque<u128>,
    ways: Ways,
    deadlines: VecDeque<(u64, u128)>,
    number: u64,
    memory: Memory,
    shares: Shares,
    next_sweep: u64,
    started: u64,
    figures: ClientFigures,
}

impl Client {
    /// A client that knows no Rust node yet.
    #[must_use]
    pub fn new(config: ClientConfig, lots: Arc<Lots>, now: u64) -> Self {
        let ClientConfig { node, incarnation, born_ms, electorate, rule, timing, shares, .. } = config;
        let identity = Identity { node, incarnation, born_ms, electorate, shares };
        Self {
            voter: Voter::new(identity, timing, now),
            holds: (rule.kind() == LeaseKind::Slots).then(Holds::default),
            rule,
            lots,
            keys: HashMap::new(),
            round: VecDeque::new(),
            ways: Ways::new(),
            deadlines: VecDeque::new(),
            number: 0,
            memory: Memory::new(rule, config.max_keys),
            shares: Shares::default(),
            next_sweep: now,
            started: now,
            figures: ClientFigures::default(),
            config,
        }
    }

    /// A node is connected that may be a Rust node: it is told of us.
    pub fn node_up(&mut self, node: NodeId, now: u64, out: &mut Vec<ClientOut>) {
        let status = self.voter.status(self.rule, now);
        out.push(ClientOut::Send { to: node, bytes: Message::Status(status).encode() });
    }

    /// The link to a node is down.
    pub fn node_down(&mut self, node: NodeId, now: u64, out: &mut Vec<ClientOut>) {
        self.voter.down(node);
        self.doubt(node);
        self.memory.doubt(node);
        if let Some(way) = self.ways.remove(&node) {
            let asked = way.in_flight.map(|ask| ask.keys).unwrap_or_default();
            asked.iter().chain(&way.queue).for_each(|key| self.unqueue(*key));
        }
        self.turn(now, out);
    }

    /// Takes what a Rust node sent.
    ///
    /// # Errors
    /// The peer sent something else than a message of ours.
    pub fn receive(&mut self, bytes: &[u8], now: u64, out: &mut Vec<ClientOut>) -> Result<(), LeaseError> {
        match Message::decode(bytes)? {
            Message::Poll(poll) => {
                self.voter.hear(&poll, now);
                if let Some(rule) = poll.rule.filter(|rule| *rule != self.memory.rule) {
                    self.memory.change_rule(rule, now);
                    self.lots.free_all();
                }
                self.turn(now, out);
                let answer = self.voter.answer(poll.node, poll.number, now, self.rule);
                out.push(ClientOut::Send { to: poll.node, bytes: Message::Status(answer).encode() });
                self.flush(poll.node, now, out);
                Ok(())
            }
            Message::Grant(grant) => {
                self.grant(&grant, now, out);
                Ok(())
            }
            Message::Free(free) => {
                free.keys.iter().for_each(|key| self.lots.free(*key));
                Ok(())
            }
            Message::Status(_) | Message::Ask(_) | Message::Report(_) | Message::Account(_) => {
                Err(LeaseError::Malformed)
            }
        }
    }

    /// A hit that found nothing here waits for the owner.
    pub fn ask(&mut self, waiter: WaiterId, key: u128, cost: u64, now: u64, out: &mut Vec<ClientOut>) {
        // Others may have got some meanwhile.
        let taken = self.lots.take(key, cost, now);
        if taken != Taken::Ask {
            return out.push(ClientOut::Answer { waiter, taken });
        }
        if cost > self.rule.burst() {
            return out.push(ClientOut::Answer { waiter, taken: Taken::Denied { retry_ns: u64::MAX } });
        }
        self.wait(Waiter { id: waiter, cost, since: now, purpose: Purpose::Hit }, key, now, out);
    }

    /// Somebody waits for what the owner of a key says.
    fn wait(&mut self, waiter: Waiter, key: u128, now: u64, out: &mut Vec<ClientOut>) {
        let full = self.figures.waiting >= self.config.max_waiters as u64
            || self.holds.as_ref().is_some_and(|holds| holds.is_full(self.keys.len()))
            || (self.keys.len() >= self.config.max_keys && !self.keys.contains_key(&key));
        if full || self.is_lost(key, now) {
            self.figures.shed += u64::from(full);
            self.answer_lost(waiter.id, key, now, out);
            // Nobody waits for it: that is how the owner is found again.
            return self.want(key, now, out);
        }
        self.state(key).waiters.push_back(waiter);
        self.figures.waiting += 1;
        self.deadlines.push_back((now.saturating_add(self.config.patience_ns), key));
        self.want(key, now, out);
    }

    /// The tokens of a key run low.
    pub fn refill(&mut self, key: u128, now: u64, out: &mut Vec<ClientOut>) {
        if self.keys.contains_key(&key) {
            self.want(key, now, out);
        }
    }

    /// Another rule holds from now on, as soon as the owner hears of it.
    pub fn update(&mut self, rule: LeaseRule) {
        self.rule = rule;
    }

    /// Says goodbye: all that is leased is void, and the electorate is smaller.
    pub fn leave(&mut self, now: u64, out: &mut Vec<ClientOut>) {
        self.void();
        self.holds = self.holds.take().map(|_| Holds::default());
        let mut status = self.voter.status(self.rule, now);
        let own = status.node;
        status.members.iter_mut().filter(|member| member.node == own).for_each(|member| member.gone = true);
        let bytes = Message::Status(status).encode();
        out.extend(self.voter.reached().map(|to| ClientOut::Send { to, bytes: bytes.clone() }));
    }

    /// Lets time pass. Returns when it wants to be called again.
    pub fn tick(&mut self, now: u64, out: &mut Vec<ClientOut>) -> u64 {
        self.turn(now, out);
        self.expire(now, out);
        let late: Vec<_> =
            self.ways.iter().filter(|(_, way)| way.is_late(now)).map(|(node, _)| *node).collect();
        late.into_iter().for_each(|node| self.give_up(node, now));
        if now >= self.next_sweep {
            self.next_sweep = now + SWEEP;
            self.sweep(now);
            self.memory.sweep(now, SWEPT);
        }
        let nodes: Vec<_> = self.voter.reached().collect();
        nodes.into_iter().for_each(|node| self.flush(node, now, out));
        self.next(now)
    }

    /// How it stands.
    #[must_use]
    pub fn figures(&self) -> ClientFigures {
        ClientFigures {
            keys: self.keys.len() as u64,
            in_force: self.voter.in_force(),
            owners: self.voter.reached().count() as u64,
            ..self.figures
        }
    }

    fn next(&self, now: u64) -> u64 {
        let ways = self.ways.values().map(|way| way.next(now)).min().unwrap_or(u64::MAX);
        let waiting = self.deadlines.front().map_or(u64::MAX, |(deadline, _)| *deadline);
        let sweep = if self.keys.is_empty() { u64::MAX } else { self.next_sweep };
        // Also to see in time that a Rust node has fallen silent.
        let idle = now + self.config.timing.vote_ns / 2;
        let told = self.voter.reached().all(|node| !self.memory.has_rest(node));
        let telling = if told { u64::MAX } else { now + MS };
        self.voter.next(now).min(telling).min(ways).min(waiting).min(sweep).min(idle).max(now + 1)
    }

    fn state(&mut self, key: u128) -> &mut KeyState {
        self.keys.entry(key).or_insert_with(|| {
            self.round.push_back(key);
            KeyState::default()
        })
    }

    /// Votes anew if it is time to, and drops what was leased before.
    fn turn(&mut self, now: u64, out: &mut Vec<ClientOut>) {
        if !self.voter.turn(now) {
            return;
        }
        self.void();
        let waiting: Vec<u128> =
            self.keys.iter().filter(|(_, key)| !key.waiters.is_empty()).map(|(key, _)| *key).collect();
        self.greet(now, out);
        waiting.into_iter().for_each(|key| self.want(key, now, out));
    }

    /// Tells all Rust nodes of us. They poll us then, and the vote counts from that on.
    fn greet(&mut self, now: u64, out: &mut Vec<ClientOut>) {
        let status = Message::Status(self.voter.status(self.rule, now)).encode();
        out.extend(self.voter.reached().map(|to| ClientOut::Send { to, bytes: status.clone() }));
    }

    /// Drops all that is leased, and all asks that are under way. Slots stay held, and are to be reported anew.
    fn void(&mut self) {
        if !broken::is(Broken::VoidLots) {
            self.lots.clear();
        }
        self.memory.tell_anew();
        self.holds.iter_mut().for_each(Holds::doubt_all);
        self.ways.clear();
        self.keys.retain(|_, key| !key.waiters.is_empty());
        self.keys.values_mut().for_each(|key| (key.queued, key.back, key.refund) = (false, 0, 0));
        self.round.retain(|key| self.keys.contains_key(key));
    }

    /// Puts a key in the queue of its owner.
    fn want(&mut self, key: u128, now: u64, out: &mut Vec<ClientOut>) {
        let Some(owner) = self.owner(key) else { return };
        let Some(state) = self.keys.get_mut(&key) else { return };
        if !std::mem::replace(&mut state.queued, true) {
            self.ways.entry(owner).or_default().queue.push_back(key);
        }
        self.flush(owner, now, out);
    }

    fn owner(&self, key: u128) -> Option<NodeId> {
        let (node, _) = self.voter.view()?.0.owner(key)?;
        Some(node)
    }

    fn unqueue(&mut self, key: u128) {
        if let Some(state) = self.keys.get_mut(&key) {
            state.queued = false;
        }
    }

    /// Sends the next ask to a Rust node, if there is something to ask for and nothing under way.
    fn flush(&mut self, node: NodeId, now: u64, out: &mut Vec<ClientOut>) {
        let Some((view, digest)) = self.voter.view() else { return };
        let member = view.nodes().iter().find(|(member, _)| *member == node);
        let Some(owner) = member.map(|(_, owner)| *owner).filter(|owner| self.voter.reaches(node, *owner))
        else {
            return;
        };
        if let Some(holds) = &mut self.holds
            && let Some(report) = holds.report(node)
        {
            self.number += 1;
            let (incarnation, number, epoch) = (self.config.incarnation, self.number, self.voter.epoch());
            let report = Report { incarnation, number, owner, view: digest, epoch, held: report };
            out.push(ClientOut::Send { to: node, bytes: Message::Report(report).encode() });
        }
        self.tell(node, owner, digest, out, now);
        let Some(way) = self.ways.get_mut(&node) else { return };
        if way.in_flight.is_some() || way.closed_until > now || way.queue.is_empty() {
            return;
        }
        let keys = way.batch();
        self.number += 1;
        let wants: Vec<Want> = keys
            .iter()
            .filter_map(|key| {
                let state = self.keys.get_mut(key)?;
                Some(match &self.holds {
                    Some(holds) => holds.wish(*key, state),
                    None => wish(*key, state, &self.lots, now),
                })
            })
            .collect();
        way.in_flight = Some(InFlight { number: self.number, sent: now, owner, keys });
        self.figures.asks += 1;
        self.figures.wants += wants.len() as u64;
        let back = wants.iter().fold(0_u64, |sum, want| sum.saturating_add(want.back));
        self.figures.returned = self.figures.returned.saturating_add(back);
        let ask =
            Ask { incarnation: self.config.incarnation, number: self.number, owner, view: digest, wants };
        out.push(ClientOut::Send { to: node, bytes: Message::Ask(ask).encode() });
    }

    /// Tells an owner the next part of what it is to know of its keys.
    fn tell(&mut self, node: NodeId, owner: Incarnation, view: u64, out: &mut Vec<ClientOut>, now: u64) {
        if !self.memory.has_more(node) {
            return;
        }
        let lost = self.voter.lost(now);
        let voted = self.voter.view().map(|(view, _)| view);
        let owned = |key| voted.and_then(|view| view.owner(key)).is_some_and(|(owner, _)| owner == node);
        let Some(part) = self.memory.part(node, owned, lost, now) else { return };
        self.number += 1;
        let account = Account {
            incarnation: self.config.incarnation,
            number: self.number,
            owner,
            view,
            epoch: self.voter.epoch(),
            part: part.number,
            last: part.last,
            quiet_ns: part.quiet_ns,
            rule: self.memory.rule,
            known: part.known,
        };
        out.push(ClientOut::Send { to: node, bytes: Message::Account(account).encode() });
    }

    /// Whether the owner of a key has been out of reach for longer than a hit waits.
    fn is_lost(&self, key: u128, now: u64) -> bool {
        let since = match self.owner(key) {
            None => Some(self.started),
            Some(node) => self.ways.get(&node).and_then(|way| way.lost_since),
        };
        since.is_some_and(|since| now.saturating_sub(since) >= self.config.patience_ns)
    }

    /// Says that the owner is lost, and lets the next hits of the key do without us for a moment.
    fn answer_lost(&mut self, waiter: WaiterId, key: u128, now: u64, out: &mut Vec<ClientOut>) {
        self.figures.lost_hits += 1;
        if self.keys.contains_key(&key) || self.keys.len() < self.config.max_keys {
            self.state(key);
            self.lots.change(key, |lot| lot.lost_until = now + LOST_PAUSE);
        }
        out.push(ClientOut::Answer { waiter, taken: Taken::Lost });
    }

    /// Answers those that have waited for too long.
    fn expire(&mut self, now: u64, out: &mut Vec<ClientOut>) {
        while let Some((deadline, key)) = self.deadlines.front().copied() {
            if deadline > now {
                return;
            }
            self.deadlines.pop_front();
            let patience = self.config.patience_ns;
            while let Some(state) = self.keys.get_mut(&key)
                && let Some(waiter) = state.waiters.front().copied()
                && waiter.since.saturating_add(patience) <= now
            {
                state.waiters.pop_front();
                self.figures.waiting -= 1;
                self.answer_lost(waiter.id, key, now, out);
            }
        }
    }

    /// Gives back what is idle, tells what was spent, forgets what has ended.
    fn sweep(&mut self, now: u64) {
        for _ in 0..self.round.len().min(SWEPT) {
            let Some(key) = self.round.pop_front() else { return };
            let owner = self.owner(key);
            let Some(state) = self.keys.get_mut(&key) else { continue };
            let lot = self.lots.change(key, |lot| *lot);
            let leased = lot.tokens > 0 && lot.end > now;
            let denied = lot.denied_until > now || lot.lost_until > now;
            if !leased && !denied && !state.queued && state.waiters.is_empty() {
                self.keys.remove(&key);
                self.lots.remove(key);
                continue;
            }
            self.round.push_back(key);
            if lot.spent > 0 {
                state.active = now;
            }
            let idle = now.saturating_sub(state.active.max(state.asked_at)) >= IDLE;
            let late = now.saturating_sub(state.asked_at) >= REPORT;
            if leased && (idle || late) && !state.queued {
                if idle {
                    let back = self.lots.change(key, |lot| std::mem::take(&mut lot.tokens));
                    state.back = state.back.saturating_add(back);
                }
                if let Some(owner) = owner {
                    state.queued = true;
                    self.ways.entry(owner).or_default().queue.push_back(key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
