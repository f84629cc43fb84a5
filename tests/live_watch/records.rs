//! How a look ends: recordings are kept when a signal ends it, and refused before it begins where they could not be kept; who has seen enough ends it, too.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use outrigger_testkit::{Beam, COOKIE, Epmd, LONG, outrigger};
use serde_json::Value;

use crate::watcher::Watcher;

const SIGTERM: i32 = 15;

#[test]
fn a_recording_is_kept_when_the_look_is_ended() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("window.json");
    fs::write(&file, "of the day before").unwrap();
    let watcher = Watcher::start(&epmd, &[beam.name()], &["--record", file.to_str().unwrap()]);
    let (next, _) = watcher.round(0, beam.name());
    watcher.round(next, beam.name());
    assert_eq!(fs::read_to_string(&file).unwrap(), "of the day before");
    watcher.process().signal(SIGTERM);
    assert!(watcher.process().wait_exit(LONG).success());
    let window: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert!(window["nodes"][beam.name()].to_string().contains("sched.util"), "{window}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn where_nothing_can_be_kept_nobody_is_looked_at() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    let folder = tempfile::tempdir().unwrap();
    let mut command = outrigger();
    command.env("ERL_EPMD_PORT", epmd.port().to_string()).env("OUTRIGGER_COOKIE", COOKIE);
    command.args(["watch", beam.name(), "--for", "1h", "--record"]).arg(folder.path().join("not/there"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("cannot write") && said.contains("not/there"), "{said}");
}

#[test]
fn it_ends_when_its_reader_has_gone() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    let mut command = outrigger();
    command.env("ERL_EPMD_PORT", epmd.port().to_string()).env("OUTRIGGER_COOKIE", COOKIE);
    let mut watch =
        command.args(["watch", beam.name(), "--every", "200ms"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(watch.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.contains(beam.name()), "{first}");
    let deadline = Instant::now() + LONG;
    let status = loop {
        match watch.try_wait().unwrap() {
            Some(status) => break status,
            None if Instant::now() < deadline => sleep(Duration::from_millis(20)),
            None => {
                watch.kill().unwrap();
                panic!("it goes on, though nobody reads it");
            }
        }
    };
    assert!(status.success(), "{status}");
}
