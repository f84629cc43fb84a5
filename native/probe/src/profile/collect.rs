//! What all samples of a profile say together. Pure.

use std::collections::BTreeMap;

use outrigger_watch::flame::{Folded, label};
use serde::Serialize;

use super::By;
use super::root::Whose;
use super::sampled::{Call, ProcessId, Sample, Sampled, Status};
use super::weigh::weigh;
use crate::answer::ProcessInfo;

/// Where the time of a node's schedulers went, while it was sampled.
#[derive(Clone, Debug)]
pub struct Profile {
    schedulers: u64,
    by: By,
    lines: bool,
    system: bool,
    stacks: BTreeMap<Vec<String>, f64>,
    processes: BTreeMap<ProcessId, ProcessTime>,
    known: BTreeMap<ProcessId, ProcessInfo>,
    /// Frames that a stack has at most; 0: it is not known, and taken from the longest.
    depth: usize,
    /// Frames of the longest stack, and microseconds of stacks as long that do not reach their process's start.
    deepest: usize,
    cut: f64,
    left_out: f64,
    cost: Cost,
}

/// The time of one process.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProcessTime {
    /// As it is printed on its own node.
    pub pid: String,
    /// Its registered name.
    pub name: Option<String>,
    /// What it was started as.
    pub started: String,
    /// Microseconds of a scheduler.
    pub micros: f64,
}

/// What a profile is made of, and what it has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Stacks that were taken.
    pub samples: u64,
    /// Moments at which they were taken.
    pub ticks: u64,
    /// Seconds from the first to the last.
    pub seconds: f64,
    /// Seconds of work on the node.
    pub worked: f64,
    /// Stacks that were not kept, for there were too many of them.
    pub dropped: u64,
}

impl Cost {
    /// What it has cost the node, as a share of one core.
    #[must_use]
    pub fn duty(&self) -> f64 {
        if self.seconds > 0.0 { self.worked / self.seconds } else { 0.0 }
    }

    /// Ticks in a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        if self.seconds > 0.0 { self.ticks as f64 / self.seconds } else { 0.0 }
    }
}

/// The stack was taken when there was no work left: what was done is not known, only who did it.
const SHORT: &str = "(done before it was asked)";
const COLLECTION: &str = "(garbage collection)";
const CUT: &str = "(cut)";
/// Processes that are told apart, and those whose names are known.
const PROCESSES: usize = 10_000;
/// What a node keeps of a stack if nobody says otherwise: a shorter one is whole.
const USUAL_DEPTH: usize = 8;

impl Profile {
    pub(super) fn new(schedulers: u64, by: By, lines: bool, system: bool, depth: usize) -> Self {
        Self {
            schedulers,
            by,
            lines,
            system,
            stacks: BTreeMap::new(),
            processes: BTreeMap::new(),
            known: BTreeMap::new(),
            depth,
            deepest: 0,
            cut: 0.0,
            left_out: 0.0,
            cost: Cost::default(),
        }
    }

    /// Stacks in microseconds of a scheduler's time.
    #[must_use]
    pub fn folded(&self) -> Folded {
        let mut folded = Folded::new();
        for (frames, micros) in &self.stacks {
            // There are no more of them than it takes, see `add`.
            let _ = folded.add(frames, micros.round() as u64);
        }
        folded
    }

    /// Processes by their time, the busiest first.
    #[must_use]
    pub fn processes(&self) -> Vec<ProcessTime> {
        let mut all: Vec<ProcessTime> = self.processes.values().cloned().collect();
        all.sort_by(|a, b| b.micros.total_cmp(&a.micros));
        all
    }

    /// How many samples, and at what price.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// Schedulers that were at work, in the mean: 1.5 is one and a half of them. With what was left out.
    #[must_use]
    pub fn busy(&self) -> f64 {
        let shown: f64 = self.stacks.values().sum();
        if self.cost.seconds > 0.0 { (shown + self.left_out) / self.cost.seconds / 1e6 } else { 0.0 }
    }

    /// The share of the time that processes of the virtual machine had, and that is not shown.
    #[must_use]
    pub fn left_out(&self) -> f64 {
        let shown: f64 = self.stacks.values().sum();
        if self.left_out > 0.0 { self.left_out / (shown + self.left_out) } else { 0.0 }
    }

    /// The share of the time whose stacks were cut, and the depth that they were cut at.
    #[must_use]
    pub fn cut(&self) -> (f64, usize) {
        let shown: f64 = self.stacks.values().sum();
        (if shown > 0.0 { self.cut / shown } else { 0.0 }, self.deepest)
    }

    pub(super) fn add(&mut self, sampled: &Sampled, worked: f64) {
        if self.known.len() > PROCESSES {
            self.known.clear();
        }
        self.known.extend(sampled.processes.iter().map(|(pid, info)| (*pid, info.clone())));
        self.cost.ticks += sampled.ticks.len() as u64;
        self.cost.seconds += sampled.until.saturating_sub(sampled.since).max(0) as f64 / 1e6;
        self.cost.worked += worked;
        let deepest = sampled.stacks.iter().map(|(stack, _)| stack.len()).max();
        self.deepest = self.deepest.max(deepest.unwrap_or(0));
        for ((stack, _), samples) in sampled.stacks.iter().zip(weigh(sampled, self.schedulers)) {
            for (sample, micros) in samples {
                self.cost.samples += 1;
                self.add_one(stack, sample, micros);
            }
        }
    }

    fn add_one(&mut self, stack: &[Call], sample: &Sample, micros: f64) {
        let pid = sample.2.to_string();
        let info = self.known.get(&sample.2);
        let name = sample.5.0.as_deref();
        let whose = Whose { pid: &pid, name, call: &sample.6, info, stack };
        if !self.system && whose.is_system() {
            self.left_out += micros;
            return;
        }
        let started = whose.started().to_string();
        let depth = if self.depth > 0 { self.depth } else { self.deepest.max(USUAL_DEPTH) };
        let whole = stack.len() < depth || reaches_start(stack);
        let mut frames: Vec<String> = whose.root(self.by).into_iter().collect();
        if !whole {
            self.cut += micros;
            frames.push(CUT.to_owned());
        }
        frames.extend(stack.iter().rev().take(Folded::FRAMES - 4).map(|call| self.frame(call)));
        if sample.3 == Status::GarbageCollecting {
            frames.push(COLLECTION.to_owned());
        } else if sample.4 == Status::Waiting {
            frames.push(SHORT.to_owned());
        }
        if let Some(known) = self.stacks.get_mut(&frames) {
            *known += micros;
        } else if self.stacks.len() < Folded::STACKS {
            self.stacks.insert(frames, micros);
        } else {
            self.cost.dropped += 1;
        }
        if self.processes.len() < PROCESSES || self.processes.contains_key(&sample.2) {
            let name = name.map(str::to_owned);
            let of =
                self.processes.entry(sample.2).or_insert(ProcessTime { pid, name, started, micros: 0.0 });
            of.micros += micros;
        }
    }

    fn frame(&self, call: &Call) -> String {
        let name = label(&call.function.0, &call.function.1, call.function.2);
        match &call.place {
            Some((file, line)) if self.lines => {
                outrigger_watch::flame::clean(&format!("{name} ({file}:{line})"))
            }
            _ => name,
        }
    }
}

/// Whether the outermost call is one that processes are started with.
fn reaches_start(stack: &[Call]) -> bool {
    let outermost = stack.last().map(|call| (call.function.0.as_str(), call.function.1.as_str()));
    matches!(outermost, Some(("proc_lib", "init_p" | "init_p_do_apply")))
}

#[cfg(test)]
mod tests {
    use super::super::sampled::Tick;
    use super::super::weigh::tests::sample;
    use super::*;
    use crate::answer::Function;

    fn call(text: &str) -> Call {
        let (module, name) = text.split_once(':').unwrap();
        Call { function: Function(module.into(), name.into(), 1), place: Some(("a.erl".into(), 7)) }
    }

    fn sampled(stacks: Vec<(Vec<Call>, Vec<Sample>)>) -> Sampled {
        let tick = Tick { examined: 1, others: 1, active: 1, tasks: 2, ..Tick::default() };
        let ticks = vec![tick, Tick { at: 10_000, ..tick }];
        Sampled {
            since: 0,
            until: 20_000,
            hot: 1,
            ticks,
            stacks,
            processes: Vec::new(),
            events: None,
            packing: 0,
        }
    }

    fn folded(profile: &Profile) -> String {
        profile.folded().to_string()
    }

    #[test]
    fn stacks_stand_from_the_root_on() {
        let mut profile = Profile::new(2, By::Start, false, false, 0);
        profile
            .add(&sampled(vec![(vec![call("a:inner"), call("a:outer")], vec![sample(0), sample(1)])]), 0.001);
        assert_eq!(folded(&profile), "m:f/0;a:outer/1;a:inner/1 20000\n");
        let cost = profile.cost();
        assert_eq!((cost.samples, cost.ticks, cost.seconds), (2, 2, 0.02));
        assert!((profile.busy() - 1.0).abs() < 1e-9 && (cost.duty() - 0.05).abs() < 1e-9);
        assert_eq!(profile.processes()[0].micros, 20_000.0);
    }

    #[test]
    fn lines_collections_and_short_work_are_said() {
        let mut profile = Profile::new(2, By::Nothing, true, false, 0);
        let collects = Sample { 3: Status::GarbageCollecting, ..sample(0) };
        let done = Sample { 4: Status::Waiting, ..sample(1) };
        profile.add(&sampled(vec![(vec![call("a:f")], vec![collects, done])]), 0.0);
        assert_eq!(
            folded(&profile),
            "a:f/1 (a.erl:7);(done before it was asked) 10000\na:f/1 (a.erl:7);(garbage collection) 10000\n"
        );
    }

    #[test]
    fn a_stack_that_was_cut_says_so() {
        let mut profile = Profile::new(2, By::Nothing, false, false, 0);
        let deep = vec![call("a:f"); 8];
        let mut whole = deep.clone();
        whole[7] = call("proc_lib:init_p_do_apply");
        profile.add(&sampled(vec![(deep, vec![sample(0)]), (whole, vec![sample(1)])]), 0.0);
        assert!(folded(&profile).starts_with("(cut);a:f/1;"), "{}", folded(&profile));
        assert_eq!(profile.cut(), (0.5, 8));
        let mut profile = Profile::new(2, By::Nothing, false, false, 64);
        profile.add(&sampled(vec![(vec![call("a:f"); 13], vec![sample(0)])]), 0.0);
        assert_eq!(profile.cut(), (0.0, 13), "the depth is known");
    }

    #[test]
    fn the_machine_is_left_out_unless_it_is_wanted() {
        let system = || Sample { 6: Function("net_kernel".into(), "init".into(), 1), ..sample(0) };
        let stacks = || vec![(vec![call("a:f")], vec![system(), sample(1)])];
        let mut profile = Profile::new(2, By::Start, false, false, 0);
        profile.add(&sampled(stacks()), 0.0);
        assert_eq!((folded(&profile).lines().count(), profile.left_out()), (1, 0.5));
        let mut profile = Profile::new(2, By::Start, false, true, 0);
        profile.add(&sampled(stacks()), 0.0);
        assert_eq!((folded(&profile).lines().count(), profile.left_out()), (2, 0.0));
    }
}
