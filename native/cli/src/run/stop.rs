//! What ends a node, or a look at others, from outside: SIGINT, SIGTERM, a line on standard input, and its end.

use std::future::pending;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Stdin;

/// Waits for any of them.
#[derive(Debug)]
pub(crate) struct Stop {
    interrupt: Signal,
    terminate: Signal,
    stdin: Option<Stdin>,
}

/// Which of them it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// A signal; its name.
    Signal(&'static str),
    /// A line on standard input that asks for it.
    Asked,
    /// The end of standard input.
    Input,
}

impl Stopped {
    /// Whether there is time to leave in good order.
    pub(super) fn in_good_order(self) -> bool {
        self != Self::Input
    }
}

impl Stop {
    /// Takes over the two signals, and the end of `stdin` if there is one.
    pub(crate) fn new(stdin: Option<Stdin>) -> io::Result<Self> {
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate, stdin })
    }

    /// Waits. Cancel-safe.
    pub(crate) async fn wait(&mut self) -> Stopped {
        let asked = async {
            match &mut self.stdin {
                Some(stdin) => stdin.asked().await,
                None => pending().await,
            }
        };
        tokio::select! {
            name = signalled(&mut self.interrupt, &mut self.terminate) => Stopped::Signal(name),
            in_good_order = asked => if in_good_order { Stopped::Asked } else { Stopped::Input },
        }
    }

    /// Waits for what leaves no more time: another signal, the end of standard input. Cancel-safe.
    pub(super) async fn at_once(&mut self) {
        let ended = async {
            match &mut self.stdin {
                Some(stdin) => stdin.ended().await,
                None => pending().await,
            }
        };
        tokio::select! {
            _name = signalled(&mut self.interrupt, &mut self.terminate) => {}
            () = ended => {}
        }
    }
}

/// Waits for either; its name.
async fn signalled(interrupt: &mut Signal, terminate: &mut Signal) -> &'static str {
    tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    }
}
