//! A key's own windows: a counter that starts again with the first hit after the period that an earlier hit has opened.
//!
//! All but the end of a new window is as with [fixed windows](super::fixed_window): that is a period from now, to the
//! millisecond above. So the windows of different keys do not end all at once, and nobody can know where the border is
//! but by having hit. Up to twice the limit may still pass around it.

use super::fixed_window;
use crate::rule::MILLI;
use crate::table::{State, Step};
use crate::{CheckedRule, Verdict};

pub(crate) use super::fixed_window::idle;

#[inline(always)]
pub(crate) fn decide(state: Option<State>, cost: u64, rule: &CheckedRule, now: u64) -> (Step, Verdict) {
    fixed_window::decide_until(state, cost, rule, now, end)
}

/// Takes `cost` off the count of the window that `now` lies in.
pub(crate) fn refund(state: State, cost: u64, rule: &CheckedRule, now: u64) -> Step {
    fixed_window::refund_until(state, cost, now, end(rule, now))
}

/// The end of a window that opens now.
const fn end(rule: &CheckedRule, now: u64) -> u64 {
    (now + rule.period_ns).next_multiple_of(MILLI)
}
