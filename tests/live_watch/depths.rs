//! What lies deeper: tables, ports, allocators, and what threads do with their time. Each is what the node itself says.

use outrigger_testkit::{Beam, Epmd, LONG};
use serde_json::{Value, json};

use crate::watcher::{Watcher, figure};

const FIXTURE: &str = include_str!("depths.erl");

fn start(args: &[&str]) -> (Epmd, Beam) {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).args(args).start();
    beam.load(FIXTURE);
    (epmd, beam)
}

fn is_round(line: &Value) -> bool {
    line["event"] == "round"
}

/// The row of a list whose owner has this name.
fn owned<'a>(round: &'a Value, list: &str, owner: &str, key: &str, is: &str) -> Option<&'a Value> {
    round[list].as_array()?.iter().find(|row| row["owner"]["name"] == owner && row[key] == is)
}

/// The value of a metric with these labels, if it was read in this round.
fn labelled(round: &Value, metric: &str, labels: &Value) -> Option<f64> {
    let mut figures = round["figures"].as_array()?.iter();
    figures.find(|figure| figure["metric"] == metric && figure["labels"] == *labels)?["value"].as_f64()
}

#[test]
fn the_largest_table_is_named_with_its_owner() {
    let (epmd, beam) = start(&[]);
    // What owns tables has to stay.
    beam.eval("register(tables, spawn(fun() -> depths:hoard(), persistent_term:put(hoarded, true), receive stop -> ok end end)), ok");
    beam.wait_until("persistent_term:get(hoarded, false)", LONG);
    let watcher = Watcher::start(&epmd, &[beam.name()], &["--tables", "3"]);
    let (from, round) =
        watcher.wait(0, "a whole walk", |line| is_round(line) && figure(line, "ets.top_memory").is_some());
    let bytes =
        beam.eval_number("ets:info(persistent_term:get(table), memory) * erlang:system_info(wordsize)");
    let top = &round["tables"][0];
    assert_eq!((&top["name"], &top["owner"]["name"]), (&json!("orders"), &json!("hoarder")), "{top}");
    assert_eq!((&top["type"], &top["objects"]), (&json!("ordered_set"), &json!(50_000)));
    assert!(
        beam.eval("ref_to_list(ets:info(persistent_term:get(table), id))")
            .contains(top["id"].as_str().unwrap()),
        "{top}"
    );
    assert!(top["bytes"].as_u64().unwrap().abs_diff(bytes) <= 4096, "{top}, and {bytes} bytes");
    assert_eq!(figure(&round, "ets.top_memory"), top["bytes"].as_f64());
    let names: Vec<&Value> = round["tables"].as_array().unwrap().iter().map(|table| &table["name"]).collect();
    assert_eq!(names, ["orders", "first", "last"], "from all parts of the walk");
    beam.eval("whereis(hoarder) ! stop");
    let another = |line: &Value| is_round(line) && line["tables"][0]["owner"]["name"] != "hoarder";
    watcher.wait(from, "another one, for it is gone", another);
    assert!(!watcher.process().dump().contains("hush"), "an object was read");
}

/// What the walks say of a socket adds up to the bytes that went through it.
#[test]
fn a_port_shows_what_it_moves() {
    const SENT: f64 = 1e7;
    let (epmd, beam) = start(&[]);
    beam.eval("register(sockets, spawn(fun() -> depths:moving(), persistent_term:put(moving, true), receive stop -> ok end end)), ok");
    beam.wait_until("persistent_term:get(moving, false)", LONG);
    let watcher = Watcher::start(&epmd, &[beam.name()], &["--tables", "0"]);
    let rate = |line: &Value, owner: &str, way: &str| {
        owned(line, "ports", owner, "driver", "tcp_inet")?[way].as_f64()
    };
    let is_walk = |line: &Value| is_round(line) && figure(line, "port.top_io").is_some();
    let (mut from, round) = watcher.wait(0, "a walk", is_walk);
    assert_eq!(rate(&round, "sender", "out_per_s"), Some(0.0), "{round}");
    let program = owned(&round, "ports", "sender", "driver", "env");
    assert!(program.is_some(), "the program's name alone: {}", round["ports"]);
    beam.eval("whereis(sender) ! go");
    let (mut sent, mut came, mut top) = (0.0, 0.0, 0.0_f64);
    let mut before = round["at_ms"].as_f64().unwrap();
    loop {
        let (next, round) = watcher.wait(from, "the next walk", is_walk);
        let now = round["at_ms"].as_f64().unwrap();
        let (out, into) = (rate(&round, "sender", "out_per_s"), rate(&round, "sink", "in_per_s"));
        sent += out.unwrap() * (now - before) / 1e3;
        came += into.unwrap() * (now - before) / 1e3;
        top = top.max(figure(&round, "port.top_io").unwrap());
        (from, before) = (next, now);
        if sent > SENT / 2.0 && out == Some(0.0) && into == Some(0.0) {
            break;
        }
    }
    let near = |bytes: f64| (bytes - SENT).abs() < SENT / 10.0;
    assert!(near(sent) && near(came), "{sent} bytes out, {came} in");
    assert!(top > 1e5, "{top}");
    assert!(!watcher.process().dump().contains("hush"), "a command line was read");
}

#[test]
fn allocators_hold_what_the_node_adds_up_itself() {
    let (epmd, beam) = start(&[]);
    let watcher = Watcher::start(&epmd, &[beam.name()], &["--tables", "0", "--ports", "0"]);
    let read = |line: &Value, metric: &str, allocator: &str| {
        is_round(line).then(|| labelled(line, metric, &json!({"allocator": allocator}))).flatten()
    };
    let (mut from, _) =
        watcher.wait(0, "allocators", |line| read(line, "memory.carriers", "eheap_alloc").is_some());
    for allocator in ["eheap_alloc", "ets_alloc", "ll_alloc", "binary_alloc", "std_alloc"] {
        let own = |place: u32| {
            beam.eval_number(&format!("element({place}, lists:keyfind({allocator}, 1, depths:allocators()))"))
                as f64
        };
        let (carriers, blocks) = (own(2), own(3));
        // A heap grows and shrinks from one moment to the next; what is wrong stays wrong.
        let near = |value: f64, of: f64| (value - of).abs() <= of * 0.05 + f64::from(1 << 20);
        let (next, round) = watcher.wait(from, allocator, |line| {
            read(line, "memory.carriers", allocator).is_some_and(|value| near(value, carriers))
                && read(line, "memory.blocks", allocator).is_some_and(|value| near(value, blocks))
        });
        from = next;
        assert!(read(&round, "memory.blocks", allocator) <= read(&round, "memory.carriers", allocator));
    }
    let sum: f64 =
        beam.eval_number("lists:sum([Carriers || {_, Carriers, _} <- depths:allocators()])") as f64;
    let all = |line: &Value| -> f64 {
        let figures = line["figures"].as_array().unwrap().iter();
        figures
            .filter(|figure| figure["metric"] == "memory.carriers")
            .filter_map(|figure| figure["value"].as_f64())
            .sum()
    };
    watcher.wait(from, "all of them", |line| is_round(line) && (all(line) - sum).abs() <= sum * 0.1);
}

/// One of four schedulers is busy; the shares of the rounds are those of the same counters, read by the node over the same time.
#[test]
fn threads_say_what_they_do() {
    let (epmd, beam) = start(&["+S", "4:4", "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"]);
    beam.eval("spawn(fun Loop() -> lists:seq(1, 500), Loop() end), ok");
    let args = ["--states", "--processes", "0", "--tables", "0", "--ports", "0"];
    let watcher = Watcher::start(&epmd, &[beam.name()], &args);
    let share = |line: &Value, state: &str| {
        let labels = json!({"thread": "scheduler", "state": state});
        is_round(line).then(|| labelled(line, "sched.state", &labels)).flatten()
    };
    let next = |from| watcher.wait(from, "shares", |line| share(line, "emulator").is_some());
    let (mut from, round) = next(0);
    beam.eval("depths:mark()");
    let began = round["at_ms"].as_f64().unwrap();
    let (mut before, mut sums) = (began, [0.0, 0.0]);
    while before < began + 3e3 {
        let (behind, round) = next(from);
        let now = round["at_ms"].as_f64().unwrap();
        for (sum, state) in sums.iter_mut().zip(["emulator", "sleep"]) {
            *sum += share(&round, state).unwrap() * (now - before);
        }
        (from, before) = (behind, now);
    }
    let own = beam.eval("depths:shares()");
    let own = own.trim_matches(['[', ']']).split(',').map(|part| part.trim().parse::<f64>().unwrap() / 1e4);
    for (sum, own) in sums.iter().zip(own) {
        let seen = sum / (before - began);
        assert!((seen - own).abs() <= 0.05, "{seen}, and {own} as the node has it");
    }
}

/// It is a flag of the whole node, which nobody holds: put back as it was after the last of those who look, however they end.
#[test]
fn the_flag_of_states_is_left_as_it_was_found() {
    let (epmd, beam) = start(&[]);
    let counting = |watcher: &Watcher| {
        let has = |line: &Value| is_round(line) && line["figures"].to_string().contains("sched.state");
        watcher.wait(0, "states", has).0
    };
    let watch = || Watcher::start(&epmd, &[beam.name()], &["--states"]);
    assert_eq!(beam.eval("depths:is_counting()"), "false");
    let (one, two) = (watch(), watch());
    counting(&one);
    counting(&two);
    let keeper = "is_pid(whereis(outrigger_states))";
    let guests = "length(element(2, process_info(whereis(outrigger_states), monitors)))";
    assert_eq!(beam.eval_number(guests), 2, "one keeper for both");
    one.process().kill();
    beam.wait_until(&format!("{guests} =:= 1"), LONG);
    assert_eq!(beam.eval("depths:is_counting()"), "true", "somebody still looks");
    two.process().kill();
    beam.wait_until(&format!("not {keeper}"), LONG);
    assert_eq!(beam.eval("depths:is_counting()"), "false");

    let clean = Watcher::start(&epmd, &[beam.name()], &["--states", "--for", "3s"]);
    counting(&clean);
    beam.wait_until(&format!("not {keeper}"), LONG);
    assert_eq!(beam.eval("depths:is_counting()"), "false", "after a clean end");

    beam.eval("erlang:system_flag(microstate_accounting, true)");
    let guest = watch();
    counting(&guest);
    guest.process().kill();
    beam.wait_until(&format!("not {keeper}"), LONG);
    assert_eq!(beam.eval("depths:is_counting()"), "true", "it was somebody else's");
    // Whoever clears it is not overruled.
    let overruled = watch();
    let from = counting(&overruled);
    beam.eval("erlang:system_flag(microstate_accounting, false)");
    let (from, _) = overruled.wait(from, "a round without", |line| {
        is_round(line)
            && !line["figures"].to_string().contains("sched.state")
            && !line["earlier"].to_string().contains("sched.state")
    });
    overruled.round(from, beam.name());
    assert_eq!(beam.eval("depths:is_counting()"), "false");
}
