//! The Rust node's end of one limiter: counts votes and, while it has the majority, hands out tokens of the keys that it owns.
//!
//! [`Owner::receive`] takes what an app node sent, [`Owner::tick`] lets time pass. Both push what is to be sent into the caller's
//! list. An app node that wants to be polled sends a status.
//!
//! Limits: [`Bounds`].

mod slots;

use std::collections::HashMap;

use super::books::{Asker, Books, Present};
use super::bucket::Begin;
use super::clock::Timing;
use super::reports::{Heard, Reports};
use super::tenants::Tenants;
use super::term::{Terms, Turn};
use super::wire::{Account, Ask, Free, Grant, Message, Poll, Status};
use super::{Incarnation, LeaseError, LeaseKind, LeaseRule, NodeId};

/// Who is at the other end of a way, as the carrier counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer(pub u64);

/// Bytes for a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerOut {
    /// For whom.
    pub to: Peer,
    /// A message.
    pub bytes: Vec<u8>,
}

/// The most that an owner keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// App nodes of one limiter.
    pub peers: usize,
    /// Keys that are counted.
    pub keys: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { peers: 1_024, keys: 1_000_000 }
    }
}

/// What an owner is told about itself.
#[derive(Clone, Copy, Debug)]
pub struct OwnerConfig {
    /// Its node.
    pub node: NodeId,
    /// A new random number with each start.
    pub incarnation: Incarnation,
    /// What the wall clock is ahead of the clock of `now`: windows are those of the wall clock.
    pub phase_ns: u64,
    /// How long things last.
    pub timing: Timing,
    /// The most that is kept.
    pub bounds: Bounds,
}

/// What an owner has done so far, and how it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnerFigures {
    /// Asks answered.
    pub asks: u64,
    /// Asks that came while it granted nothing.
    pub closed: u64,
    /// Tokens granted.
    pub granted: u64,
    /// Wants refused since there was no room for one more key.
    pub full: u64,
    /// Keys counted now.
    pub keys: u64,
    /// App nodes connected.
    pub peers: u64,
    /// Terms begun.
    pub terms: u64,
    /// Whether it grants now.
    pub open: bool,
}

#[derive(Clone, Debug)]
struct Client {
    node: NodeId,
    incarnation: Incarnation,
    /// Its short name in the books, for this incarnation only.
    index: u32,
    last_ask: u64,
    rule: LeaseRule,
}

/// The owner of a limiter's keys, or one that would be.
#[derive(Debug)]
pub struct Owner {
    config: OwnerConfig,
    terms: Terms,
    books: Books,
    tenants: Tenants,
    reports: Reports,
    /// The term in which all has been heard of the slots that are held.
    learnt: Option<(u64, u64)>,
    peers: HashMap<Peer, Client>,
    rule: Option<LeaseRule>,
    next_index: u32,
    next_poll: u64,
    figures: OwnerFigures,
}

impl Owner {
    /// Between two polls that news cause.
    const SOON_PARTS: u64 = 8;

    /// An owner that nobody votes for yet.
    #[must_use]
    pub fn new(config: OwnerConfig) -> Self {
        Self {
            terms: Terms::new(config.node, config.incarnation, config.timing),
            books: Books::new(config.bounds.keys, config.phase_ns),
            tenants: Tenants::new(config.bounds.keys),
            reports: Reports::new(config.bounds.keys),
            learnt: None,
            peers: HashMap::new(),
            rule: None,
            next_index: 0,
            next_poll: 0,
            figures: OwnerFigures::default(),
            config,
        }
    }

    /// Takes a message of a peer.
    ///
    /// # Errors
    /// The peer sent something else than a message of ours, or is one too many.
    pub fn receive(
        &mut self,
        from: Peer,
        bytes: &[u8],
        now: u64,
        out: &mut Vec<OwnerOut>,
    ) -> Result<(), LeaseError> {
        match Message::decode(bytes)? {
            Message::Status(status) => self.status(from, &status, now, out),
            Message::Ask(ask) => {
                self.ask(from, &ask, now, out);
                Ok(())
            }
            Message::Report(report) => {
                self.report(from, &report);
                Ok(())
            }
            Message::Account(account) => {
                self.account(from, &account, now);
                Ok(())
            }
            Message::Poll(_) | Message::Grant(_) | Message::Free(_) => Err(LeaseError::Malformed),
        }
    }

    /// A peer is gone. What it has leased runs out, and the slots that it holds are free as much later.
    pub fn peer_down(&mut self, peer: Peer, now: u64) {
        let Some(gone) = self.peers.remove(&peer) else { return };
        if !self.peers.values().any(|client| client.node == gone.node) {
            self.tenants.gone(gone.node, now + self.config.timing.lease_ns);
        }
    }

    /// The smallest rule that a node which is here wants. The last one is kept while nobody is.
    fn agree(&mut self, now: u64) {
        let Some(rule) = self.peers.values().map(|client| client.rule).reduce(LeaseRule::smaller) else {
            return;
        };
        if let Some(old) = self.rule.replace(rule).filter(|old| *old != rule) {
            self.books.change_rule(&old, &rule, now);
        }
    }

    /// Lets time pass. Returns when it wants to be called again.
    pub fn tick(&mut self, now: u64, out: &mut Vec<OwnerOut>) -> u64 {
        self.agree(now);
        self.count(now);
        if now >= self.next_poll {
            self.poll(now, out);
            self.tenants.expire(now);
            if let Some(rule) = self.rule {
                self.books.sweep(&rule, now, 256);
            }
        }
        self.next_poll.min(self.terms.next_end().filter(|end| *end > now).unwrap_or(u64::MAX))
    }

    /// How it stands.
    #[must_use]
    pub fn figures(&self) -> OwnerFigures {
        OwnerFigures {
            full: self.books.refused + self.tenants.refused,
            keys: (self.books.len() + self.tenants.keys()) as u64,
            peers: self.peers.len() as u64,
            open: self.terms.in_force().is_some(),
            ..self.figures
        }
    }

    fn status(
        &mut self,
        from: Peer,
        status: &Status,
        now: u64,
        out: &mut Vec<OwnerOut>,
    ) -> Result<(), LeaseError> {
        let fresh = self.peers.get(&from).is_none_or(|client| client.incarnation != status.incarnation);
        if fresh {
            if self.peers.len() >= self.config.bounds.peers && !self.peers.contains_key(&from) {
                return Err(LeaseError::TooManyPeers);
            }
            let (node, incarnation) = (status.node, status.incarnation);
            let client = Client { node, incarnation, index: self.next_index, last_ask: 0, rule: status.rule };
            self.next_index = self.next_index.wrapping_add(1);
            self.peers.insert(from, client);
            self.tenants.came(node, incarnation);
        }
        if status.says_goodbye() {
            self.tenants.forget(status.node);
        }
        if let Some(client) = self.peers.get_mut(&from) {
            client.rule = status.rule;
        }
        self.agree(now);
        let news = self.terms.status(status, now);
        let before = self.terms.in_force().is_some();
        self.count(now);
        if news || status.answers == 0 || self.terms.in_force().is_some() != before {
            // Soon, and not at once: at a start everybody has news.
            self.next_poll = self.next_poll.min(now + self.config.timing.poll_ns / Self::SOON_PARTS);
        }
        if fresh {
            self.poll(now, out);
        }
        Ok(())
    }

    fn poll(&mut self, now: u64, out: &mut Vec<OwnerOut>) {
        self.next_poll = now + self.config.timing.poll_ns;
        let (view, votes) = self.terms.leading(now);
        let poll = Message::Poll(Poll {
            node: self.config.node,
            incarnation: self.config.incarnation,
            number: self.terms.poll(now),
            electorate: u32::try_from(self.terms.electorate(now)).unwrap_or(u32::MAX),
            rule: self.rule,
            in_force: self.terms.in_force() == Some(&view),
            view,
            votes,
            members: self.terms.members(now),
        });
        let bytes = poll.encode();
        out.extend(self.peers.keys().map(|to| OwnerOut { to: *to, bytes: bytes.clone() }));
    }

    fn count(&mut self, now: u64) {
        let reports = &self.reports;
        if let Turn::Open { reported } = self.terms.count(|node| reports.word(node), now) {
            self.figures.terms += 1;
            let unknown = (Begin { at: now, full: false }, Heard::new());
            let (begin, heard) = match reported {
                true => self.reports.close(self.rule, self.terms.lost(), now),
                false => unknown,
            };
            self.reports.clear();
            self.books.open(self.rule.as_ref(), begin, heard, now);
        }
        if let Some(rule) = self.rule.filter(LeaseRule::is_leased) {
            self.books.hear(&rule, self.terms.present(now).unwrap_or(Present::ALL), now);
        }
    }

    /// A node says what it knows of keys.
    fn account(&mut self, from: Peer, account: &Account, now: u64) {
        let Some(client) = self.peers.get_mut(&from) else { return };
        let own = self.config.incarnation;
        if client.incarnation != account.incarnation
            || account.number <= client.last_ask
            || account.owner != own
        {
            return;
        }
        client.last_ask = account.number;
        if self.terms.can_learn(account.view) {
            self.reports.take(client.node, account, now);
        }
        self.count(now);
    }

    fn ask(&mut self, from: Peer, ask: &Ask, now: u64, out: &mut Vec<OwnerOut>) {
        self.count(now);
        let (own, lease_ns) = (self.config.incarnation, self.config.timing.lease_ns);
        let Some(client) = self.peers.get_mut(&from) else { return };
        // A late one of an earlier run, one that was overtaken, or one for an earlier run of ours.
        if client.incarnation != ask.incarnation || ask.number <= client.last_ask || ask.owner != own {
            return;
        }
        client.last_ask = ask.number;
        if client.rule.kind() == LeaseKind::Slots
            || self.rule.is_some_and(|rule| rule.kind() == LeaseKind::Slots)
        {
            let node = client.node;
            return self.ask_slots(from, node, ask, now, out);
        }
        let mut free = Vec::new();
        let mut grant = Grant { incarnation: own, number: ask.number, closed_ns: 0, given: Vec::new() };
        match (self.terms.grants(client.node, ask.view, now), self.rule) {
            (Ok(view), Some(rule)) => {
                let ours =
                    ask.wants.iter().filter(|want| view.owner(want.key) == Some((self.config.node, own)));
                let asker = Asker { client: client.index, now, lease_ns };
                for want in ours {
                    let (given, freed) = self.books.serve(&rule, asker, want);
                    grant.given.push(given);
                    free.extend(freed.then_some(want.key));
                }
                self.figures.asks += 1;
                let granted = grant.given.iter().fold(0_u64, |sum, given| sum.saturating_add(given.granted));
                self.figures.granted = self.figures.granted.saturating_add(granted);
            }
            (Err(closed_ns), _) => {
                grant.closed_ns = closed_ns.max(1);
                self.figures.closed += 1;
            }
            (Ok(_), None) => return,
        }
        out.push(OwnerOut { to: from, bytes: Message::Grant(grant).encode() });
        if !free.is_empty() {
            let bytes = Message::Free(Free { incarnation: own, keys: free }).encode();
            let others = self.peers.keys().filter(|peer| **peer != from);
            out.extend(others.map(|to| OwnerOut { to: *to, bytes: bytes.clone() }));
        }
    }
}
