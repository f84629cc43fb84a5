//! Ticks against a real BEAM, on a shortened `net_ticktime`.
//!
//! The arithmetic: with the usual `net_ticktime` of 60 s a BEAM looks every 60 / 4 = 15 s and drops a link after 60 to
//! 75 s of silence. Ten idle minutes are 600 / 60 = 10 tick times. With 4 s a look is every second, the drop comes after 4 to 5 s,
//! and ten tick times are 40 s; the first drop would come within 5 s. 21 s are five tick times: five times the chance to
//! be dropped, each of which is the same event as at 60 s, so more only repeats them.

use std::time::{Duration, Instant};

use outrigger_testkit::{Beam, Epmd, LONG, RustNode};

const TICKTIME: u32 = 4;
const IDLE: Duration = Duration::from_secs(21);

/// Counts every nodedown of the node from now on, under the registered name `downs`.
fn count_downs(beam: &Beam) {
    beam.eval(
        "spawn(fun() -> register(downs, self()), net_kernel:monitor_nodes(true, [{node_type, all}]), \
         receive stop -> ok end end), ok",
    );
    beam.wait_until("is_pid(whereis(downs))", LONG);
}

fn downs(beam: &Beam) -> String {
    beam.eval(
        "{messages, M} = process_info(whereis(downs), messages), [D || D <- M, element(1, D) =:= nodedown]",
    )
}

#[test]
fn row_14_an_idle_link_stays_up_for_five_tick_times() {
    let epmd = Epmd::start();
    // One that we dial and one that dials us; one whose net_ticktime is shorter than ours.
    let dialled = Beam::options("dialled").net_ticktime(TICKTIME).epmd(&epmd).start();
    let dials = Beam::options("dials").net_ticktime(TICKTIME).epmd(&epmd).start();
    let same = RustNode::options("same").net_ticktime(TICKTIME).epmd(&epmd).join(dialled.name()).start();
    let usual = RustNode::options("usual").epmd(&epmd).join(dialled.name()).start();
    same.wait_joined(dialled.name());
    usual.wait_joined(dialled.name());
    assert_eq!(dials.eval(&format!("net_adm:ping('{}')", same.name())), "pong");
    assert_eq!(dials.eval(&format!("net_adm:ping('{}')", usual.name())), "pong");
    same.wait_joined(dials.name());
    usual.wait_joined(dials.name());
    for beam in [&dialled, &dials] {
        count_downs(beam);
    }
    // The only wait for time in the suite: that nothing happens for so long is what is tested.
    let until = Instant::now() + IDLE;
    for rust in [&same, &usual] {
        let left = until.saturating_duration_since(Instant::now());
        let fell = rust.process().lines().wait(0, left, |line| line.contains("left"));
        assert!(fell.is_err(), "a link fell: {fell:?}");
    }
    for beam in [&dialled, &dials] {
        assert_eq!(downs(beam), "[]");
        assert_eq!(beam.eval("length(nodes(hidden))"), "2");
        for rust in [&same, &usual] {
            assert!(rust.process().is_running());
            assert_eq!(beam.eval(&format!("net_adm:ping('{}')", rust.name())), "pong");
        }
    }
}

#[test]
fn row_14_a_stopped_peer_is_dropped_at_the_deadline_and_nobody_else() {
    let epmd = Epmd::start();
    let stopped = Beam::options("stopped").net_ticktime(TICKTIME).epmd(&epmd).start();
    let steady = Beam::options("steady").net_ticktime(TICKTIME).epmd(&epmd).start();
    let joins = format!("{},{}", stopped.name(), steady.name());
    let rust = RustNode::options("rust").net_ticktime(TICKTIME).epmd(&epmd).join(&joins).start();
    rust.wait_joined(stopped.name());
    rust.wait_joined(steady.name());
    count_downs(&steady);
    let from = rust.process().lines().count();
    let since = Instant::now();
    stopped.process().stop();
    rust.wait_left(from, stopped.name());
    let took = since.elapsed();
    // Up to a quarter of the tick time may have passed in silence before the stop; the upper end is the suite's load.
    assert!(took >= Duration::from_secs(3), "dropped after {took:?}, before a tick time of silence");
    assert!(took <= Duration::from_secs(15), "dropped only after {took:?}");
    rust.wait_log(from, LONG, &[stopped.name(), "nothing was heard for"]);
    assert!(!rust.process().lines().seen(from, |line| line.contains("left") && line.contains(steady.name())));
    assert_eq!(downs(&steady), "[]");
    assert_eq!(steady.eval(&format!("net_adm:ping('{}')", rust.name())), "pong");
    // And back when it goes on.
    stopped.process().cont();
    rust.wait_joined_from(from, stopped.name());
    assert_eq!(stopped.eval(&format!("net_adm:ping('{}')", rust.name())), "pong");
}
