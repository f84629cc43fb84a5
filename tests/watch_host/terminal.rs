//! `outrigger top` in a terminal of its own: util-linux's `script` makes one.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use outrigger_testkit::{Beam, COOKIE, Epmd, LONG, Process, outrigger};

#[test]
fn it_shows_a_node_until_somebody_quits_and_leaves_the_terminal_as_it_was() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    beam.eval("register(hog, spawn(fun Loop() -> lists:seq(1, 500), Loop() end)), ok");
    let program = outrigger().get_program().to_string_lossy().into_owned();
    let folder = tempfile::tempdir().unwrap();
    let shown = folder.path().join("screen");
    let mut command = Command::new("script");
    command
        .args(["--quiet", "--return", "--flush", "--command"])
        .arg(format!("stty rows 40 cols 150; {program} top {} --every 200ms --duty 50", beam.name()))
        .arg(&shown)
        .env("ERL_EPMD_PORT", epmd.port().to_string())
        .env("OUTRIGGER_COOKIE", COOKIE)
        .env("TERM", "xterm");
    let top = Process::start("outrigger top", command, "it is in util-linux");
    let screen = || fs::read_to_string(&shown).unwrap_or_default();
    let deadline = Instant::now() + LONG;
    while !screen().contains("hog") {
        assert!(Instant::now() < deadline && top.is_running(), "no process on {:?}", screen());
        thread::sleep(Duration::from_millis(20));
    }
    top.write(b"q");
    let status = top.wait_exit(LONG);
    let screen = screen();
    assert!(status.success(), "{screen}");
    for text in [beam.name(), "OTP ", "\u{1b}[?1049l"] {
        assert!(screen.contains(text), "no {text:?} in {screen:?}");
    }
    beam.wait_until("erlang:statistics(scheduler_wall_time) =:= undefined", LONG);
}

#[test]
fn without_a_terminal_it_says_what_to_use() {
    let output = outrigger().args(["top", "app@127.0.0.1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("outrigger watch --json"));
}
