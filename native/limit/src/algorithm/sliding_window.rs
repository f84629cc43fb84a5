//! Two counters: the hits of this window, and those of the window before weighted by how much of it is still within a
//! period of now (J. Desgats, "How we built rate limiting capable of scaling to millions of domains", Cloudflare 2017).
//!
//! ```text
//! before * (end - now) / period + current + cost <= limit
//! ```
//!
//! Compared without division, so the estimate is exact; that the hits before were evenly spread is its assumption. The
//! state is the end of the window (40 bits, in milliseconds), the count before it and the count in it (20 bits each).
//! A hit whose clock lags behind the window counts into the window.

use crate::rule::MILLI;
use crate::table::{State, Step};
use crate::{CheckedRule, Verdict};

const COUNT_BITS: u32 = 20;
/// The largest limit.
pub(crate) const MAX_COUNT: u64 = (1 << COUNT_BITS) - 1;

#[derive(Clone, Copy)]
struct Windows {
    end: u64,
    before: u64,
    current: u64,
}

#[inline(always)]
pub(crate) fn decide(state: Option<State>, cost: u64, rule: &CheckedRule, now: u64) -> (Step, Verdict) {
    let windows = windows(state, rule, now);
    let left = room(windows, rule, now);
    if cost == 0 {
        return (Step::Keep, Verdict::allowed(rule.limit, left, reset(windows, rule, now)));
    }
    if cost > left {
        let retry = (cost <= rule.limit).then(|| retry(windows, cost, rule, now));
        return (Step::Keep, Verdict::denied(rule.limit, left, reset(windows, rule, now), retry));
    }
    let after = Windows { current: windows.current + cost, ..windows };
    (Step::Put(pack(after)), Verdict::allowed(rule.limit, left - cost, reset(after, rule, now)))
}

/// Takes `cost` off the count of the window that `now` lies in.
pub(crate) fn refund(state: State, cost: u64, rule: &CheckedRule, now: u64) -> Step {
    let windows = windows(Some(state), rule, now);
    if windows.current == 0 || now + rule.period_ns < windows.end {
        return Step::Keep;
    }
    Step::Put(pack(Windows { current: windows.current.saturating_sub(cost), ..windows }))
}

/// Both windows are out of every period that this limiter has had; `longest` is the longest of them.
pub(crate) fn idle(state: State, longest: u64, now: u64) -> bool {
    let Windows { end, before, current } = unpack(state);
    end.saturating_add(longest) <= now || (current == 0 && (before == 0 || end <= now))
}

/// A state from its parts: the end of the window, and the counts before it and in it.
pub(crate) const fn state(end: u64, before: u64, current: u64) -> State {
    pack(Windows { end, before, current })
}

/// The parts of a state, as it is now.
pub(crate) fn parts(state: Option<State>, rule: &CheckedRule, now: u64) -> (u64, u64, u64) {
    let Windows { end, before, current } = windows(state, rule, now);
    (end, before, current)
}

/// The windows as they are now.
fn windows(state: Option<State>, rule: &CheckedRule, now: u64) -> Windows {
    let start = now - now % rule.period_ns;
    let end = start + rule.period_ns;
    match state.map(unpack) {
        Some(kept) if kept.end > now => kept,
        // Kept windows of another period may end between two borders of this one: late is the safe side.
        Some(kept) if kept.end + rule.period_ns > start => Windows { end, before: kept.current, current: 0 },
        _ => Windows { end, before: 0, current: 0 },
    }
}

/// What the window before counts for now, in hits times the period.
fn weight(windows: Windows, rule: &CheckedRule, now: u64) -> u128 {
    u128::from(windows.before) * u128::from((windows.end - now).min(rule.period_ns))
}

/// The largest cost that is admitted.
fn room(windows: Windows, rule: &CheckedRule, now: u64) -> u64 {
    let weight = weight(windows, rule, now).div_ceil(u128::from(rule.period_ns)) as u64;
    rule.limit.saturating_sub(windows.current).saturating_sub(weight)
}

/// Nanoseconds until `cost`, which is at most the limit, is admitted.
fn retry(windows: Windows, cost: u64, rule: &CheckedRule, now: u64) -> u64 {
    // In this window, while the one before loses weight; or in the next, while this one does.
    let (counted, border, free) = match rule.limit.checked_sub(windows.current + cost) {
        Some(free) => (windows.before, windows.end, free),
        None => (windows.current, windows.end + rule.period_ns, rule.limit - cost),
    };
    let still = u128::from(free) * u128::from(rule.period_ns) / u128::from(counted.max(1));
    border.saturating_sub(still as u64).max(now) - now
}

/// Nanoseconds until nothing counts any more.
fn reset(windows: Windows, rule: &CheckedRule, now: u64) -> u64 {
    match windows {
        Windows { before: 0, current: 0, .. } => 0,
        Windows { end, current: 0, .. } => end - now,
        Windows { end, .. } => end + rule.period_ns - now,
    }
}

const fn pack(windows: Windows) -> State {
    let counts = windows.before << COUNT_BITS | windows.current;
    State::new(((windows.end / MILLI) as u128) << (2 * COUNT_BITS) | counts as u128)
}

const fn unpack(state: State) -> Windows {
    let bits = state.bits();
    let counts = bits as u64;
    Windows {
        end: (bits >> (2 * COUNT_BITS)) as u64 * MILLI,
        before: counts >> COUNT_BITS & MAX_COUNT,
        current: counts & MAX_COUNT,
    }
}
