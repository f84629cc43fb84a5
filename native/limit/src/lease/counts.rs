//! What the owner counts of a key that is not leased: hits one by one, with the engine's own algorithms.
//!
//! Limits: a key's log has at most as many entries as its limit.

use super::bucket::Begin;
use super::wire::Known;
use crate::algorithm::sliding_window;
use crate::log::{At, Entries};
use crate::table::{State, Step};
use crate::{CheckedRule, Verdict};

/// Windows begin where those of the wall clock do if their period divides a week.
const WEEK: u64 = 7 * 86_400 * 1_000_000_000;
const MILLI: u64 = 1_000_000;

/// The owner's account of one key.
#[derive(Debug)]
pub(super) enum Counts {
    Windows(Option<State>),
    Log(Entries),
}

impl Counts {
    /// The account of a key that nobody has asked for since `begin`: what may have been spent before counts as all of it.
    pub(super) fn new(rule: &CheckedRule, begin: Begin, phase: u64) -> Self {
        let all = if begin.full { 0 } else { rule.limit };
        if rule.algorithm == crate::Algorithm::SlidingWindow {
            let at = begin.at.saturating_add(phase % WEEK);
            let end = at - at % rule.period_ns + rule.period_ns;
            return Self::Windows((all > 0).then(|| sliding_window::state(end, all, all)));
        }
        let mut entries = Entries::default();
        if all > 0 {
            entries.push(all, begin.at);
        }
        Self::Log(entries)
    }

    /// As app nodes know it, each with when it last heard so: the most that any of them has heard of. `unknown`: somebody may have spent more than
    /// they know, until then, which is as if one had heard then that all is gone.
    pub(super) fn known(
        rule: &CheckedRule,
        mut known: Vec<(Known, u64)>,
        unknown: Option<Begin>,
        phase: u64,
    ) -> Self {
        if let Some(begin) = unknown {
            let (left, leased, window) = Self::new(rule, begin, phase).tell(rule, phase, begin.at);
            known.push((Known { left, leased, window, ..Known::default() }, begin.at));
        }
        let at = known.iter().map(|(_, at)| *at).max().unwrap_or(0);
        let known = || known.iter().map(|(known, _)| known);
        let current = |known: &Known| rule.limit.saturating_sub(known.left);
        if rule.algorithm == crate::Algorithm::SlidingWindow {
            let window = known().map(|known| known.window).max().unwrap_or(0);
            let of_last = || known().filter(|known| known.window == window);
            let of_others = known().filter(|known| known.window != window);
            let before = of_last().map(|known| known.leased).chain(of_others.map(current)).max();
            let end = window.saturating_mul(MILLI).saturating_sub(phase - phase % WEEK);
            let count = of_last().map(current).max().unwrap_or(0);
            let before = before.unwrap_or(0).min(rule.limit);
            return Self::Windows(Some(sliding_window::state(end, before, count)));
        }
        let mut entries = Entries::default();
        match known().map(current).max() {
            Some(used) if used > 0 => entries.push(used, at),
            _ => {}
        }
        Self::Log(entries)
    }

    /// Takes `cost` if it is there.
    pub(super) fn take(&mut self, rule: &CheckedRule, cost: u64, phase: u64, now: u64) -> Verdict {
        match self {
            Self::Windows(state) => {
                let (step, verdict) = sliding_window::decide(*state, cost, rule, now + phase % WEEK);
                *state = after(*state, step);
                verdict
            }
            Self::Log(entries) => {
                let at = at(rule, entries, now);
                let verdict = entries.decide(cost, at);
                if cost > 0 && verdict.is_allowed() {
                    entries.forget(at);
                    entries.push(cost, at.now);
                }
                verdict
            }
        }
    }

    /// How long until `cost` is there, if nobody else takes any; [`u64::MAX`] for never.
    pub(super) fn retry(&self, rule: &CheckedRule, cost: u64, phase: u64, now: u64) -> u64 {
        let verdict = match self {
            Self::Windows(state) => sliding_window::decide(*state, cost, rule, now + phase % WEEK).1,
            Self::Log(entries) => entries.decide(cost, at(rule, entries, now)),
        };
        verdict.retry_after_ns.unwrap_or(u64::MAX)
    }

    /// Gives back what was taken, as far as it counts in this window or period.
    pub(super) fn refund(&mut self, rule: &CheckedRule, cost: u64, phase: u64, now: u64) {
        match self {
            Self::Windows(Some(known)) => {
                let step = sliding_window::refund(*known, cost, rule, now + phase % WEEK);
                *self = Self::Windows(after(Some(*known), step));
            }
            Self::Windows(None) => {}
            Self::Log(entries) => entries.refund_oldest(cost, at(rule, entries, now)),
        }
    }

    /// What app nodes are told to know: what is left, the count of the window before, and the window's end.
    pub(super) fn tell(&self, rule: &CheckedRule, phase: u64, now: u64) -> (u64, u64, u64) {
        match self {
            Self::Windows(state) => {
                let (end, before, current) = sliding_window::parts(*state, rule, now + phase % WEEK);
                (rule.limit.saturating_sub(current), before, end.saturating_add(phase - phase % WEEK) / MILLI)
            }
            Self::Log(entries) => (entries.decide(0, at(rule, entries, now)).remaining, 0, 0),
        }
    }

    /// Whether nothing counts any more. Never for an account that was `begin`, as long as what was before it counts.
    pub(super) fn idle(&self, rule: &CheckedRule, begin: Begin, phase: u64, now: u64) -> bool {
        let fresh = begin.full || begin.at.saturating_add(2 * rule.period_ns) <= now;
        fresh
            && match self {
                Self::Windows(state) => {
                    state.is_none_or(|state| sliding_window::idle(state, rule.period_ns, now + phase % WEEK))
                }
                Self::Log(entries) => entries.is_idle(rule.period_ns, now),
            }
    }
}

fn after(state: Option<State>, step: Step) -> Option<State> {
    match step {
        Step::Keep => state,
        Step::Put(state) => Some(state),
        Step::Remove => None,
    }
}

/// Time does not go back for a log.
fn at(rule: &CheckedRule, entries: &Entries, now: u64) -> At {
    let now = entries.last().map_or(now, |last| now.max(last));
    At { rule: *rule, longest_ns: rule.period_ns, now }
}
