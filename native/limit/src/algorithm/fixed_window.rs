//! Fixed windows: a counter that starts again at every multiple of the period since the limiter's epoch.
//!
//! The state is the end of the window (40 bits, in milliseconds: 34 years) and the count in it (40 bits). A window once
//! opened ends when it was to end, whatever rule comes then, so a change of the rule never forgets what was admitted.
//! A hit whose clock lags behind the window counts into the window. Up to twice the limit may pass around the border
//! of two windows: that is what fixed windows are.

use crate::rule::MILLI;
use crate::table::{State, Step};
use crate::{CheckedRule, Verdict};

const COUNT_BITS: u32 = 40;
/// The largest limit.
pub(crate) const MAX_COUNT: u64 = (1 << COUNT_BITS) - 1;

#[inline(always)]
pub(crate) fn decide(state: Option<State>, cost: u64, rule: &CheckedRule, now: u64) -> (Step, Verdict) {
    decide_until(state, cost, rule, now, end)
}

/// As [`decide`]; `end` says when a window ends that opens now.
#[inline(always)]
pub(super) fn decide_until(
    state: Option<State>,
    cost: u64,
    rule: &CheckedRule,
    now: u64,
    end: impl Fn(&CheckedRule, u64) -> u64,
) -> (Step, Verdict) {
    let (end, count) = match state.map(unpack) {
        Some((end, count)) if end > now && count > 0 => (end, count),
        _ => (end(rule, now), 0),
    };
    let left = rule.limit.saturating_sub(count);
    let reset = if count == 0 { 0 } else { end - now };
    if cost == 0 {
        return (Step::Keep, Verdict::allowed(rule.limit, left, reset));
    }
    if cost > left {
        let retry = (cost <= rule.limit).then_some(end - now);
        return (Step::Keep, Verdict::denied(rule.limit, left, reset, retry));
    }
    (Step::Put(pack(end, count + cost)), Verdict::allowed(rule.limit, left - cost, end - now))
}

/// Takes `cost` off the count of the window that `now` lies in.
pub(crate) fn refund(state: State, cost: u64, rule: &CheckedRule, now: u64) -> Step {
    refund_until(state, cost, now, now + rule.period_ns)
}

/// As [`refund`]; a window that ends after `last` is not of this time.
pub(super) fn refund_until(state: State, cost: u64, now: u64, last: u64) -> Step {
    let (end, count) = unpack(state);
    if idle(state, now) || last < end {
        return Step::Keep;
    }
    Step::Put(pack(end, count.saturating_sub(cost)))
}

/// The window is over, or nothing was counted in it.
pub(crate) fn idle(state: State, now: u64) -> bool {
    let (end, count) = unpack(state);
    end <= now || count == 0
}

/// The end of a window that opens now.
const fn end(rule: &CheckedRule, now: u64) -> u64 {
    now - now % rule.period_ns + rule.period_ns
}

const fn pack(end: u64, count: u64) -> State {
    State::new(((end / MILLI) as u128) << COUNT_BITS | count as u128)
}

const fn unpack(state: State) -> (u64, u64) {
    let bits = state.bits();
    ((bits >> COUNT_BITS) as u64 * MILLI, (bits as u64) & MAX_COUNT)
}
