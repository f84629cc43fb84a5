//! An EPMD of the test's own, on a free port, in the foreground, so that nothing on the machine's own is touched.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::epmd_client::EpmdClient;
use crate::place::{LONG, free_port, has_ipv6};
use crate::process::Process;

/// A running EPMD. Killed when dropped.
pub struct Epmd {
    port: u16,
    process: Process,
}

impl Epmd {
    /// Starts one on a free port and waits until it answers.
    ///
    /// # Panics
    /// When there is no `epmd` program or it does not come up.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        // The port may be taken between the search and the start: then another one.
        (0..10).find_map(|_| Self::try_start(free_port())).expect("epmd does not come up on any of ten ports")
    }

    /// The port, for `ERL_EPMD_PORT`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A client that talks to it.
    #[must_use]
    pub fn client(&self) -> EpmdClient {
        EpmdClient::new(self.port)
    }

    /// Kills it, with every registration it holds.
    pub fn kill(&self) {
        self.process.kill();
    }

    /// Starts an empty one on the same port after [`Epmd::kill`].
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    pub fn restart(&mut self) {
        let deadline = Instant::now() + LONG;
        loop {
            if let Some(new) = Self::try_start(self.port) {
                *self = new;
                return;
            }
            assert!(Instant::now() < deadline, "epmd does not come up again on port {}", self.port);
        }
    }

    /// Waits until `short` is registered (or, with `wanted` false, is not).
    ///
    /// # Panics
    /// When it is not so within [`LONG`].
    #[track_caller]
    pub fn wait_registered(&self, short: &str, wanted: bool) {
        let deadline = Instant::now() + LONG;
        while self.client().port_of(short).is_some() != wanted {
            assert!(Instant::now() < deadline, "epmd: {short} registered should become {wanted}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn try_start(port: u16) -> Option<Self> {
        let mut command = Command::new(std::env::var_os("OUTRIGGER_EPMD").unwrap_or_else(|| "epmd".into()));
        command.args(["-port", &port.to_string()]);
        command.args(["-address", if has_ipv6() { "127.0.0.1,::1" } else { "127.0.0.1" }]);
        let process =
            Process::start("epmd", command, "Is Erlang installed? OUTRIGGER_EPMD may name another epmd.");
        let deadline = Instant::now() + LONG;
        while process.is_running() && Instant::now() < deadline {
            if EpmdClient::new(port).names().is_some() {
                return Some(Self { port, process });
            }
            thread::sleep(Duration::from_millis(5));
        }
        None
    }
}
