//! What the atom cache costs and saves, on the wire and in CPU time: `make bench-atom_cache`.
//!
//! First the codec alone, on one message after the other; then a link to a real `erl` in both directions. With and without
//! the cache take turns, round by round, so that what else the machine does hits both; the figure is the median.
//!
//! Prints a table, and keeps the run where `BENCH_OUT` names a folder.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    dead_code,
    unreachable_pub
)]

#[path = "../../native/node/tests/common/beam.rs"]
mod beam;
mod codec;
#[path = "../support/cpu.rs"]
mod cpu;
mod link;
#[path = "../terms/ours.rs"]
mod ours;
#[path = "../support/report.rs"]
mod report;

use report::{Metric, Report};

const REMARKS: &str = "`ours` is with the atom cache, `plain` without; both take turns. The codec: 31 rounds of 20,000 messages, all \
    atoms known to the peer, CPU time of one thread. The link: rounds of 100,000 messages between this process and an `erl`, \
    one sender and one receiver; CPU time of either process, all threads. `send` puts `SEND` and the payload into a buffer; `receive` \
    goes from the frame to a control message that is parsed and a payload that is checked.";

/// What the tests' `beam` wants of the module that it is in.
async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(std::time::Duration::from_secs(60), future)
        .await
        .unwrap_or_else(|_| panic!("{what}"))
}

fn main() {
    let lower = |name, unit| Metric { name, unit, lower_is_better: true, goal: "" };
    let mut report = Report::new(
        "atom_cache",
        vec![
            lower("on the wire", "B"),
            lower("send", "ns"),
            lower("receive", "ns"),
            lower("to a BEAM, our CPU", "ns"),
            lower("to a BEAM, its CPU", "ns"),
            lower("from a BEAM, our CPU", "ns"),
            lower("from a BEAM, its CPU", "ns"),
        ],
    );
    codec::run(&mut report);
    link::run(&mut report);
    report.finish(REMARKS);
}
