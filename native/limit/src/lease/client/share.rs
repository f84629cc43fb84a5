//! A share of the limit for a node that no owner hears: `limit / electorate`, spent without asking.
//!
//! It begins empty when the owner has stopped counting on this node's vote, and trickles in. The owner keeps as much for it from then
//! on. In windows it begins a whole one later, and comes so slowly that no window has more than the share, wherever it begins.
//!
//! Limits: as many keys as are leased at most. Others are denied.

use std::collections::HashMap;

use super::super::clock::ANSWER;
use super::super::lots::Taken;
use super::super::wire::Given;
use super::Client;
use crate::lease::{LeaseKind, LeaseRule};

/// What was spent of shares: the time up to which each key's tokens are gone.
#[derive(Debug, Default)]
pub(super) struct Shares(HashMap<u128, u64>);

/// The rule of a share: a token each so many nanoseconds, at most so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Trickle {
    interval_ns: u64,
    burst: u64,
}

impl Trickle {
    fn of(rule: &LeaseRule, nodes: u64) -> Option<Self> {
        match rule.kind() {
            LeaseKind::Gcra => {
                let interval = u128::from(rule.period_ns()) * u128::from(nodes);
                let interval_ns = u64::try_from(interval.div_ceil(rule.limit().into())).ok()?;
                Some(Self { interval_ns, burst: rule.burst() / nodes }).filter(|share| share.burst > 0)
            }
            LeaseKind::FixedWindow => {
                // In a period: the burst, and one less than the tokens that come in it.
                let share = rule.limit() / nodes;
                let coming = share / 2 + 1;
                let interval_ns = rule.period_ns().div_ceil(coming);
                Some(Self { interval_ns, burst: share + 1 - coming }).filter(|_| share > 0)
            }
            LeaseKind::Slots | LeaseKind::SlidingWindow | LeaseKind::SlidingLog => None,
        }
    }
}

impl Client {
    /// Takes from this node's share of a key whose owner does not hear us. For hits that were answered by [`Taken::Lost`].
    pub fn share(&mut self, key: u128, cost: u64, now: u64) -> Taken {
        let again = Taken::Denied { retry_ns: self.config.timing.vote_ns };
        let (rule, nodes) = (self.memory.rule, u64::from(self.config.electorate.max(1)));
        let Some(unheard) = self.voter.unheard_since(key, now).filter(|_| self.config.shares) else {
            return again;
        };
        let Some(trickle) = Trickle::of(&rule, nodes).filter(|trickle| cost <= trickle.burst) else {
            return Taken::Denied { retry_ns: u64::MAX };
        };
        // The owner may be a little late in noticing.
        let wait = if rule.kind() == LeaseKind::FixedWindow { rule.period_ns() } else { 0 };
        let since = unheard.saturating_add(ANSWER).saturating_add(wait);
        if self.shares.0.len() >= self.config.max_keys && !self.shares.0.contains_key(&key) {
            self.shares.0.retain(|_, spent| *spent > now);
            if self.shares.0.len() >= self.config.max_keys {
                return again;
            }
        }
        let Trickle { interval_ns, burst } = trickle;
        let spent = self.shares.0.entry(key).or_default();
        let from = since.max(*spent).max(now.saturating_sub(burst.saturating_mul(interval_ns)));
        let after = from.saturating_add(cost.saturating_mul(interval_ns));
        if after > now {
            return Taken::Denied { retry_ns: after - now };
        }
        *spent = after;
        let remaining = (now - after) / interval_ns.max(1);
        // The next owner is to know: nothing is left that anybody can be sure of.
        if rule.kind() == LeaseKind::Gcra {
            let fills = u128::from(rule.period_ns()) * u128::from(rule.burst()) / u128::from(rule.limit());
            let reset_ns = u64::try_from(fills).unwrap_or(u64::MAX);
            let given = Given { key, reset_ns, ..Given::default() };
            self.memory.note(&given, now, self.config.timing.lease_ns);
        } else {
            self.memory.forget(now);
        }
        Taken::Allowed { cost, remaining, here: remaining, reset_ns: 0, refill: false }
    }
}
