//! What is found is left: also by `kill -9`, also by a node that cannot be reached any more.

use outrigger_testkit::{Beam, Epmd, LONG};

use crate::watcher::{Watcher, figure};

/// Guests are processes that evaluate.
const GUESTS: &str = "length([P || P <- processes(), {_, S} <- [process_info(P, current_stacktrace)], lists:keymember(erl_eval, 1, S)])";
const FLAG: &str = "erlang:statistics(scheduler_wall_time) =:= undefined";

#[test]
fn a_killed_watcher_leaves_no_flag_and_no_process() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    let (before, guests) = (beam.eval_number("length(processes())"), beam.eval_number(GUESTS));
    assert_eq!(beam.eval(FLAG), "true");
    let watcher = Watcher::start(&epmd, &[beam.name()], &[]);
    watcher.wait(0, "utilisation", |line| line["event"] == "round" && figure(line, "sched.util").is_some());
    assert_eq!(beam.eval(FLAG), "false", "the guest holds it");
    assert_eq!(beam.eval("nodes()"), "[]", "it is not seen");
    watcher.process().kill();
    beam.wait_until(FLAG, LONG);
    beam.wait_until(&format!("{GUESTS} =< {guests}"), LONG);
    beam.wait_until(&format!("length(processes()) =< {before}"), LONG);
}

/// Somebody else's hold of the flag is not touched.
#[test]
fn a_flag_that_was_set_stays_set() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    beam.eval("register(other, spawn(fun() -> erlang:system_flag(scheduler_wall_time, true), receive stop -> ok end end)), ok");
    beam.wait_until("erlang:statistics(scheduler_wall_time) =/= undefined", LONG);
    let watcher = Watcher::start(&epmd, &[beam.name()], &[]);
    watcher.wait(0, "utilisation", |line| line["event"] == "round" && figure(line, "sched.util").is_some());
    let guests = beam.eval_number(GUESTS);
    watcher.process().kill();
    beam.wait_until(&format!("{GUESTS} < {guests}"), LONG);
    assert_eq!(beam.eval(FLAG), "false", "it is still held");
}

/// A guest that somebody ends is missed, and replaced.
#[test]
fn a_guest_that_was_ended_comes_back() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    let watcher = Watcher::start(&epmd, &[beam.name()], &[]);
    let (from, _) = watcher.round(0, beam.name());
    beam.eval("[exit(P, kill) || P <- processes(), P =/= self(), {_, S} <- [process_info(P, current_stacktrace)], lists:keymember(erl_eval, 1, S), {_, high} <- [process_info(P, priority)]], ok");
    let (from, lost) = watcher.wait(from, "the loss", |line| line["event"] == "lost");
    assert!(lost["problem"].as_str().unwrap().contains("killed"), "{lost}");
    let (from, _) = watcher.wait(from, "another guest", |line| line["event"] == "joined");
    watcher.round(from, beam.name());
}

/// A node that restarts is watched again.
#[test]
fn a_node_that_restarts_is_seen_again() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    let watcher = Watcher::start(&epmd, &[beam.name()], &[]);
    let (from, _) = watcher.round(0, beam.name());
    beam.kill();
    let again = beam.restart();
    let (from, _) = watcher.wait(from, "the loss", |line| line["event"] == "lost");
    let (from, _) = watcher.wait(from, "the new node", |line| line["event"] == "joined");
    watcher.round(from, again.name());
}
