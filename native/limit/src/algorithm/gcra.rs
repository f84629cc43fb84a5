//! GCRA, the generic cell rate algorithm, as virtual scheduling: ITU-T I.371 annex A, ATM Forum TM 4.0 section 4.4.2.
//!
//! The state is the *theoretical arrival time* (TAT): when the key is as new again. A hit of cost c moves it by c
//! intervals, and is admitted if it then is at most a whole burst away from now:
//!
//! ```text
//! max(TAT, now) + c * interval - now <= burst * interval
//! ```
//!
//! This is a token bucket of `burst` tokens, full at the start, that gains `limit` tokens per period continuously; the
//! tests compare it with one that counts in fractions. 60 bits are nanoseconds and 20 the numerator of a fraction
//! ([`Span`]). Under another rule than the one before a fraction may mean another part of one nanosecond.

use crate::span::{FRACTION_BITS, Span};
use crate::table::{State, Step};
use crate::{CheckedRule, Outcome, Verdict};

#[inline(always)]
pub(crate) fn decide(state: Option<State>, cost: u64, rule: &CheckedRule, now: u64) -> (Step, Decision) {
    let used = used(state, rule, now);
    if cost == 0 {
        return (Step::Keep, Decision { used, outcome: Outcome::Allowed, retry: Some(0) });
    }
    let deny = |retry| (Step::Keep, Decision { used, outcome: Outcome::Denied, retry });
    if cost > rule.capacity {
        return deny(None);
    }
    let after = rule.scale.add(used, rule.span(cost));
    if after > rule.tolerance {
        return deny(Some(rule.scale.sub(after, rule.tolerance).ceil()));
    }
    (Step::Put(pack(after, now)), Decision { used: after, outcome: Outcome::Allowed, retry: Some(0) })
}

/// What was decided, and of what the verdict is made when the state has been written: its division then runs beside the
/// swap, which takes as long, and not before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decision {
    used: Span,
    outcome: Outcome,
    retry: Option<u64>,
}

impl Decision {
    #[inline(always)]
    pub(crate) fn verdict(self, rule: &CheckedRule) -> Verdict {
        let Self { used, outcome, retry } = self;
        let allowed = Verdict::allowed(rule.limit, room(rule, used), used.ceil());
        Verdict { outcome, retry_after_ns: retry, ..allowed }
    }
}

/// Moves the TAT back by `cost` intervals, at most to now.
pub(crate) fn refund(state: State, cost: u64, rule: &CheckedRule, now: u64) -> Step {
    let used = used(Some(state), rule, now);
    let back = rule.scale.units(rule.interval).saturating_mul(u128::from(cost));
    let left = rule.scale.span(rule.scale.units(used).saturating_sub(back));
    if used == left { Step::Keep } else { Step::Put(pack(left, now)) }
}

/// The TAT has passed: the bucket is full.
pub(crate) fn idle(state: State, now: u64) -> bool {
    unpack(state).ceil() <= now
}

/// How many hits of cost 1 there is room for.
#[inline]
fn room(rule: &CheckedRule, used: Span) -> u64 {
    rule.scale.quotient(rule.tolerance, used, rule.interval)
}

/// How far the TAT is ahead of now, with a fraction that this rule's denominator allows.
#[inline]
fn used(state: Option<State>, rule: &CheckedRule, now: u64) -> Span {
    let arrival = state.map_or(Span::default(), unpack);
    match arrival.ns.checked_sub(now) {
        None => Span::default(),
        Some(ns) if arrival.fraction < rule.scale.0 => Span { ns, fraction: arrival.fraction },
        Some(ns) => Span { ns: ns + 1, fraction: 0 },
    }
}

/// The TAT that is so far ahead of now.
const fn pack(ahead: Span, now: u64) -> State {
    State::new(((now + ahead.ns) as u128) << FRACTION_BITS | ahead.fraction as u128)
}

const fn unpack(state: State) -> Span {
    let bits = state.bits();
    Span { ns: (bits >> FRACTION_BITS) as u64, fraction: (bits as u32) & ((1 << FRACTION_BITS) - 1) }
}
