//! What the tests of the binary stand on: the binary and `erl` as children with captured output, killed by their
//! process ids when dropped, and an EPMD of the test's own.

#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic with its context is how a test reports")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// For what normally takes milliseconds; two busy cores may need more.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// The cookie of all nodes here.
pub(crate) const COOKIE: &str = "sesame-of-the-tests";

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A name that no other test uses, without its host.
pub(crate) fn unique(short: &str) -> String {
    format!("{short}_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed))
}

/// A port that nobody listens on right now, below the range that outgoing connections use.
pub(crate) fn free_port() -> u16 {
    let start = std::process::id().wrapping_mul(61) % 10_000;
    (0..10_000)
        .map(|_| 20_000 + (start + COUNTER.fetch_add(1, Ordering::Relaxed)) % 10_000)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|port| TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok())
        .expect("a free port")
}

/// The binary with a clean environment: no cookie, no home, no EPMD but this one.
pub(crate) fn outrigger(epmd_port: u16) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_outrigger"));
    command.env_remove("OUTRIGGER_COOKIE").env_remove("XDG_CONFIG_HOME").env("HOME", "/nonexistent");
    command.env("NO_COLOR", "1").env("ERL_EPMD_PORT", epmd_port.to_string());
    command
}

/// Runs a command that ends by itself.
pub(crate) fn output(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

#[derive(Default)]
struct Captured {
    lines: Mutex<Vec<String>>,
    news: Condvar,
}

/// A child whose standard output and error are one list of lines.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    captured: Arc<Captured>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program is there");
        let captured = Arc::<Captured>::default();
        capture(&captured, child.stdout.take().expect("piped"));
        capture(&captured, child.stderr.take().expect("piped"));
        Self { stdin: child.stdin.take(), child, captured }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn write(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("standard input is open");
        stdin.write_all(text.as_bytes()).expect("it reads");
        stdin.flush().expect("it reads");
    }

    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.captured.lines.lock().unwrap().clone()
    }

    /// Waits for a line that holds `part`.
    #[track_caller]
    pub(crate) fn wait(&self, part: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = self.captured.lines.lock().unwrap();
        loop {
            if let Some(line) = lines.iter().find(|line| line.contains(part)) {
                return line.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no line with {part:?} in {lines:#?}");
            lines = self.captured.news.wait_timeout(lines, left).unwrap().0;
        }
    }

    /// Waits for its end; how long that took.
    #[track_caller]
    pub(crate) fn wait_exit(&mut self) -> (ExitStatus, Duration) {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return (status, started.elapsed());
            }
            assert!(started.elapsed() < PATIENCE, "still running: {:#?}", self.lines());
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Sends a signal by name, with the `kill` program.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.pid().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().expect("kill runs").success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn capture(captured: &Arc<Captured>, pipe: impl Read + Send + 'static) {
    let captured = Arc::clone(captured);
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            captured.lines.lock().unwrap().push(line);
            captured.news.notify_all();
        }
    });
}

/// An EPMD on a port of its own.
pub(crate) struct Epmd {
    pub(crate) port: u16,
    _process: Running,
}

impl Epmd {
    pub(crate) fn start() -> Self {
        let port = free_port();
        let process = Running::start(Command::new("epmd").args(["-port", &port.to_string()]));
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < deadline, "epmd does not come up");
            thread::sleep(Duration::from_millis(10));
        }
        Self { port, _process: process }
    }
}

/// A BEAM node that evaluates what it is sent.
pub(crate) struct Beam {
    pub(crate) name: String,
    process: Running,
    asked: u32,
}

impl Beam {
    /// A node with a long name.
    pub(crate) fn start(epmd: &Epmd) -> Self {
        Self::start_with(epmd, "-name", "127.0.0.1", &[])
    }

    pub(crate) fn start_with(epmd: &Epmd, flag: &str, host: &str, more: &[&str]) -> Self {
        let name = format!("{}@{host}", unique("beam"));
        let eval = "(fun L() -> case io:get_line(\"\") of eof -> halt(); T -> \
                    {ok, S, _} = erl_scan:string(T), {ok, E} = erl_parse:parse_exprs(S), \
                    V = try {value, X, _} = erl_eval:exprs(E, []), X catch C:R -> {failed, C, R} end, \
                    io:format(\"~0p~n\", [{answer, V}]), L() end end)().";
        let mut command = Command::new("erl");
        command.args(["-noshell", flag, &name, "-setcookie", COOKIE, "-start_epmd", "false"]);
        command.args(more).args(["-eval", eval]).env("ERL_EPMD_PORT", epmd.port.to_string());
        let mut beam = Self { name, process: Running::start(&mut command), asked: 0 };
        assert_eq!(beam.eval("ready"), "ready");
        beam
    }

    /// The value of Erlang expressions, printed.
    #[track_caller]
    pub(crate) fn eval(&mut self, expressions: &str) -> String {
        self.asked += 1;
        let asked = self.asked;
        self.process.write(&format!("{{{asked}, begin {} end}}.\n", expressions.replace('\n', " ")));
        let line = self.process.wait(&format!("{{answer,{{{asked},"));
        let value = line.trim_start_matches(&format!("{{answer,{{{asked},")).trim_end_matches("}}");
        value.to_owned()
    }

    /// Waits in the node until an expression is true.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.eval(expression) != "true" {
            assert!(
                Instant::now() < deadline,
                "{expression} does not become true: {}",
                self.eval(expression)
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}
