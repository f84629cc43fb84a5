//! `mix outrigger.top` and `mix outrigger.watch` in a terminal of their own: the virtual machine lends them its terminal, and they end with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use outrigger_testkit::{Beam, COOKIE, Epmd, LONG, Process, outrigger, package};

struct Screen {
    file: PathBuf,
    script: Process,
    _folder: tempfile::TempDir,
}

impl Screen {
    /// In the package's own folder, which is compiled, and where nothing is compiled now.
    fn start(epmd: &Epmd, command: &str) -> Self {
        let ebin = package().last().unwrap();
        let build = ebin.ancestors().nth(3).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("screen");
        let mut script = Command::new("script");
        script
            .args(["--quiet", "--return", "--flush", "--command"])
            .arg(format!(
                "trap : INT; stty rows 40 cols 150; echo SET $(stty -g); {command}; code=$?; echo; echo SET $(stty -g); exit $code"
            ))
            .arg(&file)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
            .env("ERL_EPMD_PORT", epmd.port().to_string())
            .env("OUTRIGGER_COOKIE", COOKIE)
            .env("OUTRIGGER_BINARY", outrigger().get_program())
            .env("OUTRIGGER_PREBUILT", "1")
            .env("MIX_BUILD_PATH", build)
            .env("TERM", "xterm");
        let script = Process::start(command, script, "it is in util-linux");
        Self { file, script, _folder: folder }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.file).unwrap_or_default()).into_owned()
    }

    #[track_caller]
    fn wait(&self, text: &str) {
        let deadline = Instant::now() + LONG;
        while !self.text().contains(text) {
            assert!(
                Instant::now() < deadline && self.script.is_running(),
                "no {text:?} on {:?}",
                self.text()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The terminal's settings before and after are the same.
    #[track_caller]
    fn assert_left_as_it_was(&self) {
        let text = self.text();
        let settings: Vec<&str> =
            text.lines().filter(|line| line.starts_with("SET ")).map(str::trim_end).collect();
        assert_eq!((settings.len(), settings.first()), (2, settings.last()), "{text:?}");
    }
}

#[test]
fn top_has_the_keys_to_itself_and_leaves_the_terminal_as_it_was() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    beam.eval("register(hog, spawn(fun() -> (fun Loop() -> lists:seq(1, 500), Loop() end)() end)), ok");
    for end in [&b"q"[..], b"\x03"] {
        let screen =
            Screen::start(&epmd, &format!("mix outrigger.top {} --every 200ms --duty 50", beam.name()));
        screen.wait("hog");
        // Each of them arrives: a lost one leaves the help on the screen, over which nothing is written.
        for _ in 0..5 {
            let shown = screen.text().len();
            screen.script.write(b"?");
            let deadline = Instant::now() + LONG;
            while !screen.text()[shown..].contains("durations") {
                assert!(Instant::now() < deadline, "no help on {:?}", &screen.text()[shown..]);
                thread::sleep(Duration::from_millis(20));
            }
            screen.script.write(b"?");
        }
        screen.script.write(end);
        let status = screen.script.wait_exit(LONG);
        assert!(status.success(), "{:?}", screen.text());
        assert!(screen.text().contains("\u{1b}[?1049l"), "{:?}", screen.text());
        screen.assert_left_as_it_was();
    }
    beam.wait_until("erlang:statistics(scheduler_wall_time) =:= undefined", LONG);
}

#[test]
fn watch_writes_as_it_goes_and_ends_with_the_virtual_machine() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    let screen = Screen::start(&epmd, &format!("mix outrigger.watch {} --every 200ms", beam.name()));
    screen.wait("sched");
    beam.wait_until("nodes(hidden) =/= []", LONG);
    // The break menu, and its `a`: the virtual machine is gone without a word to anybody.
    screen.script.write(b"\x03");
    screen.wait("BREAK");
    screen.script.write(b"a\n");
    screen.script.wait_exit(LONG);
    beam.wait_until("nodes(hidden) =:= []", LONG);
    screen.assert_left_as_it_was();
}
