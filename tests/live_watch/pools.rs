//! Who has the connections of a pool, who waits, and for how long. The pool is the stand-in of `pool.erl`.

use outrigger_testkit::{Beam, Epmd, LONG};
use serde_json::Value;

use crate::watcher::{Watcher, figure};

const POOL: &str = include_str!("pool.erl");
const DRIVER: &str = include_str!("driver.erl");

fn pool(line: &Value) -> Option<&Value> {
    (line["event"] == "round")
        .then(|| line["pools"].as_array().unwrap().iter().find(|pool| pool["name"] == "Elixir.App.Repo"))
        .flatten()
}

#[test]
fn five_connections_and_eight_clients() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    beam.load(DRIVER);
    beam.load(POOL);
    beam.eval("register(keeper, spawn(fun() -> pool:start('Elixir.App.Repo', 5), keeper ! up, receive stop -> ok end end)), ok");
    beam.wait_until("persistent_term:get({pool, pool}, none) =/= none", LONG);
    let watcher = Watcher::start(&epmd, &[beam.name()], &[]);
    let (from, idle) =
        watcher.wait(0, "an idle pool", |line| pool(line).is_some_and(|pool| pool["ready"] == 5));
    let idle = pool(&idle).unwrap();
    assert_eq!(
        (&idle["size"], &idle["queue_len"], &idle["head_age_ms"]),
        (&5.into(), &0.into(), &Value::Null)
    );
    assert_eq!(idle["queue_target_ms"], 50, "of Ecto's own table");

    beam.eval("[pool:client(60000) || _ <- lists:seq(1, 4)], pool:client(infinity), ok");
    beam.wait_until("length([P || P <- processes(), {_, {'Elixir.Postgrex.StandIn', deep, 1}} <- [process_info(P, current_function)]]) =:= 5", LONG);
    beam.eval("[pool:client(60000) || _ <- lists:seq(1, 3)], ok");
    let (from, round) =
        watcher.wait(from, "three who wait", |line| pool(line).is_some_and(|pool| pool["queue_len"] == 3));
    let seen = pool(&round).unwrap();
    assert_eq!(
        (&seen["ready"], &seen["checked_out"], &seen["connections"]),
        (&0.into(), &5.into(), &5.into())
    );

    // The age is of a moment between the question and the answer; the node's own clock is that of this machine.
    let since: u64 = beam.eval_number("pool:elapsed()");
    let answered = round["at_ms"].as_u64().unwrap();
    let way = (figure(&round, "probe.round").unwrap() * 1e3).ceil() as u64;
    let age = seen["head_age_ms"].as_u64().unwrap();
    assert!(
        age + 50 >= (answered - way).saturating_sub(since) && age <= answered - since + 50,
        "{age} ms, enqueued {since}, asked {}, answered {answered}",
        answered - way
    );

    let holders = seen["holders"].as_array().unwrap();
    assert_eq!(holders.len(), 5);
    let own: Vec<String> = beam
        .eval("lists:flatten(lists:join(\" \", [pid_to_list(P) || P <- processes(), {_, {'Elixir.Postgrex.StandIn', deep, 1}} <- [process_info(P, current_function)]]))")
        .trim_matches('"')
        .split(' ')
        .map(str::to_owned)
        .collect();
    for holder in holders {
        assert_eq!(holder["runs"], serde_json::json!(["pool", "hold_report", 0]));
        assert!(own.iter().any(|pid| holder["pid"] == **pid), "{holder} is none of {own:?}");
    }
    let left: Vec<&Value> = holders.iter().map(|holder| &holder["deadline_left_ms"]).collect();
    assert_eq!(left.iter().filter(|left| left.is_null()).count(), 1, "one has no deadline");
    assert!(left.iter().filter_map(|left| left.as_u64()).all(|left| left <= 60_000));
    for waiter in seen["waiters"].as_array().unwrap() {
        assert_eq!(waiter["runs"], serde_json::json!(["pool", "wait_for_one", 2]));
    }

    // Nobody lets go: those who hold are seen to hold for longer and longer, and then one of them does.
    let held = |line: &Value| pool(line).and_then(|pool| pool["holders"][0]["held_ms"].as_u64());
    let (from, _) =
        watcher.wait(from, "a hold of half a second", |line| held(line).is_some_and(|held| held > 500));
    beam.eval(&format!("list_to_pid(\"{}\") ! done", holders[0]["pid"].as_str().unwrap()));
    watcher.wait(from, "two who wait", |line| {
        pool(line).is_some_and(|pool| pool["queue_len"] == 2 && pool["checked_out"] == 5)
    });
    assert!(!watcher.process().dump().contains("secret"), "a state or a password was read");
    assert_eq!(
        beam.eval_number(
            "D = erlang:system_flag(backtrace_depth, 8), erlang:system_flag(backtrace_depth, D), D"
        ),
        8,
        "as it was found"
    );
}
