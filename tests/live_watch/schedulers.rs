//! Schedulers, processes and the cluster's views.

use outrigger_testkit::{Beam, Epmd, LONG};

use crate::watcher::{Watcher, figure};

/// k of N schedulers are busy: k/N, and equal to what `scheduler:utilization/1` of the node itself says of the same time.
#[test]
fn utilisation_is_the_share_of_busy_schedulers() {
    let epmd = Epmd::start();
    let beam = Beam::options("app")
        .epmd(&epmd)
        .args(&["+S", "4:4", "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"])
        .start();
    beam.eval("[spawn(fun Loop() -> lists:seq(1, 500), Loop() end) || _ <- lists:seq(1, 3)], ok");
    let watcher = Watcher::start(&epmd, &[beam.name()], &["--processes", "0"]);
    // Until the schedulers have spread the work: balancing takes a moment.
    let near = |value: f64, of: f64| (value - of).abs() <= 0.03;
    let (at, _) = watcher.wait(0, "3 of 4 schedulers", |line| {
        line["event"] == "round" && figure(line, "sched.util").is_some_and(|util| near(util, 0.75))
    });
    // The oracle takes its time, and the rounds of that time are compared with it.
    let busy = beam.eval_number(
        "begin erlang:system_flag(scheduler_wall_time, true), A = scheduler:get_sample(), timer:sleep(3000), B = scheduler:get_sample(), \
         Shares = [Share || {normal, _, Share, _} <- scheduler:utilization(A, B)], round(lists:sum(Shares) / length(Shares) * 10000) end",
    );
    let util = busy as f64 / 1e4;
    let mut from = at;
    let mut seen = Vec::new();
    while watcher.process().lines().matching(from, |line| line.contains("sched.util")) > 0 {
        let (next, round) = watcher.round(from, beam.name());
        seen.extend(figure(&round, "sched.util"));
        from = next;
    }
    let mean = seen.iter().sum::<f64>() / seen.len() as f64;
    assert!(near(mean, util), "{mean} of {} rounds, and {util} as the node has it", seen.len());
    assert!(near(util, 0.75), "{util}");
}

/// The busiest process, the longest mailbox and the largest heap are found among ten thousand.
#[test]
fn those_that_stand_out_are_named() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    beam.eval(
        "[spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, 10000)], \
         register(hog, spawn(fun Loop() -> lists:seq(1, 500), Loop() end)), \
         register(laggard, spawn(fun() -> receive stop -> ok end end)), [laggard ! N || N <- lists:seq(1, 5000)], \
         register(giant, spawn(fun() -> L = lists:seq(1, 2000000), receive stop -> L end end)), \
         register(hoarder, spawn(fun() -> L = [binary:copy(<<0>>, 1000000) || _ <- lists:seq(1, 30)], receive stop -> L end end)), ok",
    );
    let watcher = Watcher::start(&epmd, &[beam.name()], &["--processes", "3"]);
    let named = |round: &serde_json::Value, name: &str| {
        round["processes"].as_array().unwrap().iter().find(|process| process["name"] == name).cloned()
    };
    let (_, round) = watcher.wait(0, "all of them", |line| {
        line["event"] == "round"
            && ["laggard", "giant"].iter().all(|name| named(line, name).is_some())
            && named(line, "hog").is_some_and(|hog| hog["reductions_per_s"].as_f64().unwrap() > 1e6)
    });
    assert_eq!(named(&round, "laggard").unwrap()["mailbox"], 5000);
    assert!(named(&round, "giant").unwrap()["memory"].as_u64().unwrap() > 32_000_000);
    assert_eq!(round["processes"][0]["name"], "hog", "by work");
    assert_eq!(figure(&round, "process.top_mailbox"), Some(5000.0));
    assert!(figure(&round, "process.count").unwrap() > 10_000.0);
}

/// One link of three is cut: who misses whom is counted on both sides, and the third sees no difference of its own.
#[test]
fn a_cut_link_shows_in_the_views() {
    let epmd = Epmd::start();
    let beams = ["a", "b", "c"].map(|short| {
        Beam::options(short)
            .epmd(&epmd)
            .args(&["-kernel", "dist_auto_connect", "never", "prevent_overlapping_partitions", "false"])
            .start()
    });
    let names = beams.each_ref().map(Beam::name);
    let connect = |from: &Beam, to: &str| from.eval(&format!("net_kernel:connect_node('{to}')"));
    connect(&beams[0], names[1]);
    connect(&beams[0], names[2]);
    connect(&beams[1], names[2]);
    let watcher = Watcher::start(&epmd, &names, &["--processes", "0"]);
    let skew = |line: &serde_json::Value, node: &str| {
        (line["event"] == "round" && line["node"] == node).then(|| figure(line, "cluster.skew")).flatten()
    };
    let mut from = 0;
    for name in names {
        from = from.max(watcher.wait(0, "equal views", |line| skew(line, name) == Some(0.0)).0);
    }
    beams[0].eval(&format!("erlang:disconnect_node('{}')", names[1]));
    beams[0].wait_until(&format!("not lists:member('{}', nodes())", names[1]), LONG);
    for (name, expected) in [(names[0], 2.0), (names[1], 2.0)] {
        watcher.wait(from, "a view that differs", |line| skew(line, name) == Some(expected));
    }
    watcher.wait(from, "the third", |line| skew(line, names[2]) == Some(0.0));
}

/// A fresh node has none; a process whose parent has ended and that nobody is linked to is one, a supervised one is not.
#[test]
fn orphans_are_named() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    beam.eval("[application:ensure_all_started(A) || A <- [ssl, inets, os_mon, mnesia]], ok");
    let watcher = Watcher::start(&epmd, &[beam.name()], &[]);
    let count = |line: &serde_json::Value| {
        (line["event"] == "round").then(|| figure(line, "process.orphans")).flatten()
    };
    let (from, fresh) = watcher.wait(0, "two walks", |line| count(line).is_some());
    let named = |line: &serde_json::Value| -> Vec<String> {
        line["orphans"].as_array().unwrap().iter().map(|process| process["name"].to_string()).collect()
    };
    assert_eq!(named(&fresh), ["\"kit_control\""], "a bare `spawn` of the kit's, whose parent has ended");
    beam.eval(
        "spawn(fun() -> register(lost, spawn(fun() -> receive stop -> ok end end)), \
         register(kept, spawn(fun() -> register(child, spawn_link(fun() -> receive stop -> ok end end)), receive stop -> ok end end)) end), ok",
    );
    let (_, round) = watcher.wait(from, "two orphans more", |line| count(line) == Some(3.0));
    let mut names = named(&round);
    names.sort();
    assert_eq!(names, ["\"kept\"", "\"kit_control\"", "\"lost\""], "the child has a parent");
}

/// Whoever is asked for what is known of it is put into a run queue for it.
#[test]
fn the_run_queue_is_the_node_s_own_and_not_of_a_walk() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).args(&["+S", "1:1"]).start();
    beam.eval("[spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, 1000)], ok");
    let watcher = Watcher::start(&epmd, &[beam.name()], &[]);
    let mut next = 0;
    for _ in 0..5 {
        let (behind, round) = watcher.round(next, beam.name());
        let queued = figure(&round, "runq.total").unwrap();
        assert!(queued < 50.0, "{queued} wait on a node that does nothing");
        next = behind;
    }
}
