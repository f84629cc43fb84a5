//! Where contenders meet: an EPMD, a BEAM node, and contenders that are processes of their own, so that the CPU time of each is
//! known.
//!
//! A contender is started as `<program> <mode> <epmd port> <own name> <peer> <cookie>`. It connects to the peer, says `ready`,
//! takes commands from its standard input, one a line, answers each with a line, and ends with its input.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use outrigger_testkit::{Beam, COOKIE, Epmd, Process, unique_name};

const DEADLINE: Duration = Duration::from_secs(120);

pub(crate) struct Arena {
    epmd: Epmd,
    /// The BEAM node that all contenders connect to.
    pub(crate) beam: Beam,
    module: &'static str,
}

impl Arena {
    /// Starts the BEAM node with an Erlang module loaded.
    pub(crate) fn start(module: &'static str) -> Self {
        let epmd = Epmd::start();
        let beam = Beam::options("bench").epmd(&epmd).start();
        beam.load(module);
        Self { epmd, beam, module }
    }

    /// Another BEAM node with the module, for what is measured from BEAM to BEAM.
    pub(crate) fn another(&self) -> Beam {
        let beam = Beam::options("beside").epmd(&self.epmd).start();
        beam.load(self.module);
        beam
    }

    /// Starts a contender and waits until it is connected.
    pub(crate) fn contender(&self, program: &Path, mode: &str) -> Contender {
        let name = unique_name("contender", "127.0.0.1");
        let mut command = Command::new(program);
        command.args([mode, &self.epmd.port().to_string(), &name, self.beam.name(), COOKIE]);
        command.env("ERL_EPMD_PORT", self.epmd.port().to_string());
        let process = Process::start(mode, command, "It is built by the bench.");
        let contender = Contender { name, process };
        contender.process.wait_line(0, DEADLINE, "ready", |line| line == "ready");
        contender
    }
}

/// A running contender. Killed when dropped.
pub(crate) struct Contender {
    pub(crate) name: String,
    process: Process,
}

impl Contender {
    /// Gives a command and does not wait for its answer.
    pub(crate) fn tell(&self, command: &str) -> usize {
        let from = self.process.lines().count();
        self.process.write(format!("{command}\n").as_bytes());
        from
    }

    /// The answer to what was told.
    pub(crate) fn answer(&self, from: usize) -> String {
        self.process.wait_line(from, DEADLINE, "an answer", |_| true).1
    }

    /// CPU time so far; see [`cpu_us`].
    pub(crate) fn cpu_us(&self) -> f64 {
        cpu_us(&self.process)
    }
}

/// CPU time of a process so far, of all its threads, in microseconds.
pub(crate) fn cpu_us(process: &Process) -> f64 {
    let threads = std::fs::read_dir(format!("/proc/{}/task", process.pid())).expect("it runs");
    let nanos = threads.flatten().filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    });
    nanos.sum::<f64>() / 1000.0
}

/// What a contender was started with.
pub(crate) struct Given {
    pub(crate) mode: String,
    pub(crate) epmd_port: u16,
    pub(crate) name: String,
    pub(crate) peer: String,
    pub(crate) cookie: String,
}

impl Given {
    /// `None` in the process that drives.
    pub(crate) fn from_args() -> Option<Self> {
        let mut args = std::env::args().skip(1);
        let (mode, port) = (args.next()?, args.next()?);
        let epmd_port = port.parse().ok()?;
        Some(Self { mode, epmd_port, name: args.next()?, peer: args.next()?, cookie: args.next()? })
    }
}

/// The next command; `None` at the end.
pub(crate) fn command() -> Option<String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).ok().filter(|&read| read > 0)?;
    Some(line.trim().to_owned())
}
