//! What the owner counts of one key: tokens that are available, and tokens that nodes have leased.
//!
//! Tokens are counted in parts of 1 / period, so that a nanosecond brings `limit` parts and nothing is ever rounded. What has
//! been leased does not come back by time until it is reported as spent, is given back, or its lease has ended.
//!
//! Limits: slots are not counted in buckets; nobody asks for one of theirs.

use super::books::Present;
use super::clock::longer;
use super::wire::{Known, RESET};
use super::{LeaseKind, LeaseRule};

/// The owner's account of one key.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    /// Available, in parts of a token: 1 / period for GCRA, whole ones for windows.
    level: u128,
    /// When that was so, or in which window.
    at: u64,
    leases: Vec<Lease>,
}

/// Tokens that one client has.
#[derive(Clone, Copy, Debug)]
struct Lease {
    client: u32,
    tokens: u64,
    end: u64,
    /// It counts as somebody who shares the tokens for as long.
    active_until: u64,
}

/// How a bucket begins that was not counted before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Begin {
    /// Since then it would have been counted.
    pub(super) at: u64,
    /// What was spent before is known: nothing.
    pub(super) full: bool,
}

impl Bucket {
    /// The bucket of a key that nobody has asked for since `begin`.
    pub(super) fn new(rule: &LeaseRule, begin: Begin, phase: u64) -> Self {
        let (level, at) = match (rule.kind(), begin.full) {
            (LeaseKind::Gcra, full) => (if full { whole(rule) } else { 0 }, begin.at),
            (_, full) => (if full { u128::from(rule.limit()) } else { 0 }, window(rule, phase, begin.at)),
        };
        Self { level, at, leases: Vec::new() }
    }

    /// The bucket of a key of which app nodes know this, each with when it last heard so. All leases of before are over.
    ///
    /// The last one that got tokens knows what was left then, and from then on only those were spent that were leased. The others know of
    /// more tokens, or of less: so the least of all is no more than there is. `unknown`: somebody may have spent more than they know, until then.
    pub(super) fn known(
        rule: &LeaseRule,
        known: &[(Known, u64)],
        unknown: Option<Begin>,
        phase: u64,
        now: u64,
    ) -> Self {
        let fresh = Self::new(rule, unknown.unwrap_or(Begin { at: 0, full: true }), phase);
        let mut bucket = fresh;
        bucket.pass(rule, Present::ALL, phase, now);
        for (known, at) in known {
            match rule.kind() {
                LeaseKind::Gcra => {
                    let room = u128::from(rule.burst().saturating_sub(known.leased)) * part(rule);
                    let passed = u128::from(now.saturating_sub(*at)) * u128::from(rule.limit());
                    let level = (u128::from(known.left) * part(rule)).saturating_add(passed);
                    bucket.level = bucket.level.min(level.min(room));
                }
                _ if known.window > bucket.at => {
                    bucket.level = bucket.level.min(known.left.into());
                    bucket.at = known.window;
                }
                _ if known.window == bucket.at => bucket.level = bucket.level.min(known.left.into()),
                _ => {}
            }
        }
        bucket
    }

    /// Lets the time pass: leases end, tokens come back.
    pub(super) fn pass(&mut self, rule: &LeaseRule, present: Present, phase: u64, now: u64) {
        match rule.kind() {
            LeaseKind::Gcra => {
                // Tokens come back only into the room that the leases left while they lasted.
                let ended = self.leases.iter().map(|lease| lease.end).filter(|end| *end <= now).max();
                self.refill(rule, present, ended.unwrap_or(0));
                self.end_leases(now);
                self.refill(rule, present, now);
            }
            _ => {
                let current = window(rule, phase, now);
                if current > self.at {
                    (self.level, self.at) = (u128::from(reserve(rule, present)), current);
                }
                self.end_leases(now);
                let room = rule.limit().saturating_sub(self.leased());
                self.level = self.level.min(room.into());
            }
        }
    }

    fn end_leases(&mut self, now: u64) {
        self.leases.iter_mut().filter(|lease| lease.end <= now).for_each(|lease| lease.tokens = 0);
        self.leases.retain(|lease| lease.tokens > 0 || lease.active_until > now);
    }

    fn refill(&mut self, rule: &LeaseRule, present: Present, now: u64) {
        let room = self.room(rule, present);
        let passed = u128::from(now.saturating_sub(self.at));
        let Present { here, of } = present;
        let came = passed.saturating_mul(rule.limit().into());
        let came = if here == of { came } else { came / u128::from(of) * u128::from(here) };
        self.level = self.level.saturating_add(came).min(room);
        self.at = self.at.max(now);
    }

    /// What may be available: not what is leased, nor the share of nodes that are not heard.
    fn room(&self, rule: &LeaseRule, present: Present) -> u128 {
        let whole = u128::from(reserve(rule, present)) * part(rule);
        whole.saturating_sub(u128::from(self.leased()) * part(rule))
    }

    /// Tokens that were spent come back; all of them for a [`RESET`].
    pub(super) fn refund(&mut self, rule: &LeaseRule, tokens: u64, present: Present) {
        let room = self.room(rule, present);
        let more = if tokens == RESET { room } else { u128::from(tokens) * part(rule) };
        self.level = self.level.max(self.level.saturating_add(more).min(room));
    }

    /// Of windows: which one it is.
    pub(super) fn window(&self) -> u64 {
        self.at
    }

    /// What all clients have.
    pub(super) fn leased(&self) -> u64 {
        self.leases.iter().fold(0, |sum, lease| sum.saturating_add(lease.tokens))
    }

    /// Goes over to another rule.
    pub(super) fn change_rule(
        &mut self,
        old: &LeaseRule,
        new: &LeaseRule,
        present: Present,
        phase: u64,
        now: u64,
    ) {
        self.pass(old, present, phase, now);
        let room = new.burst().saturating_sub(self.leased());
        let tokens = if old.kind() == new.kind() { self.available(old).min(room) } else { 0 };
        self.level = u128::from(tokens) * part(new);
        self.at = match new.kind() {
            LeaseKind::Gcra => now,
            _ => window(new, phase, now),
        };
    }

    /// Tokens that can be given out. As all that follow: after [`Bucket::pass`].
    pub(super) fn available(&self, rule: &LeaseRule) -> u64 {
        u64::try_from(self.level / part(rule)).unwrap_or(u64::MAX)
    }

    /// A client says what it has left and gives back. Returns what it really has.
    pub(super) fn settle(&mut self, rule: &LeaseRule, client: u32, held: u64, back: u64) -> u64 {
        let Some(lease) = self.leases.iter_mut().find(|lease| lease.client == client) else { return 0 };
        let held = held.min(lease.tokens);
        let back = back.min(lease.tokens - held);
        lease.tokens = held;
        self.level += u128::from(back) * part(rule);
        held
    }

    /// Hands tokens to a client, at most those that are available. All that it has holds until `end`.
    pub(super) fn lease(&mut self, rule: &LeaseRule, client: u32, tokens: u64, end: u64, active_until: u64) {
        let tokens = tokens.min(self.available(rule));
        self.level -= u128::from(tokens) * part(rule);
        match self.leases.iter_mut().find(|lease| lease.client == client) {
            Some(lease) => {
                lease.tokens += tokens;
                (lease.end, lease.active_until) = (end, active_until);
            }
            None => self.leases.push(Lease { client, tokens, end, active_until }),
        }
    }

    /// Clients among which the tokens are shared, this one being one of them.
    pub(super) fn sharers_with(&self, client: u32) -> u64 {
        let other = |lease: &&Lease| lease.client != client;
        self.leases.iter().filter(other).count() as u64 + 1
    }

    /// When a lease that begins now has to end.
    pub(super) fn end(rule: &LeaseRule, phase: u64, now: u64, lease_ns: u64) -> u64 {
        let end = now.saturating_add(lease_ns);
        match rule.kind() {
            LeaseKind::Gcra => end,
            _ => end.min(window_end(rule, phase, now)),
        }
    }

    /// How long until `tokens` will be there if nobody else takes any; the most that is certain while others hold leases.
    pub(super) fn wait(&self, rule: &LeaseRule, present: Present, phase: u64, now: u64, tokens: u64) -> u64 {
        if tokens > rule.burst() {
            return u64::MAX;
        }
        match rule.kind() {
            LeaseKind::Gcra => {
                let missing = (u128::from(tokens) * part(rule)).saturating_sub(self.level);
                let Present { here, of } = present;
                let wait = missing
                    .saturating_mul(of.into())
                    .div_ceil(u128::from(rule.limit()) * u128::from(here.max(1)));
                u64::try_from(wait).unwrap_or(u64::MAX - 1).max(1)
            }
            _ => window_end(rule, phase, now) - now,
        }
    }

    /// Until it is full again, all that is leased being spent.
    pub(super) fn reset(&self, rule: &LeaseRule, phase: u64, now: u64) -> u64 {
        match rule.kind() {
            LeaseKind::Gcra => {
                let missing = whole(rule).saturating_sub(self.level);
                u64::try_from(missing.div_ceil(u128::from(rule.limit()))).unwrap_or(u64::MAX)
            }
            _ => window_end(rule, phase, now) - now,
        }
    }

    /// Whether a new bucket would be the same.
    pub(super) fn idle(
        &self,
        rule: &LeaseRule,
        begin: Begin,
        present: Present,
        phase: u64,
        now: u64,
    ) -> bool {
        let mut fresh = Self::new(rule, begin, phase);
        fresh.pass(rule, present, phase, now);
        self.leases.is_empty() && self.level >= fresh.level
    }
}

/// The most tokens there are, but for the share of nodes that are not heard.
fn reserve(rule: &LeaseRule, present: Present) -> u64 {
    let Present { here, of } = present;
    let kept = (u128::from(rule.burst()) * u128::from(of.saturating_sub(here))).div_ceil(of.max(1).into());
    rule.burst() - u64::try_from(kept).unwrap_or(u64::MAX).min(rule.burst())
}

/// A full bucket.
fn whole(rule: &LeaseRule) -> u128 {
    u128::from(rule.burst()) * part(rule)
}

/// Parts of a token.
fn part(rule: &LeaseRule) -> u128 {
    match rule.kind() {
        LeaseKind::Gcra => rule.period_ns().into(),
        _ => 1,
    }
}

/// `phase`: what the wall clock is ahead of `now`, so that windows are those of the wall clock.
pub(super) fn window(rule: &LeaseRule, phase: u64, now: u64) -> u64 {
    now.saturating_add(phase) / rule.period_ns()
}

fn window_end(rule: &LeaseRule, phase: u64, now: u64) -> u64 {
    let next = u128::from(window(rule, phase, now) + 1) * u128::from(rule.period_ns());
    u64::try_from(next.saturating_sub(u128::from(phase))).unwrap_or(u64::MAX).max(now + 1)
}

/// For how long a client that has asked counts as a sharer.
pub(super) fn active(now: u64, lease_ns: u64) -> u64 {
    now.saturating_add(longer(lease_ns / 4))
}
