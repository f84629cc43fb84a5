//! How often a gate that compares two nodes beside each other is wrong, by simulation, where blocks are anything but independent
//! values: the figures of docs/design/gate.md.
//!
//! The generator is seeded, so that each run sees the same noise: a bound that is met once is met always.

#![allow(clippy::unwrap_used, reason = "a panic with its context is how a test reports")]

#[path = "support/noise.rs"]
mod noise;

use noise::Noise;
use outrigger_watch::gate::{Config, Gate, Outcome, Verdict, judge, judge_beside};
use outrigger_watch::{Key, LogLinear, NodeWindow, Sample, Series, Window};

const RUNS: u32 = 1_000;

fn gate(figure: &str, floor: &str) -> Gate {
    let text = format!(
        "[gate.g]\nwindow = \"0s\"\nwarm_up = \"0s\"\nsamples = 1\n[[gate.g.budget]]\ncompare = '{figure}'\nfloor = \"{floor}\"\n"
    );
    Config::read(&text).unwrap().gates["g"].clone()
}

fn of(name: &str, at: u64, series: Series, metric: &str) -> Window {
    let mut node = NodeWindow::new(0);
    node.series.insert(Key::new(metric), series);
    let mut window = Window::new(at * 1_000, at * 1_000 + 1_000);
    window.nodes.insert(name.into(), node);
    window
}

/// What one block of a node's is slower by, beside what both have in common.
#[derive(Clone, Copy, Debug)]
enum World {
    /// Blocks differ by 3 %, both nodes together.
    Together,
    /// The machine becomes slower with every block, by half in all.
    Drift,
    /// What one gets the other does not: 10 % more here are 10 % less there.
    Seesaw,
}

/// The blocks of both sides: `now` is `factor` times slower.
fn blocks(
    noise: &mut Noise,
    world: World,
    count: u64,
    factor: f64,
    mut series: impl FnMut(&mut Noise, f64) -> (Series, &'static str),
) -> (Vec<Window>, Vec<Window>) {
    let mut sides = (Vec::new(), Vec::new());
    for at in 0..count {
        let (now, beside) = match world {
            World::Together => {
                let both = 1.0 + 0.03 * noise.normal();
                (both, both)
            }
            World::Drift => {
                let both = 1.0 + 0.5 * at as f64 / count as f64;
                (both, both)
            }
            World::Seesaw => {
                let more = 0.1 * noise.normal();
                (1.0 + more, 1.0 - more)
            }
        };
        let (now, metric) = series(noise, now * factor);
        let (beside, _) = series(noise, beside);
        sides.0.push(of("new@host", at, now, metric));
        sides.1.push(of("old@host", at, beside, metric));
    }
    sides
}

fn latencies(noise: &mut Noise, factor: f64) -> (Series, &'static str) {
    let mut histogram = LogLinear::new();
    (0..200).for_each(|_| histogram.record((noise.lognormal(10e6, 0.4) * factor) as u64));
    (Series::Histogram(histogram), "phoenix.endpoint")
}

fn utilisation(noise: &mut Noise, factor: f64) -> (Series, &'static str) {
    let value = |noise: &mut Noise| 0.3 * factor * (1.0 + 0.05 * noise.normal());
    (Series::Samples((0..3).map(|_| Sample { at: 0, value: value(noise) }).collect()), "sched.util")
}

fn alarms(outcomes: impl Iterator<Item = Outcome>) -> usize {
    outcomes.filter(|outcome| matches!(outcome.verdict, Verdict::Fail | Verdict::Warn)).count()
}

#[test]
fn where_nothing_changed_it_alarms_in_at_most_5_of_100_runs() {
    let mut noise = Noise(17);
    // No floor at all: the test alone has to hold.
    for world in [World::Together, World::Drift, World::Seesaw] {
        for figure in ["sched.util", "sched.util.max"] {
            let gate = gate(figure, "0%");
            let run = |_| {
                let (mut now, mut beside) = blocks(&mut noise, world, 10, 1.0, utilisation);
                moments(&mut now);
                moments(&mut beside);
                judge_beside(&gate, &now, &beside)
            };
            let alarms = alarms((0..RUNS).map(run));
            println!("{world:?}, {figure}: {alarms} of {RUNS}");
            assert!(alarms <= RUNS as usize / 20, "{world:?}, {figure}: {alarms} of {RUNS} alarms");
        }
        for figure in ["phoenix.endpoint", "p99(phoenix.endpoint)"] {
            let gate = gate(figure, "0%");
            let run = |_| {
                let (now, beside) = blocks(&mut noise, world, 10, 1.0, latencies);
                judge_beside(&gate, &now, &beside)
            };
            let alarms = alarms((0..RUNS / 4).map(run));
            println!("{world:?}, {figure}: {alarms} of {}", RUNS / 4);
            assert!(alarms <= RUNS as usize / 80, "{world:?}, {figure}: {alarms} of {} alarms", RUNS / 4);
        }
    }
}

/// Samples are at the times of their block.
fn moments(windows: &mut [Window]) {
    for window in windows {
        let from = window.from;
        let series = window.nodes.values_mut().flat_map(|node| node.series.values_mut());
        for series in series {
            if let Series::Samples(samples) = series {
                samples.iter_mut().for_each(|sample| sample.at = from);
            }
        }
    }
}

#[test]
fn a_drift_hides_nothing_and_pairs_find_what_two_heaps_do_not() {
    let mut noise = Noise(19);
    let (beside, heaps) = (gate("sched.util", "1%"), gate("sched.util.p50", "1%"));
    let (mut paired, mut unpaired) = (0, 0);
    for _ in 0..200 {
        let (mut now, mut old) = blocks(&mut noise, World::Drift, 10, 1.08, utilisation);
        moments(&mut now);
        moments(&mut old);
        paired += u32::from(judge_beside(&beside, &now, &old).verdict == Verdict::Fail);
        unpaired += u32::from(judge(&heaps, &now, &old).verdict == Verdict::Fail);
    }
    println!("8 % more under a drift of 50 %: {paired} of 200 as pairs, {unpaired} of 200 as two heaps");
    assert!(paired >= 180, "{paired} of 200");
    assert!(unpaired <= 60, "{unpaired} of 200");
}

#[test]
fn five_percent_more_are_found_with_the_stated_power() {
    let mut noise = Noise(23);
    for (figure, count, least) in [("p50(phoenix.endpoint)", 10, 120), ("p50(phoenix.endpoint)", 20, 180)] {
        let gate = gate(figure, "1%");
        let run = |_| {
            let (now, beside) = blocks(&mut noise, World::Together, count, 1.05, latencies);
            judge_beside(&gate, &now, &beside).verdict
        };
        let found = (0..200).map(run).filter(|verdict| *verdict == Verdict::Fail).count();
        println!("{figure}, {count} blocks, 5 % more: {found} of 200");
        assert!(found >= least, "{figure}, {count} blocks: {found} of 200");
    }
}
