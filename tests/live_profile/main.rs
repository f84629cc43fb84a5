//! `outrigger profile` beside real BEAM nodes: work of a known split is shown as it is, and the node is left as it was.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

use std::fs;
use std::process::{Command, Output, Stdio};

use outrigger_testkit::{Beam, COOKIE, Epmd, LONG, Process, outrigger};
use serde_json::Value;
use tempfile::TempDir;

const SPLIT: &str = include_str!("split.erl");
/// A heap of more than 8 Mi words, and its collection, over and over.
const LARGE: &str = "spawn(fun() -> (fun F() -> L = lists:seq(1, 6000000), garbage_collect(), 6000000 = length(L), \
    receive after 50 -> F() end end)() end), ok";

/// A node that works, and a folder for what is written.
struct Scene {
    epmd: Epmd,
    beam: Beam,
    folder: TempDir,
}

impl Scene {
    fn start() -> Self {
        let epmd = Epmd::start();
        let beam = Beam::options("app").epmd(&epmd).args(&["+S", "2"]).start();
        beam.load(SPLIT);
        beam.eval("split:start()");
        Self { epmd, beam, folder: tempfile::tempdir().unwrap() }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = outrigger();
        command.env("ERL_EPMD_PORT", self.epmd.port().to_string()).env("OUTRIGGER_COOKIE", COOKIE);
        command.args(["profile", self.beam.name()]).args(args).current_dir(self.folder.path());
        command
    }

    #[track_caller]
    fn profile(&self, args: &[&str]) -> Value {
        let Output { status, stdout, stderr } =
            self.command(args).arg("--json").stdin(Stdio::null()).output().unwrap();
        assert!(status.success(), "{args:?}: {}", String::from_utf8_lossy(&stderr));
        serde_json::from_slice(&stdout).unwrap()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// Nobody of ours is there, and nothing that we have set.
    fn wait_clean(&self) {
        self.beam.wait_until(
            "[] =:= [P || P <- processes(), {initial_call, {erl_eval, _, _}} <- [process_info(P, initial_call)]]",
            LONG,
        );
        self.beam.wait_until("undefined =:= erlang:system_monitor()", LONG);
        self.beam.wait_until(&depth_is(8), LONG);
    }
}

/// The flag can only be read by setting it: it is set to what it was.
fn depth_is(depth: u32) -> String {
    format!(
        "begin Depth = erlang:system_flag(backtrace_depth, 8), \
         erlang:system_flag(backtrace_depth, Depth), Depth =:= {depth} end"
    )
}

/// What a frame takes of the worker's time, in per cent.
fn share(profile: &Value, name: &str) -> f64 {
    let of = |name: &str| {
        let functions = profile["functions"].as_array().unwrap();
        let found = functions.iter().find(|function| function["name"] == name);
        found.map_or(0.0, |function| function["total"].as_f64().unwrap())
    };
    of(name) * 100.0 / of("worker")
}

#[test]
fn a_known_split_is_shown_as_it_is() {
    let scene = Scene::start();
    let profile = scene.profile(&[
        "--for",
        "10s",
        "--rate",
        "400",
        "--duty",
        "40",
        "--out",
        "split",
        "--compare",
        "/dev/null",
    ]);
    let samples = profile["samples"].as_u64().unwrap();
    for (name, percent) in [("split:a/0", 20.0), ("split:b/0", 10.0), ("split:c/0", 70.0)] {
        let shown = share(&profile, name);
        assert!((shown - percent).abs() < 4.0, "{name}: {shown:.1} % of {samples} samples, not {percent} %");
    }
    // Whole stacks, from the process's start on.
    let folded = scene.read("split.folded");
    let line = "worker;proc_lib:init_p_do_apply/3;split:loop/0;split:c/0;split:burn/1;split:unit/1 ";
    assert!(folded.lines().any(|of| of.starts_with(line)), "{folded}");
    assert!(!folded.contains("erl_eval"), "what we run there ourselves is not shown: {folded}");
    assert!(scene.read("split.svg").contains("split:unit/1"));
    assert!(scene.read("split.changes.svg").contains("split:unit/1"));
    let html = scene.read("split.html");
    assert!(html.contains("Where the time went") && html.contains("<polyline"), "graph and charts");
    assert!(!html.contains("http://") || !html.contains("src=\"http"), "nothing is loaded from anywhere");
    assert_eq!(profile["events"]["held"], "held");
    scene.wait_clean();
}

#[test]
fn the_busiest_processes_are_told_apart() {
    let scene = Scene::start();
    scene.beam.eval("register(second, proc_lib:spawn(split, loop, [])), ok");
    let profile = scene.profile(&["--for", "3s", "--rate", "200", "--duty", "40", "--by", "pid", "--lines"]);
    let processes = profile["processes"].as_array().unwrap();
    let mut names: Vec<&str> =
        processes.iter().take(2).filter_map(|process| process["name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["second", "worker"]);
    assert_eq!(processes[0]["started"], "split:loop/0");
    let folded = scene.read(&format!("{}.folded", scene.beam.name().split_once('@').unwrap().0));
    assert!(
        folded.contains("> worker;") && folded.contains("(split.erl:") || folded.contains(".erl:"),
        "{folded}"
    );
    scene.wait_clean();
}

#[test]
fn who_monitors_the_system_is_not_driven_out() {
    let scene = Scene::start();
    scene.beam.eval("erlang:system_monitor(whereis(worker), [{long_gc, 5000}]), ok");
    let profile = scene.profile(&["--for", "1s"]);
    let worker = scene.beam.eval("list_to_binary(pid_to_list(whereis(worker)))");
    let release: u32 = scene.beam.eval("erlang:system_info(otp_release)").trim_matches('"').parse().unwrap();
    if release < 28 {
        let by = profile["events"]["held"]["taken"].as_str().unwrap();
        assert_eq!(format!("<<\"{by}\">>"), worker);
    } else {
        assert_eq!(profile["events"]["held"], "held", "by a session of our own");
    }
    assert_eq!(scene.beam.eval("element(1, erlang:system_monitor()) =:= whereis(worker)"), "true");
}

#[test]
fn slow_and_large_things_are_reported() {
    let scene = Scene::start();
    scene.beam.eval(LARGE);
    let profile = scene.profile(&["--for", "4s"]);
    let counts = profile["events"]["counts"].as_array().unwrap();
    let count = counts.iter().find(|count| count[0] == "large_heap");
    assert!(count.is_some_and(|count| count[1].as_u64().unwrap() > 0), "{}", profile["events"]);
    let last = profile["events"]["last"].as_array().unwrap();
    let event = last.iter().find(|event| event["kind"] == "large_heap").unwrap();
    assert!(event["who"].as_str().unwrap().starts_with('<'), "{event}");
    let figures = event["figures"].as_array().unwrap();
    assert!(
        figures.iter().any(|figure| figure[0] == "heap_block_size" || figure[0] == "heap_size"),
        "{event}"
    );
    scene.wait_clean();
}

#[test]
fn a_watch_has_the_same_events_as_metrics() {
    let scene = Scene::start();
    scene.beam.eval(LARGE);
    let mut command = outrigger();
    command.env("ERL_EPMD_PORT", scene.epmd.port().to_string()).env("OUTRIGGER_COOKIE", COOKIE);
    // A walk over processes would wait for the one that collects, and the rounds for the walk.
    command.args(["watch", scene.beam.name(), "--for", "5s", "--events", "--processes", "0", "--duty", "50"]);
    command.arg("--json").stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let rounds = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let figures = rounds.filter_map(|line| line["figures"].as_array().cloned()).flatten();
    let counts = figures.filter(|figure| figure["metric"] == "sys.large_heap");
    assert!(counts.map(|figure| figure["value"].as_f64().unwrap()).sum::<f64>() > 0.0, "{lines}");
    scene.wait_clean();
}

#[test]
fn a_kill_leaves_the_node_as_it_was() {
    let scene = Scene::start();
    let mut command = scene.command(&["--for", "60s"]);
    command.stdin(Stdio::null());
    let process = Process::start("outrigger profile", command, "cargo build -p outrigger");
    // From OTP 28 on the monitor is a session of ours, which this function does not tell of.
    scene.beam.wait_until(
        "undefined =/= erlang:system_monitor() orelse list_to_integer(erlang:system_info(otp_release)) >= 28",
        LONG,
    );
    scene.beam.wait_until(&depth_is(64), LONG);
    process.kill();
    scene.wait_clean();
}

#[test]
fn what_is_no_earlier_profile_is_said_before_anything_is_done() {
    let scene = Scene::start();
    fs::write(scene.folder.path().join("before.folded"), "a;b 1\nno count\n").unwrap();
    let output = scene.command(&["--compare", "before.folded"]).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("before.folded") && text.contains("line 2"), "{text}");
}

#[test]
fn what_cannot_be_written_is_not_profiled() {
    let scene = Scene::start();
    let output = scene.command(&["--for", "1h", "--out", "not/there"]).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("cannot write not/there.folded"), "{said}");
}

#[test]
fn who_sees_only_a_shell_at_work_is_told_how_to_show_it() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    beam.eval("spawn(fun Loop() -> lists:seq(1, 500), Loop() end), ok");
    let folder = tempfile::tempdir().unwrap();
    let mut command = outrigger();
    command.env("ERL_EPMD_PORT", epmd.port().to_string()).env("OUTRIGGER_COOKIE", COOKIE);
    command.args(["profile", beam.name(), "--for", "2s"]).current_dir(folder.path()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("--all shows that"), "{said}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "no file is left half-way");
}
