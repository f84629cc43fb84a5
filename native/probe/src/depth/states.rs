//! What threads did with their time between two answers: microstate accounting, as `msacc` of the runtime tools has it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::DepthConfig;
use crate::Figure;

/// One thread: its kind, and the time in each state since the flag was set, in whatever units.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Thread {
    id: u64,
    #[serde(rename = "type")]
    kind: String,
    counters: BTreeMap<String, u64>,
}

/// Kinds of threads and states that there are; those from `alloc` on only in a virtual machine that was built with more of them.
const KINDS: [&str; 6] = ["scheduler", "dirty_cpu_scheduler", "dirty_io_scheduler", "poll", "aux", "async"];
const STATES: [&str; 15] = [
    "emulator",
    "gc",
    "port",
    "check_io",
    "aux",
    "other",
    "sleep",
    "alloc",
    "bif",
    "busy_wait",
    "ets",
    "gc_full",
    "nif",
    "send",
    "timers",
];

/// The share of each state, of all threads of a kind together. Nothing of a kind that has not counted: the flag was cleared, or its
/// counters were.
pub(super) fn figures(before: &[Thread], now: &[Thread]) -> Vec<Figure> {
    let before: BTreeMap<(&str, u64), &Thread> =
        before.iter().map(|thread| ((thread.kind.as_str(), thread.id), thread)).collect();
    let mut out = Vec::new();
    for kind in KINDS {
        let threads: Vec<(&Thread, &Thread)> = now
            .iter()
            .filter(|thread| thread.kind == kind)
            .filter_map(|thread| Some((*before.get(&(kind, thread.id))?, thread)))
            .collect();
        out.extend(of_kind(kind, &threads).unwrap_or_default());
    }
    out
}

fn of_kind(kind: &str, threads: &[(&Thread, &Thread)]) -> Option<Vec<Figure>> {
    let mut sums: BTreeMap<&'static str, f64> = BTreeMap::new();
    for (before, now) in threads {
        for (state, ticks) in &now.counters {
            let grown = ticks.checked_sub(before.counters.get(state).copied().unwrap_or(0))?;
            if let Some(known) = STATES.iter().find(|known| *known == state) {
                *sums.entry(*known).or_default() += grown as f64;
            }
        }
    }
    let all: f64 = sums.values().sum();
    let share = |(state, ticks): (&'static str, f64)| {
        let labels = BTreeMap::from([("thread", kind.to_owned()), ("state", state.to_owned())]);
        Figure { metric: DepthConfig::STATES, labels, value: ticks / all }
    };
    (all > 0.0).then(|| sums.into_iter().map(share).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread(kind: &str, id: u64, counters: &[(&str, u64)]) -> Thread {
        let counters = counters.iter().map(|(state, ticks)| ((*state).to_owned(), *ticks)).collect();
        Thread { id, kind: kind.into(), counters }
    }

    fn share(figures: &[Figure], kind: &str, state: &str) -> Option<f64> {
        figures
            .iter()
            .find(|figure| figure.labels["thread"] == kind && figure.labels["state"] == state)
            .map(|figure| figure.value)
    }

    #[test]
    fn shares_are_of_the_time_in_between_and_of_all_threads_of_a_kind() {
        let before =
            [thread("scheduler", 1, &[("emulator", 100), ("sleep", 0)]), thread("scheduler", 2, &[])];
        let now = [
            thread("scheduler", 2, &[("emulator", 50), ("sleep", 150)]),
            thread("scheduler", 1, &[("emulator", 300), ("sleep", 0)]),
            thread("aux", 1, &[("sleep", 9)]),
        ];
        let figures = figures(&before, &now);
        assert_eq!(share(&figures, "scheduler", "emulator"), Some(0.625));
        assert_eq!(share(&figures, "scheduler", "sleep"), Some(0.375));
        assert_eq!(share(&figures, "aux", "sleep"), None, "it was not there before");
    }

    #[test]
    fn counters_that_stand_or_were_cleared_have_no_share() {
        let at = |ticks| {
            [thread("scheduler", 1, &[("emulator", ticks)]), thread("poll", 0, &[("sleep", 10 * ticks)])]
        };
        assert_eq!(figures(&at(5), &at(5)), []);
        assert_eq!(figures(&at(5), &at(3)), []);
        assert_eq!(figures(&at(3), &at(5)).len(), 2);
    }

    #[test]
    fn a_state_or_a_kind_that_nobody_knows_is_none() {
        let before = [thread("scheduler", 1, &[]), thread("spy", 1, &[])];
        let now = [thread("scheduler", 1, &[("gc", 1), ("x", 9)]), thread("spy", 1, &[("gc", 1)])];
        let figures = figures(&before, &now);
        assert_eq!((figures.len(), share(&figures, "scheduler", "gc")), (1, Some(1.0)));
    }
}
