//! What a profile says in short; as JSON it is what `--json` prints.

use std::path::PathBuf;

use outrigger_probe::{Cost, Events, ProcessTime, Profile};
use outrigger_watch::flame::{Change, Changes, Folded, Spent};
use serde::Serialize;

/// Functions, processes and changes that are named.
const NAMED: usize = 50;

/// The summary.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub(super) node: String,
    pub(super) release: String,
    pub(super) schedulers: u64,
    /// When it began, in milliseconds since the Unix epoch.
    pub(super) at_ms: u64,
    #[serde(flatten)]
    pub(super) cost: Cost,
    /// Ticks in a second.
    pub(super) rate: f64,
    /// What it has cost the node, as a share of one core.
    pub(super) duty: f64,
    /// Schedulers that were at work, in the mean.
    pub(super) busy: f64,
    /// The share of that which is of the virtual machine, and not shown.
    pub(super) left_out: f64,
    /// The share of the time whose stacks were cut, and the depth they were cut at.
    pub(super) cut: (f64, usize),
    /// Microseconds of all stacks.
    pub(super) total: u64,
    /// By what they took themselves, in microseconds.
    pub(super) functions: Vec<Spent>,
    pub(super) processes: Vec<ProcessTime>,
    /// `null`: the node was not asked.
    pub(super) events: Option<Events>,
    /// Against the earlier profile, as shares of all.
    pub(super) changes: Option<Vec<Change>>,
    pub(super) files: Vec<PathBuf>,
    /// Why it has ended before its time.
    pub(super) problem: Option<String>,
}

/// Who was profiled, and when.
pub(super) struct Subject {
    pub(super) node: String,
    pub(super) release: String,
    pub(super) schedulers: u64,
    pub(super) at_ms: u64,
}

impl Summary {
    pub(super) fn new(
        subject: Subject,
        profile: &Profile,
        events: Option<&Events>,
        folded: &Folded,
        before: Option<&Folded>,
    ) -> Self {
        let Subject { node, release, schedulers, at_ms } = subject;
        let mut functions = folded.functions();
        functions.truncate(NAMED);
        let mut processes = profile.processes();
        processes.truncate(NAMED);
        let changes = before.map(|before| {
            let mut changes = Changes::new(before, folded).functions();
            changes.truncate(NAMED);
            changes
        });
        Self {
            node,
            release,
            schedulers,
            at_ms,
            cost: profile.cost(),
            rate: profile.cost().rate(),
            duty: profile.cost().duty(),
            busy: profile.busy(),
            left_out: profile.left_out(),
            cut: profile.cut(),
            total: folded.total(),
            functions,
            processes,
            events: events.cloned(),
            changes,
            files: Vec::new(),
            problem: None,
        }
    }

    /// What was spent on the node besides sampling, as a share of one core.
    pub(super) fn add_duty(&mut self, duty: f64) {
        self.cost.worked += duty * self.cost.seconds;
        self.duty = self.cost.duty();
    }

    /// A part of the whole, in per cent.
    pub(super) fn percent(&self, micros: f64) -> String {
        format!("{:.1} %", micros * 100.0 / (self.total.max(1)) as f64)
    }

    /// How it was measured, by names.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![
            ("node", format!("{}, OTP {}, {} schedulers", self.node, self.release, self.schedulers)),
            ("time", format!("{:.1} s", self.cost.seconds)),
            ("schedulers at work", format!("{:.2} of {}", self.busy, self.schedulers)),
            ("samples", format!("{} at {:.0} ticks a second", self.cost.samples, self.rate)),
            ("cost", format!("{:.2} % of one core of the node", self.duty * 100.0)),
        ];
        if self.left_out > 0.0 {
            let text = format!(
                "{:.1} % in the virtual machine's own processes and in evaluated code (--all)",
                self.left_out * 100.0
            );
            facts.push(("not shown", text));
        }
        if self.cut.0 > 0.0 {
            let (share, depth) = self.cut;
            facts.push((
                "cut",
                format!("{:.1} % in stacks of more than {depth} frames (--depth)", share * 100.0),
            ));
        }
        if self.cost.dropped > 0 {
            facts.push(("not kept", format!("{} samples: too many different stacks", self.cost.dropped)));
        }
        if let Some(problem) = &self.problem {
            facts.push(("ended early", problem.clone()));
        }
        facts
    }
}
