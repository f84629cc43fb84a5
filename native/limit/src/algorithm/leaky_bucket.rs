//! The leaky bucket as a meter: J. Turner, "New directions in communications", IEEE Communications Magazine 24 (10),
//! 1986; as the continuous-state form of GCRA in ITU-T I.371 annex A, which shows that both decide alike.
//!
//! Every hit pours its cost in, the bucket leaks `limit` per period, and what would make it run over the burst is
//! denied. The level at a time is what the TAT of [`gcra`] is ahead of it, so the state is the same. What this form
//! adds is for callers who shape: how long what is in the bucket already takes to leak. Who waits for that before it
//! goes on leaves at an even rate.

use super::gcra;
use crate::table::{State, Step};
use crate::{CheckedRule, Verdict};

#[inline(always)]
pub(crate) fn decide(state: Option<State>, cost: u64, rule: &CheckedRule, now: u64) -> (Step, Verdict) {
    let (step, decision) = gcra::decide(state, cost, rule, now);
    let mut verdict = decision.verdict(rule);
    if let Step::Put(_) = step {
        verdict.delay_ns = gcra::decide(state, 0, rule, now).1.verdict(rule).reset_ns;
    }
    (step, verdict)
}
