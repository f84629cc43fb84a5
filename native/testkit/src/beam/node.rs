//! A running BEAM node: evaluate in it, wait for a condition in it, stop it, kill it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::BeamOptions;
use crate::place::{LONG, host_of};
use crate::process::Process;

/// A BEAM node. Killed when dropped; it also ends by itself when the test process goes away.
pub struct Beam {
    name: String,
    process: Process,
    next: AtomicU64,
    options: BeamOptions,
}

impl Beam {
    /// Options of a node whose name starts with `short`; see [`BeamOptions`] for the defaults.
    #[must_use]
    pub fn options(short: &str) -> BeamOptions {
        BeamOptions::new(short)
    }

    pub(super) fn boot(options: BeamOptions) -> Self {
        let name = options.full_name().to_owned();
        let process = Process::start(
            &name,
            options.command(),
            "Is Erlang installed? OUTRIGGER_ERL may name another erl.",
        );
        let beam = Self { name, process, next: AtomicU64::new(0), options };
        let told = beam.eval_within("node()", LONG);
        assert_eq!(
            told.trim_matches('\''),
            beam.name,
            "the node runs under another name:\n{}",
            beam.process.dump()
        );
        beam
    }

    /// Starts a node under the same name and options. Call it after [`Beam::kill`].
    #[must_use]
    pub fn restart(&self) -> Self {
        Self::boot(self.options.clone())
    }

    /// The full node name, `short@host`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name's host.
    #[must_use]
    pub fn host(&self) -> &str {
        host_of(&self.name)
    }

    /// The fixed distribution port, if the options gave one.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.options.port()
    }

    /// The operating system's process: signals, memory, output.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Evaluates Erlang expressions (comma separated, ASCII, no final dot) and returns the printed value.
    ///
    /// # Panics
    /// When the evaluation fails or takes longer than [`LONG`].
    #[track_caller]
    pub fn eval(&self, expressions: &str) -> String {
        self.eval_within(expressions, LONG)
    }

    /// [`Beam::eval`] with a deadline of one's own.
    ///
    /// # Panics
    /// When the evaluation fails or takes longer than `within`.
    #[track_caller]
    pub fn eval_within(&self, expressions: &str, within: Duration) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let from = self.process.lines().count();
        let line = format!("{number} {}.\n", expressions.replace('\n', " "));
        self.process.write(line.as_bytes());
        let mark = format!("\u{1}{number} ");
        let (_, line) = self.process.wait_line(from, within, expressions, |line| line.contains(&mark));
        let answer = line.split_once(&mark).map_or("", |(_, answer)| answer);
        match answer.split_once(' ') {
            Some(("ok", value)) => value.to_owned(),
            _ => {
                panic!("{}: {expressions} failed: {answer}\nIts output:\n{}", self.name, self.process.dump())
            }
        }
    }

    /// Evaluates expressions whose value is a non-negative integer.
    ///
    /// # Panics
    /// When it is something else.
    #[track_caller]
    pub fn eval_number(&self, expressions: &str) -> u64 {
        let value = self.eval(expressions);
        value.parse().unwrap_or_else(|_| panic!("{}: {expressions} is {value}, not a number", self.name))
    }

    /// Waits until an Erlang expression is `true`, looking again every 20 ms inside the node. An expression that
    /// raises counts as not yet.
    ///
    /// # Panics
    /// When it is not `true` within the deadline; the last value is in the message.
    #[track_caller]
    pub fn wait_until(&self, expression: &str, within: Duration) {
        let ms = within.as_millis();
        let looped = format!(
            "(fun Wait(Deadline) -> case (catch begin {expression} end) of true -> true; Other -> \
             case erlang:monotonic_time(millisecond) > Deadline of true -> {{not_yet, Other}}; \
             false -> timer:sleep(20), Wait(Deadline) end end end)(erlang:monotonic_time(millisecond) + {ms})"
        );
        let last = self.eval_within(&looped, within + LONG);
        assert_eq!(last, "true", "{}: {expression} did not become true within {within:?}", self.name);
    }

    /// Compiles an Erlang module inside the node and loads it.
    ///
    /// # Panics
    /// When it does not compile.
    #[track_caller]
    pub fn load(&self, source: &str) {
        use std::io::Write;
        let mut file = tempfile::Builder::new().suffix(".erl").tempfile().expect("a temporary file");
        file.write_all(source.as_bytes()).expect("the module can be written");
        let told = self.eval(&format!(
            "case compile:file(\"{}\", [binary, return_errors, {{d, 'TEST'}}]) of \
             {{ok, M, B}} -> {{module, M}} = code:load_binary(M, \"kit\", B), loaded; Error -> Error end",
            file.path().display()
        ));
        assert_eq!(told, "loaded", "the module does not compile");
    }

    /// SIGKILL, then waits for the end.
    pub fn kill(&self) {
        self.process.kill();
    }
}
