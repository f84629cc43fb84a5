//! Both sides of the handshake, fed in arbitrary portions.
//!
//! - What is written, how it ends and what is left for the link do not depend on the portions. An error alone drops what
//!   was to be written in the same step: the connection is closed anyway.
//! - Nobody gets in without the digest of our cookie.
//! - Memory follows the input, and a machine that is over stays over.
//!
//! Input: side and decision (from 6 on with lengths of four bytes, and with names to be given), the portions' seed, the peer's bytes. The challenges are fixed, so that the corpus can hold
//! handshakes that succeed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_fuzz::meter::within;
use outrigger_fuzz::portions::portions;
use outrigger_proto::digest::digest;
use outrigger_proto::handshake::{
    Acceptor, Decision, HandshakeError, Initiator, LocalNode, Next, Peer, Prefix, Step,
};
use outrigger_proto::{Cookie, Creation, Flags, Limits};

const CHALLENGE: u32 = 17;

/// Everything that can be seen from outside.
struct Outcome {
    written: Vec<u8>,
    end: End,
}

#[derive(Debug, PartialEq)]
enum End {
    /// It waits for more; what it makes of the end of the stream.
    Eof(HandshakeError),
    Done(Box<Peer>, Vec<u8>),
    /// Closed, after what was to be written.
    Refused(HandshakeError),
    Error(HandshakeError),
}

fuzz_target!(|data: &[u8]| {
    let [how, seed, stream @ ..] = data else { return };
    let bound = 64 * 1024 + 8 * stream.len();
    let at_once = within(bound, || run(*how, std::iter::once(stream), stream.len()));
    let in_portions = within(bound, || run(*how, portions(*seed, stream), stream.len()));
    assert_eq!(at_once.end, in_portions.end);
    match at_once.end {
        End::Error(_) => assert!(in_portions.written.starts_with(&at_once.written)),
        _ => assert_eq!(at_once.written, in_portions.written),
    }
    if let End::Done(peer, _) = &at_once.end {
        assert!(Flags::missing_mandatory(peer.flags).is_empty());
        assert!(Flags::OURS.contains(peer.agreed));
        let proof = digest(&cookie(), CHALLENGE);
        assert!(stream.windows(proof.len()).any(|bytes| bytes == proof), "let in without the cookie");
    }
});

fn cookie() -> Cookie {
    Cookie::new("fuzz").expect("a cookie")
}

enum Machine {
    Initiator(Initiator),
    Acceptor(Acceptor, Decision),
}

impl Machine {
    fn new(how: u8) -> (Self, Vec<u8>) {
        let name = |text: &str| text.parse().expect("a name");
        let local = LocalNode { name: name("us@h"), creation: Creation(1), flags: Flags::OURS };
        let limits = Limits::default();
        let prefix = if how < 6 { Prefix::Two } else { Prefix::Four };
        let decision = match how % 6 {
            0 => {
                let machine = Initiator::new(local, cookie(), name("them@h"), CHALLENGE, &limits);
                let machine = match prefix {
                    Prefix::Two => machine,
                    // And one that wants to be given a name.
                    Prefix::Four => machine.with_prefix(prefix).wanting_a_name(),
                };
                let hello = machine.hello();
                return (Self::Initiator(machine), hello);
            }
            1 => Decision::Accept,
            2 => Decision::AcceptSimultaneous,
            3 => Decision::Alive,
            4 => Decision::Nok,
            _ => Decision::NotAllowed,
        };
        let mut machine = Acceptor::new(local, CHALLENGE, &limits).with_prefix(prefix);
        if prefix == Prefix::Four {
            machine = machine.with_new_name(727, Creation(2));
        }
        (Self::Acceptor(machine, decision), Vec::new())
    }

    fn handle(&mut self, bytes: &[u8]) -> Result<Step, HandshakeError> {
        match self {
            Self::Initiator(machine) => machine.handle(bytes),
            Self::Acceptor(machine, _) => machine.handle(bytes),
        }
    }

    fn resolve(&mut self) -> Result<Step, HandshakeError> {
        match self {
            Self::Initiator(_) => panic!("an initiator has nothing to decide"),
            Self::Acceptor(machine, decision) => machine.resolve(*decision, &cookie()),
        }
    }

    fn eof(&self) -> HandshakeError {
        match self {
            Self::Initiator(machine) => machine.eof(),
            Self::Acceptor(machine, _) => machine.eof(),
        }
    }
}

/// Drives a machine to its end or to the end of the stream.
fn run<'a>(how: u8, portions: impl Iterator<Item = &'a [u8]>, mut unread: usize) -> Outcome {
    let (mut machine, mut written) = Machine::new(how % 12);
    let mut portions = portions.peekable();
    while let Some(portion) = portions.next() {
        unread -= portion.len();
        let mut step = machine.handle(portion);
        if let Ok(Step { next: Next::Decide(_), write }) = &step {
            written.extend_from_slice(write);
            step = machine.resolve();
        }
        let end = match step {
            Ok(Step { write, next }) => {
                written.extend_from_slice(&write);
                match next {
                    Next::Read => continue,
                    Next::Decide(_) => panic!("asked twice"),
                    Next::Done { peer, mut leftover } => {
                        portions.for_each(|portion| leftover.extend_from_slice(portion));
                        End::Done(Box::new(peer), leftover)
                    }
                    Next::Close(error) => End::Refused(error),
                }
            }
            Err(error) => End::Error(error),
        };
        assert!(machine.handle(&[0, 0]).is_err(), "it goes on after its end");
        return Outcome { written, end };
    }
    assert_eq!(unread, 0);
    Outcome { written, end: End::Eof(machine.eof()) }
}
