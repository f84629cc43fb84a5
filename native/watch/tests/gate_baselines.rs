//! How often a gate that compares with a baseline is wrong, by simulation: the figures of docs/design/gate.md.
//!
//! The generator is seeded, so that each run sees the same noise: a bound that is met once is met always.

#![allow(clippy::unwrap_used, reason = "a panic with its context is how a test reports")]

#[path = "support/noise.rs"]
mod noise;

use noise::Noise;
use outrigger_watch::gate::{Config, Gate, Verdict, judge};
use outrigger_watch::{Key, LogLinear, NodeWindow, Sample, Series, Window};

fn gate(figure: &str, floor: &str) -> Gate {
    let text = format!(
        "[gate.g]\nwindow = \"0s\"\nwarm_up = \"0s\"\nsamples = 1\n[[gate.g.budget]]\ncompare = '{figure}'\nfloor = \"{floor}\"\n"
    );
    Config::read(&text).unwrap().gates["g"].clone()
}

fn of(series: Series, metric: &str) -> Window {
    let mut node = NodeWindow::new(0);
    node.series.insert(Key::new(metric), series);
    let mut window = Window::new(0, 1_000);
    window.nodes.insert("app@host".into(), node);
    window
}

/// A window of latencies. Windows differ by more than their durations do: of each, all are a little faster or slower.
fn latencies(noise: &mut Noise, factor: f64) -> Window {
    let of_window = factor * (1.0 + 0.03 * noise.normal());
    let mut histogram = LogLinear::new();
    (0..500).for_each(|_| histogram.record((noise.lognormal(10e6, 0.4) * of_window) as u64));
    of(Series::Histogram(histogram), "phoenix.endpoint")
}

fn utilisation(noise: &mut Noise, factor: f64, samples: u64) -> Window {
    let value = |noise: &mut Noise| 0.5 * factor * (1.0 + 0.05 * noise.normal());
    let samples = (0..samples).map(|at| Sample { at, value: value(noise) }).collect();
    of(Series::Samples(samples), "sched.util")
}

/// How many of so many runs fail, and how many warn.
fn alarms(runs: u32, gate: &Gate, mut side: impl FnMut(f64) -> Vec<Window>, factor: f64) -> (u32, u32) {
    let (mut failed, mut warned) = (0, 0);
    for _ in 0..runs {
        let (base, now) = (side(1.0), side(factor));
        match judge(gate, &now, &base).verdict {
            Verdict::Fail => failed += 1,
            Verdict::Warn => warned += 1,
            _ => {}
        }
    }
    (failed, warned)
}

#[test]
fn where_nothing_changed_it_alarms_in_at_most_5_of_100_runs() {
    let mut noise = Noise(7);
    // No floor at all: the test alone has to hold.
    for (windows, figure) in
        [(5, "p50(phoenix.endpoint)"), (10, "p50(phoenix.endpoint)"), (10, "p99(phoenix.endpoint)")]
    {
        let gate = gate(figure, "0%");
        let side = |factor| (0..windows).map(|_| latencies(&mut noise, factor)).collect();
        let (failed, warned) = alarms(400, &gate, side, 1.0);
        println!("{figure}, {windows} windows a side, nothing changed: {failed} of 400 fail, {warned} warn");
        assert!(failed + warned <= 20, "{figure}: {failed} of 400 failed and {warned} warned");
    }
    for samples in [6, 20, 60] {
        let gate = gate("sched.util", "0%");
        let (failed, warned) =
            alarms(1_000, &gate, |factor| vec![utilisation(&mut noise, factor, samples)], 1.0);
        println!(
            "sched.util, {samples} samples a side, nothing changed: {failed} of 1000 fail, {warned} warn"
        );
        assert!(failed + warned <= 50, "{samples} samples: {failed} of 1000 failed and {warned} warned");
    }
}

#[test]
fn five_percent_more_are_found_with_the_stated_power() {
    let mut noise = Noise(11);
    for (windows, figure, least) in [
        (10, "p50(phoenix.endpoint)", 130),
        (20, "p50(phoenix.endpoint)", 180),
        (20, "p99(phoenix.endpoint)", 90),
    ] {
        let gate = gate(figure, "1%");
        let side = |factor| (0..windows).map(|_| latencies(&mut noise, factor)).collect();
        let (failed, warned) = alarms(200, &gate, side, 1.05);
        println!("{figure}, {windows} windows a side, 5 % more: {failed} of 200 fail, {warned} warn");
        assert!(failed >= least, "{figure} with {windows} windows: {failed} of 200 failed");
    }
    for (samples, least) in [(20, 800), (60, 990)] {
        let gate = gate("sched.util", "1%");
        let (failed, warned) =
            alarms(1_000, &gate, |factor| vec![utilisation(&mut noise, factor, samples)], 1.05);
        println!("sched.util, {samples} samples a side, 5 % more: {failed} of 1000 fail, {warned} warn");
        assert!(failed >= least, "{samples} samples: {failed} of 1000 failed");
    }
}

#[test]
fn what_is_below_the_floor_passes_and_what_cannot_be_told_is_open() {
    let mut noise = Noise(13);
    let gate = gate("sched.util", "5%");
    let of = |samples: u64, noise: &mut Noise| {
        let (base, now) = (utilisation(noise, 1.0, samples), utilisation(noise, 1.0, samples));
        judge(&gate, &[now], &[base]).verdict
    };
    let verdicts: Vec<Verdict> = (0..200).map(|_| of(60, &mut noise)).collect();
    let passed = verdicts.iter().filter(|verdict| **verdict == Verdict::Pass).count();
    assert!(passed >= 195, "{passed} of 200");
    assert_eq!(of(4, &mut noise), Verdict::Inconclusive);
}
