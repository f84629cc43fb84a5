//! A BEAM node that is killed over and over: nothing of its former lives is left in the Rust node.
//!
//! 30 kills, or as many as `OUTRIGGER_KILLS` says (`make bench-links`: 1,000). `churn.rs` has the thousands every time, with
//! peers that are cheaper.
#![allow(clippy::print_stdout, reason = "the figures, with --nocapture")]

use std::thread;
use std::time::{Duration, Instant};

use outrigger_testkit::{Beam, Epmd, LONG, RustNode, open_files};

/// Kills before memory is taken for the first time: by then the allocator has what such a load needs.
const WARM_UP: usize = 5;
/// The same tolerance as in `churn.rs`.
const SLACK_KIB: u64 = 2 << 10;

#[test]
fn a_beam_that_is_killed_many_times_leaves_nothing() {
    let kills =
        std::env::var("OUTRIGGER_KILLS").map_or(30, |kills| kills.parse().expect("a number of kills"));
    let epmd = Epmd::start();
    let mut beam = Beam::options("app").epmd(&epmd).start();
    let rust = RustNode::options("rust").epmd(&epmd).join(beam.name()).start();
    rust.wait_joined(beam.name());
    let files = open_files(rust.process().pid());
    let mut before = 0;
    for kill in 0..WARM_UP + kills {
        if kill == WARM_UP {
            before = rust.process().resident_kib();
        }
        let from = rust.process().lines().count();
        beam.kill();
        rust.wait_left(from, beam.name());
        beam = beam.restart();
        // Not to wait for the Rust node's next attempt, which comes later each time.
        assert_eq!(beam.eval(&format!("net_adm:ping('{}')", rust.name())), "pong");
        rust.wait_joined_from(from, beam.name());
    }
    let after = rust.process().resident_kib();
    println!("{kills} kills: {before} KiB before, {after} KiB after");
    assert!(after <= before + SLACK_KIB, "{before} KiB before, {after} KiB after");
    // An attempt that is under way may hold one for a moment.
    let deadline = Instant::now() + LONG;
    while open_files(rust.process().pid()) > files {
        assert!(Instant::now() < deadline, "descriptors are left:\n{}", rust.process().dump());
        thread::sleep(Duration::from_millis(10));
    }
}
