//! Calls across a link, beside those from BEAM to BEAM in the same run: `make bench-calls`.
//!
//! - `rpc out`: `erlang:abs/1` called on a BEAM node over and over, one call after the other: `Node::erpc` beside `erpc:call/4`.
//! - `GenServer in`: Erlang processes that call an echo server, 1, 16 or 128 of them: one in Rust beside one in Erlang.
//!
//! Contenders take turns. The BEAM nodes are the same in all turns; ours is a new process each time.
#![allow(clippy::expect_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

#[path = "../support/arena.rs"]
mod arena;
#[path = "../support/join.rs"]
mod join;
#[path = "../support/report.rs"]
mod report;

use std::time::{Duration, Instant};

use arena::{Arena, Given, cpu_us};
use join::{join, next_command};
use outrigger_node::{Answer, Context, From, GenServer, Node, NodeName};
use outrigger_term::Writer;
use outrigger_testkit::LONG;
use report::{Metric, Report};

const REPEATS: usize = 9;
const RPCS: u32 = 2_000;
const CALLS: u32 = 25_600;

const REMARKS: &str = "9 turns after one that warms up; median (middle half) of the turns. Latency is the median of a turn: 2,000 remote calls, or \
    25,600 server calls over all callers. CPU is the time on a CPU of the whole process that \
    serves, or of the one that calls. Both cores are shared by caller and \
    server in all cases.";

struct Echo;

impl GenServer for Echo {
    async fn handle_call(&mut self, request: &[u8], _: From, _: &Context<'_>) -> Answer {
        Answer::Reply(request.to_vec())
    }
}

fn main() {
    if let Some(given) = Given::from_args() {
        // One thread, as `outrigger node` has: on few cores each further one costs more switches than it serves.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        return runtime.block_on(contender(given));
    }
    let arena = Arena::start(include_str!("bench_calls.erl"));
    let own = std::env::current_exe().expect("our own program");
    let another = arena.another();
    another.eval("bench_calls:serve()");
    let micros = |name, goal| Metric { name, unit: "us", lower_is_better: true, goal };
    let mut report = Report::new(
        "calls",
        vec![
            micros("latency", "1.1x BEAM's at most"),
            Metric {
                name: "calls/s",
                unit: "1/s",
                lower_is_better: false,
                goal: "1.2x BEAM's with 128 callers",
            },
            micros("CPU per call", ""),
            micros("callers' CPU per call", ""),
        ],
    );
    for turn in 0..=REPEATS {
        let mut kept = |case: &str, metric, who, value| {
            if turn > 0 {
                report.add(case, metric, who, value);
            }
        };
        let contender = arena.contender(&own, "calls");
        let before = contender.cpu_us();
        let nanos: f64 = contender.answer(contender.tell(&RPCS.to_string())).parse().expect("a number");
        kept("rpc out", "CPU per call", "ours", (contender.cpu_us() - before) / f64::from(RPCS));
        kept("rpc out", "latency", "ours", nanos / 1000.0);
        let told = another.eval_within(&format!("bench_calls:rpcs('{}', {RPCS})", arena.beam.name()), LONG);
        kept("rpc out", "latency", "BEAM", told.parse::<f64>().expect("a number") / 1000.0);
        for callers in [1, 16, 128] {
            let case = format!("GenServer in, {callers} callers");
            for (who, server) in [("ours", &*contender.name), ("BEAM", another.name())] {
                let each = CALLS / callers;
                let cpu = || if who == "ours" { contender.cpu_us() } else { cpu_us(another.process()) };
                let (before, callers_before) = (cpu(), cpu_us(arena.beam.process()));
                let calls = format!("bench_calls:calls({{echo, '{server}'}}, {callers}, {each})");
                let told = arena.beam.eval_within(&calls, LONG);
                kept(&case, "CPU per call", who, (cpu() - before) / f64::from(CALLS));
                let callers_took = cpu_us(arena.beam.process()) - callers_before;
                kept(&case, "callers' CPU per call", who, callers_took / f64::from(CALLS));
                let (rate, nanos) = told.trim_matches(['{', '}']).split_once(',').expect("two numbers");
                kept(&case, "calls/s", who, rate.parse().expect("a number"));
                kept(&case, "latency", who, nanos.trim().parse::<f64>().expect("a number") / 1000.0);
            }
        }
        eprintln!("turn {turn} of {REPEATS}");
    }
    report.finish(REMARKS);
}

async fn contender(given: Given) {
    assert_eq!(given.mode, "calls");
    let node = join(&given, |_| {}).await;
    node.start_server(Some("echo"), Echo).expect("a server");
    let peer: NodeName = given.peer.parse().expect("a name");
    println!("ready");
    while let Some(times) = next_command().await.and_then(|line| line.parse::<u32>().ok()) {
        println!("{}", rpcs(&node, &peer, times).await);
    }
}

/// Remote calls one after the other: the median in nanoseconds.
async fn rpcs(node: &Node, peer: &NodeName, times: u32) -> u128 {
    let mut nanos = Vec::new();
    for number in 1..=times {
        let mut args = Vec::new();
        let mut writer = Writer::new(&mut args);
        writer.list(1);
        writer.integer(i64::from(number) + 255);
        writer.nil();
        let start = Instant::now();
        let value = node.erpc(peer, "erlang", "abs", &args, Duration::from_secs(10)).await.expect("a value");
        nanos.push(start.elapsed().as_nanos());
        assert_eq!(value, args[5..args.len() - 1]);
    }
    nanos.sort_unstable();
    nanos[nanos.len() / 2]
}
