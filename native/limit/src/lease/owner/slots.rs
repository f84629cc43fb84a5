//! Slots: handed out as long as fewer are held than the limit, once it is known which are.

use super::super::term::learn::Word;
use super::super::wire::{Ask, Given, Grant, Message, REPORT_FIRST, Report};
use super::super::{LeaseKind, NodeId};
use super::{Owner, OwnerOut, Peer};

impl Owner {
    /// A node says all that it holds.
    pub(super) fn report(&mut self, from: Peer, report: &Report) {
        let own = self.config.incarnation;
        let Some(client) = self.peers.get_mut(&from) else { return };
        if client.incarnation != report.incarnation || report.number <= client.last_ask || report.owner != own
        {
            return;
        }
        client.last_ask = report.number;
        let Report { incarnation, epoch, view, .. } = *report;
        self.tenants.report(client.node, Word { incarnation, epoch, view }, &report.held);
    }

    /// A node asks for slots, or has released some.
    pub(super) fn ask_slots(
        &mut self,
        from: Peer,
        node: NodeId,
        ask: &Ask,
        now: u64,
        out: &mut Vec<OwnerOut>,
    ) {
        let own = self.config.incarnation;
        let word = self.tenants.word(node);
        let reported = word.is_some_and(|word| word.incarnation == ask.incarnation && word.view == ask.view);
        if reported {
            // What is released is free at once, also while nothing is granted.
            for want in &ask.wants {
                self.tenants.note(node, want.key, want.held);
            }
            self.tenants.expire(now);
        }
        let mut grant = Grant { incarnation: own, number: ask.number, closed_ns: 0, given: Vec::new() };
        let learnt = self.has_learnt(now);
        match (self.terms.grants(node, ask.view, now), self.rule) {
            _ if !reported => grant.closed_ns = REPORT_FIRST,
            (Ok(view), Some(rule)) if learnt && rule.kind() == LeaseKind::Slots => {
                let ours = |key: u128| view.owner(key) == Some((self.config.node, own));
                for want in ask.wants.iter().filter(|want| ours(want.key)) {
                    let [least, need] = [want.least, want.need].map(|slots| slots.saturating_sub(want.held));
                    let free = rule.limit().saturating_sub(self.tenants.used(want.key));
                    let mut granted = if least <= free { need.min(free) } else { 0 };
                    if granted > 0 && !self.tenants.note(node, want.key, want.held.saturating_add(granted)) {
                        granted = 0;
                    }
                    let (key, held, left) = (want.key, want.held, free - granted);
                    grant.given.push(Given { key, held, granted, left, ..Given::default() });
                    self.figures.granted = self.figures.granted.saturating_add(granted);
                }
                self.figures.asks += 1;
            }
            (refused, _) => {
                let soon = self.config.timing.poll_ns / Self::SOON_PARTS;
                grant.closed_ns = refused.err().unwrap_or(soon).max(1);
                self.figures.closed += 1;
            }
        }
        out.push(OwnerOut { to: from, bytes: Message::Grant(grant).encode() });
    }

    /// Whether all is known that may be held of our keys. Once it is, that stays so for the term.
    fn has_learnt(&mut self, now: u64) -> bool {
        let term = self.terms.open_term();
        if term.is_some()
            && term != self.learnt
            && self.terms.has_heard_all(|node| self.tenants.word(node), now)
        {
            self.learnt = term;
        }
        term.is_some() && term == self.learnt
    }
}
