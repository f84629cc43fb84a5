//! Who works, who lags, who grows: the walk's parts put together again.
//!
//! A node shows a part of its processes in each round. What was shown in one walk and in the one that goes on is kept, the newer over the older,
//! so that a long walk does not make the list flicker.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::answer::{ProcessInfo, Top};

/// A process that stands out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Busy {
    /// Which one.
    #[serde(flatten)]
    pub process: ProcessInfo,
    /// Reductions in a second, since the walk before.
    pub reductions_per_s: f64,
    /// Messages that its mailbox has grown by in a second, since it was shown before; `None` if it was not.
    pub mailbox_slope: Option<f64>,
    /// Bytes outside of its heap that it refers to.
    pub binary: u64,
}

/// Processes that are kept, more than any screen shows.
const MOST: usize = 10_000;

/// What the walks have shown.
#[derive(Debug, Default)]
pub(crate) struct Busiest {
    walk: u64,
    shown: BTreeMap<String, Shown>,
}

#[derive(Debug)]
struct Shown {
    busy: Busy,
    walk: u64,
    /// Microseconds there.
    at: i64,
}

impl Busiest {
    /// Takes a part, read at `at` (microseconds of the node's monotonic time).
    pub(crate) fn take(&mut self, top: &Top, at: i64) {
        for spent in &top.processes {
            let pid = spent.process.pid.clone();
            let before = self.shown.get(&pid);
            if before.is_none() && self.shown.len() >= MOST {
                continue;
            }
            let slope = before.filter(|before| at > before.at).map(|before| {
                let grown = spent.process.mailbox as f64 - before.busy.process.mailbox as f64;
                grown * 1e6 / at.saturating_sub(before.at) as f64
            });
            let rate = if spent.elapsed == 0 { 0.0 } else { spent.spent as f64 * 1e6 / spent.elapsed as f64 };
            let busy = Busy {
                process: spent.process.clone(),
                reductions_per_s: rate,
                mailbox_slope: slope,
                binary: spent.binary,
            };
            self.shown.insert(pid, Shown { busy, walk: self.walk, at });
        }
        if top.whole {
            self.shown.retain(|_, shown| shown.walk == self.walk);
            self.walk += 1;
        }
    }

    /// All of them, by work.
    pub(crate) fn all(&self) -> Vec<Busy> {
        let mut all: Vec<Busy> = self.shown.values().map(|shown| shown.busy.clone()).collect();
        all.sort_by(|a, b| b.reductions_per_s.total_cmp(&a.reductions_per_s));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Function, Spent};

    fn spent(pid: &str, spent: u64, mailbox: u64) -> Spent {
        Spent {
            process: ProcessInfo {
                pid: pid.into(),
                name: None,
                started: Function("m".into(), "f".into(), 0),
                current: None,
                status: "waiting".into(),
                mailbox,
                memory: 1,
                reductions: spent,
            },
            spent,
            elapsed: 500_000,
            binary: 0,
        }
    }

    fn part(whole: bool, processes: Vec<Spent>) -> Top {
        Top { read: processes.len() as u64, whole, processes, orphans: (0, Vec::new()) }
    }

    fn pids(busiest: &Busiest) -> Vec<String> {
        busiest.all().into_iter().map(|busy| busy.process.pid).collect()
    }

    #[test]
    fn a_walk_of_two_parts_is_shown_whole_and_those_who_ended_go() {
        let mut busiest = Busiest::default();
        busiest.take(&part(false, vec![spent("a", 10, 0), spent("b", 30, 0)]), 0);
        busiest.take(&part(true, vec![spent("c", 20, 0)]), 1_000_000);
        assert_eq!(pids(&busiest), ["b", "c", "a"]);
        busiest.take(&part(false, vec![spent("a", 40, 0)]), 2_000_000);
        assert_eq!(pids(&busiest), ["a", "b", "c"], "the walk is not over");
        busiest.take(&part(true, vec![]), 3_000_000);
        assert_eq!(pids(&busiest), ["a"]);
    }

    #[test]
    fn rates_and_slopes_are_per_second() {
        let mut busiest = Busiest::default();
        busiest.take(&part(true, vec![spent("a", 10, 100)]), 1_000_000);
        assert_eq!(busiest.all()[0].mailbox_slope, None);
        busiest.take(&part(true, vec![spent("a", 50, 400)]), 3_000_000);
        let busy = &busiest.all()[0];
        assert_eq!((busy.reductions_per_s, busy.mailbox_slope), (100.0, Some(150.0)));
    }
}
