//! What ends a running node from outside: SIGINT, SIGTERM, the end of standard input.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Stdin;

/// Waits for any of them.
#[derive(Debug)]
pub(super) struct Stop {
    interrupt: Signal,
    terminate: Signal,
    stdin: Option<Stdin>,
}

/// Which of them it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// A signal; its name.
    Signal(&'static str),
    /// The end of standard input.
    Input,
}

impl Stop {
    /// Takes over the two signals, and the end of `stdin` if there is one.
    pub(super) fn new(stdin: Option<Stdin>) -> io::Result<Self> {
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate, stdin })
    }

    /// Waits. Cancel-safe.
    pub(super) async fn wait(&mut self) -> Stopped {
        let ended = async {
            match &mut self.stdin {
                Some(stdin) => stdin.ended().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Stopped::Signal("SIGINT"),
            _ = self.terminate.recv() => Stopped::Signal("SIGTERM"),
            () = ended => Stopped::Input,
        }
    }
}
