//! Terms: our reader and writer beside eetf 0.11 and OTP's C library `ei`, in the same run: `make bench-terms`.
//!
//! All contenders take turns, round by round, so that what else the machine does hits all of them; the figure is the
//! median of the rounds. Criterion, which runs one after the other, would compare two different minutes.
//!
//! Prints a table, and keeps the run where `BENCH_OUT` names a folder. Without erlang-dev `ei` is missing, and it is said
//! why.
#![allow(clippy::expect_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

#[path = "../../tests/support/allocations.rs"]
mod allocations;
#[path = "../support/c.rs"]
mod c;
#[path = "../support/cpu.rs"]
mod cpu;
mod ei;
mod ours;
#[path = "../support/report.rs"]
mod report;

use std::hint::black_box;

use ei::Ei;
use ours::NAMES;
use report::{Metric, Report};

const ROUNDS: usize = 61;
/// Of one contender in one round.
const NANOS: f64 = 1e6;

struct Contender<'a> {
    case: usize,
    what: &'static str,
    who: &'static str,
    /// Nanoseconds for so many times.
    time: Box<dyn FnMut(u64) -> u64 + 'a>,
    times: u64,
    allocations: Option<usize>,
}

impl Contender<'_> {
    fn name(&self, terms: &[Vec<u8>]) -> String {
        format!("{}, {} B", NAMES[self.case], terms[self.case].len())
    }
}

fn rust<'a>(
    case: usize,
    what: &'static str,
    who: &'static str,
    mut once: impl FnMut() + 'a,
) -> Contender<'a> {
    once();
    let allocations = Some(allocations::count(&mut once));
    let time = Box::new(move |times| {
        let start = cpu::of_this_thread();
        (0..times).for_each(|_| once());
        cpu::of_this_thread() - start
    });
    Contender { case, what, who, time, times: 1, allocations }
}

fn contenders<'a>(terms: &'a [Vec<u8>], ei: Option<&'a std::cell::RefCell<Ei>>) -> Vec<Contender<'a>> {
    let mut all = Vec::new();
    for (case, term) in terms.iter().enumerate() {
        let tree = eetf::Term::decode(term.as_slice()).expect("eetf reads it");
        all.push(rust(case, "decode", "ours", move || {
            black_box(ours::read(case, black_box(term)).expect("a term"));
        }));
        all.push(rust(case, "decode", "eetf", || {
            drop(black_box(eetf::Term::decode(black_box(term.as_slice())).expect("a term")));
        }));
        all.push(rust(case, "skip", "ours", move || ours::skip(black_box(term)).expect("a term")));
        let mut out = Vec::with_capacity(4096);
        all.push(rust(case, "encode", "ours", move || {
            ours::write(case, black_box(&mut out)).expect("a term")
        }));
        let mut out = Vec::with_capacity(4096);
        all.push(rust(case, "encode", "eetf", move || {
            out.clear();
            black_box(&tree).encode(black_box(&mut out)).expect("a term");
        }));
        for what in ["decode", "skip", "encode"] {
            if let Some(ei) = ei {
                let time = Box::new(move |times| ei.borrow_mut().time(what, case, times));
                all.push(Contender { case, what, who: "ei", time, times: 1, allocations: None });
            }
        }
    }
    all
}

const REMARKS: &str = "All contenders take turns, 61 rounds of about a millisecond of CPU time each; median (middle half). \
    `decode`: every part of the term is read by a typed call and used: ours and `ei` borrow binaries, `eetf` makes its tree. \
    `skip`: over the whole term. `encode`: into a buffer that is there. Allocations of one round are counted; `ei` is a \
    process of its own, timed by itself, and copies atoms and ids into its structures.";

fn main() {
    let terms: Vec<Vec<u8>> = (0..NAMES.len())
        .map(|case| {
            let mut out = Vec::new();
            ours::write(case, &mut out).expect("a term");
            out
        })
        .collect();
    let ei = match Ei::start(&terms) {
        Ok(ei) => Some(std::cell::RefCell::new(ei)),
        Err(why) => {
            eprintln!("ei takes no part: {why}");
            None
        }
    };
    let mut all = contenders(&terms, ei.as_ref());
    for one in &mut all {
        while ((one.time)(one.times) as f64) < NANOS {
            one.times *= 2;
        }
    }
    let goal = "10x eetf, no slower than ei";
    let nanos = |name, goal| Metric { name, unit: "ns", lower_is_better: true, goal };
    let calls = |name, goal| Metric { name, unit: "allocations", lower_is_better: true, goal };
    let mut report = Report::new(
        "terms",
        vec![
            nanos("decode", goal),
            nanos("skip", "no slower than ei"),
            nanos("encode", "no slower than ei"),
            calls("decode, memory", "0"),
            calls("encode, memory", "0"),
        ],
    );
    for one in &all {
        if let Some(count) = one.allocations {
            let metric = if one.what == "encode" { "encode, memory" } else { "decode, memory" };
            report.add(&one.name(&terms), metric, one.who, count as f64);
        }
    }
    for _ in 0..ROUNDS {
        for one in &mut all {
            let nanos = (one.time)(one.times) as f64 / one.times as f64;
            report.add(&one.name(&terms), one.what, one.who, nanos);
        }
    }
    report.finish(REMARKS);
}
