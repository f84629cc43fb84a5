//! The chaos run: real nodes under load, real faults on a seeded schedule, a ledger of every message at every subscriber.
//!
//! The conductor is no member of the cluster. It starts the nodes (`stage.rs`), does things to them (`faults.rs`), reads what
//! they write down (`journal.rs`), and lets the judge say what is wrong (`judge/`). `run --help` says how to start it.
#![expect(clippy::expect_used, reason = "test code: a panic with context is its error report")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

mod conductor;
mod faults;
mod journal;
mod judge;
mod options;
mod random;
mod report;
mod stage;

use std::process::ExitCode;

use conductor::{Conductor, now};
use faults::Fault;
use options::{Options, USAGE};
use report::Report;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1), now() % 1_000_000) {
        Ok(options) => options,
        Err(wrong) if wrong.is_empty() => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(wrong) => return refuse(&wrong),
    };
    let names: Vec<_> = Fault::ALL.map(Fault::name).to_vec();
    if options.only.iter().any(|only| !names.contains(&only.as_str())) {
        return refuse(&format!("kinds of faults: {}", names.join(", ")));
    }
    println!("chaos: seed {}, {} s of faults", options.seed, options.length.as_secs());
    let mut conductor = match Conductor::start(&options) {
        Ok(conductor) => conductor,
        Err(wrong) => return refuse(&wrong),
    };
    let (stopped, skipped) = play(&mut conductor);
    let verdict = conductor.finish();
    let report = Report { conductor: &conductor, verdict: &verdict, stopped, skipped };
    report.print();
    let clean = report.is_clean();
    if let Some(path) = &options.json {
        let text = format!("{:#}\n", report.json());
        match path.as_str() {
            "-" => print!("{text}"),
            path => std::fs::write(path, text).expect("the result can be written"),
        }
    }
    if options.keep {
        println!("The journals are in {}", conductor.stage.keep().display());
    }
    if clean { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn refuse(wrong: &str) -> ExitCode {
    eprintln!("chaos: {wrong}\n\n{USAGE}");
    ExitCode::from(2)
}

/// Injects faults until the time is over; why it ended earlier, and what was left out.
fn play(conductor: &mut Conductor) -> (Option<String>, Vec<String>) {
    let (options, mut skipped) = (conductor.options.clone(), Vec::new());
    let mut kinds: Vec<_> = Fault::ALL.to_vec();
    kinds.retain(|kind| options.only.is_empty() || options.only.iter().any(|only| only == kind.name()));
    kinds.retain(|kind| options.routers >= kind.needs_routers());
    if let Err(why) = &conductor.stage.network {
        let without = kinds.iter().filter(|kind| kind.needs_network());
        skipped.extend(without.map(|kind| format!("{}: no network namespaces here: {why}", kind.name())));
        kinds.retain(|kind| !kind.needs_network());
    }
    // A short run has some of each that is quick, and nothing that would fill it.
    let nodes = u64::from(options.apps) + u64::from(options.routers);
    kinds.retain(|kind| !options.only.is_empty() || kind.takes(nodes) * 3 <= options.length);
    let (end, mut hand) = (conductor.elapsed() + options.length, Vec::new());
    loop {
        let fits = |kind: &Fault| conductor.elapsed() + kind.takes(nodes) <= end;
        if !kinds.iter().any(fits) {
            return (None, skipped);
        }
        // Each kind once, in any order, then all of them again.
        if !hand.iter().any(fits) {
            hand = kinds.clone();
            conductor.random.shuffle(&mut hand);
        }
        let at = hand.iter().position(|kind| conductor.elapsed() + kind.takes(nodes) <= end);
        let Some(fault) = at.map(|at| hand.remove(at)) else { continue };
        if let Err(wrong) = fault.inject(conductor) {
            return (Some(wrong), skipped);
        }
        let rest = conductor.random.millis(500..2_500);
        conductor.run_for(rest);
        if options.stop && !conductor.judge.verdict(now() - conductor::SETTLED).is_clean() {
            return (Some("the first broken promise".to_owned()), skipped);
        }
    }
}
