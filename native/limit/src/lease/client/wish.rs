//! What a client wants of one key, and when a way has to be looked at.

use super::config::{HORIZON, REPORT};
use crate::lease::asks::{KeyState, Way};
use crate::lease::clock::{ANSWER, MS};
use crate::lease::lots::Lots;
use crate::lease::wire::Want;

/// What to ask for: what waits, and what will be spent soon if it goes on as it did since the last time.
pub(super) fn wish(key: u128, state: &mut KeyState, lots: &Lots, now: u64) -> Want {
    let (least, need) = state.need();
    let (mut held, spent) = lots.change(key, |lot| {
        lot.told = true;
        if lot.end <= now {
            lot.tokens = 0;
        }
        (lot.tokens, std::mem::take(&mut lot.spent))
    });
    let passed = now.saturating_sub(state.asked_at).max(MS);
    let soon = u128::from(spent.saturating_add(need)) * u128::from(HORIZON) / u128::from(passed);
    let known = state.asked_at > 0 && passed < REPORT * 2;
    let want = if known { u64::try_from(soon).unwrap_or(u64::MAX).max(need) } else { need };
    // Much more than it can use is better off at the owner.
    let surplus = held.saturating_sub(want.saturating_mul(2).max(1));
    if surplus > 0 {
        let taken = lots.change(key, |lot| {
            let taken = surplus.min(lot.tokens);
            lot.tokens -= taken;
            taken
        });
        state.back = state.back.saturating_add(taken);
        held -= taken;
    }
    if spent > 0 {
        state.active = now;
    }
    let refund = std::mem::take(&mut state.refund);
    (state.asked_at, state.wanted, state.least) = (now, want, least);
    Want { key, held, back: std::mem::take(&mut state.back), least, need, want, refund }
}

impl Way {
    pub(super) fn is_late(&self, now: u64) -> bool {
        self.in_flight.as_ref().is_some_and(|ask| now >= ask.sent + ANSWER)
    }

    pub(super) fn next(&self, now: u64) -> u64 {
        match &self.in_flight {
            Some(ask) => ask.sent + ANSWER,
            None if !self.queue.is_empty() => self.closed_until.max(now + MS),
            None => u64::MAX,
        }
    }
}
