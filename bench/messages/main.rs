//! Messages between a BEAM node and contenders, end to end: `make bench-messages`.
//!
//! - `to BEAM`: 100-byte messages, each encoded for itself and sent to a registered name, on one link; counted by an Erlang
//!   process. Beside it: erl_dist, OTP's C library `ei`, and frames made beforehand by a C program, which is the most that there is.
//! - `from BEAM`: the same messages the other way, counted by a process of ours, by one whose node does not pause between reads, or by a
//!   loop over erl_dist's receiver.
//! - `1 MiB beside`: a short message each millisecond while another process sends 1 MiB each 20 ms; age of the short ones on arrival, beside
//!   a BEAM as the sender.
//!
//! Contenders take turns and are new processes each time. Without erlang-dev those in C are missing, and it is said why.
#![allow(clippy::expect_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

#[path = "../support/arena.rs"]
mod arena;
mod beside;
#[path = "../support/c.rs"]
mod c;
#[path = "../support/join.rs"]
mod join;
mod ours;
#[path = "../support/report.rs"]
mod report;

use std::path::Path;

use arena::{Arena, Given};
use outrigger_testkit::{Beam, LONG};
use report::{Metric, Report};

const REPEATS: usize = 5;
/// At 160 bytes a frame, less than a link may have waiting.
const MESSAGES: u64 = 300_000;
const SHORT_ONES: u64 = 2_000;

const REMARKS: &str = "5 turns after one that warms up; median (middle half). `to BEAM` and `from BEAM`: 300,000 messages of 100 bytes a turn. CPU is the time \
    on a CPU of the whole contender, all threads, kernel included. Messages/s are those of 2 cores that a BEAM shares: CPU per \
    message carries over to other machines. `frames` sends one frame of the same length over and over, 64 KiB a write. Ours pauses while more than 1 MiB waits; the others block. \
    `at once` is ours without pauses between reads (`Config::read_coalescing`).";

fn main() {
    if let Some(given) = Given::from_args() {
        return match &*given.mode {
            "send" | "receive" | "receive_at_once" | "load" => ours::run(given),
            _ => beside::run(&given),
        };
    }
    let arena = Arena::start(include_str!("bench_messages.erl"));
    let own = std::env::current_exe().expect("our own program");
    let c = c::compile("messages/ei.c").inspect_err(|why| eprintln!("ei takes no part: {why}")).ok();
    let micros = |name, goal| Metric { name, unit: "us", lower_is_better: true, goal };
    let mut report = Report::new(
        "messages",
        vec![
            Metric {
                name: "messages/s",
                unit: "1/s",
                lower_is_better: false,
                goal: "to BEAM: 3x erl_dist, 2x ei, 0.9x frames",
            },
            micros("CPU per message", "0.1 us to BEAM, 0.5 us from BEAM"),
            micros("age p50", ""),
            micros("age p99", "no worse than BEAM"),
        ],
    );
    let another = arena.another();
    // The first turn warms up.
    for turn in 0..=REPEATS {
        let mut kept = |case: &str, metric, who, value| {
            if turn > 0 {
                report.add(case, metric, who, value);
            }
        };
        let mut senders: Vec<(&str, &Path, &str)> =
            vec![("ours", &own, "send"), ("erl_dist", &own, "erl_dist_send")];
        senders.extend(c.iter().flat_map(|c| [("ei", &**c, "reg_send"), ("frames", c, "frames")]));
        for (who, program, mode) in senders {
            let (rate, cpu) = to_beam(&arena, program, mode);
            kept("to BEAM, 100 B", "messages/s", who, rate);
            kept("to BEAM, 100 B", "CPU per message", who, cpu);
        }
        for (who, mode) in
            [("ours", "receive"), ("at once", "receive_at_once"), ("erl_dist", "erl_dist_receive")]
        {
            let (rate, cpu) = from_beam(&arena, &own, mode);
            kept("from BEAM, 100 B", "messages/s", who, rate);
            kept("from BEAM, 100 B", "CPU per message", who, cpu);
        }
        for (who, big) in [("1 MiB beside", 1 << 20), ("8 MiB beside", 8 << 20)] {
            let ages = load_of_ours(&arena, &own, big);
            let beam = load_of_beam(&arena, &another, big);
            for (contender, (p50, p99)) in [("ours", ages), ("BEAM", beam)] {
                kept(who, "age p50", contender, p50);
                kept(who, "age p99", contender, p99);
            }
        }
        eprintln!("turn {turn} of {REPEATS}");
    }
    report.finish(REMARKS);
}

/// Messages a second, and microseconds of the sender's CPU for each.
fn to_beam(arena: &Arena, program: &Path, mode: &str) -> (f64, f64) {
    let contender = arena.contender(program, mode);
    arena.beam.eval(&format!("bench_messages:expect({MESSAGES})"));
    let before = contender.cpu_us();
    contender.tell(&MESSAGES.to_string());
    let took: f64 = arena.beam.eval_within("bench_messages:took()", LONG).parse().expect("a number");
    let cpu = contender.cpu_us() - before;
    (MESSAGES as f64 / took * 1e6, cpu / MESSAGES as f64)
}

fn from_beam(arena: &Arena, program: &Path, mode: &str) -> (f64, f64) {
    let contender = arena.contender(program, mode);
    let before = contender.cpu_us();
    let start = std::time::Instant::now();
    let told = contender.tell(&MESSAGES.to_string());
    arena.beam.eval_within(&format!("bench_messages:send('{}', {MESSAGES})", contender.name), LONG);
    contender.answer(told);
    let took = start.elapsed().as_secs_f64();
    let cpu = contender.cpu_us() - before;
    (MESSAGES as f64 / took, cpu / MESSAGES as f64)
}

/// Median and 99th hundredth of the ages of short messages, in microseconds.
fn load_of_ours(arena: &Arena, program: &Path, big: usize) -> (f64, f64) {
    let contender = arena.contender(program, "load");
    arena.beam.eval("bench_messages:listen()");
    contender.answer(contender.tell(&format!("{SHORT_ONES} {big}")));
    heard(&arena.beam)
}

fn load_of_beam(arena: &Arena, sender: &Beam, big: usize) -> (f64, f64) {
    arena.beam.eval("bench_messages:listen()");
    sender.eval_within(&format!("bench_messages:load('{}', {SHORT_ONES}, {big})", arena.beam.name()), LONG);
    heard(&arena.beam)
}

fn heard(beam: &Beam) -> (f64, f64) {
    beam.wait_until("process_info(whereis(small), message_queue_len) =:= {message_queue_len, 0}", LONG);
    let told = beam.eval("bench_messages:heard()");
    let numbers: Vec<f64> =
        told.trim_matches(['{', '}']).split(',').filter_map(|part| part.trim().parse().ok()).collect();
    assert!(numbers.len() == 3 && numbers[2] > SHORT_ONES as f64 * 0.99, "messages are missing: {told}");
    (numbers[0], numbers[1])
}
