//! The side that opened the connection.
//!
//! States: status -> challenge -> ack -> over.

use crate::digest::{Cookie, digest, same};
use crate::handshake::packets::{Packets, Prefix};
use crate::handshake::{Applicant, HandshakeError, LocalNode, Next, Phase, Step, wire};
use crate::{Flags, Limits, NodeName};

/// The handshake of a node that connects to `peer_name`.
#[derive(Debug)]
pub struct Initiator {
    local: LocalNode,
    cookie: Cookie,
    peer_name: NodeName,
    challenge: u32,
    packets: Packets,
    wants_name: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    Status,
    Challenge,
    Ack(Applicant),
    Over,
}

impl Initiator {
    /// `challenge` must come from a CSPRNG and serve this handshake alone.
    pub const fn new(
        local: LocalNode,
        cookie: Cookie,
        peer_name: NodeName,
        challenge: u32,
        limits: &Limits,
    ) -> Self {
        let packets = Packets::new(limits.max_handshake_packet);
        Self { local, cookie, peer_name, challenge, packets, wants_name: false, state: State::Status }
    }

    /// The same with another length in front of each packet.
    #[must_use]
    pub const fn with_prefix(mut self, prefix: Prefix) -> Self {
        self.packets.prefix = prefix;
        self
    }

    /// The same for a node that has no name yet and wants one from the peer. Of its own name only the host counts.
    /// [`Initiator::local`] has the name that it was given.
    #[must_use]
    pub const fn wanting_a_name(mut self) -> Self {
        self.wants_name = true;
        self
    }

    /// Who we are. A name and a creation that the peer gives are in here from then on.
    pub const fn local(&self) -> &LocalNode {
        &self.local
    }

    /// What is to be written first.
    #[must_use]
    pub fn hello(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self.wants_name {
            true => wire::write_wish(&mut out, self.packets.prefix, &self.local),
            false => wire::write_name(&mut out, self.packets.prefix, &self.local),
        }
        out
    }

    /// Takes what was read, in any portions. After an error, or [`Next::Close`], the connection is to be
    /// closed.
    pub fn handle(&mut self, input: &[u8]) -> Result<Step, HandshakeError> {
        let mut write = Vec::new();
        let next = self.packets.feed(input).and_then(|()| self.run(&mut write));
        match next {
            Ok(next) => Ok(Step { write, next }),
            Err(error) => {
                self.state = State::Over;
                Err(error)
            }
        }
    }

    /// What it means that the peer closes now.
    pub fn eof(&self) -> HandshakeError {
        match &self.state {
            // An acceptor that finds our digest wrong closes without a word.
            State::Ack(_) => HandshakeError::CookieRefused,
            _ => HandshakeError::Closed { awaited: self.phase() },
        }
    }

    /// What the machine is waiting for.
    pub const fn phase(&self) -> Phase {
        match self.state {
            State::Status => Phase::Status,
            State::Challenge => Phase::Challenge,
            State::Ack(_) => Phase::Ack,
            State::Over => Phase::Over,
        }
    }

    fn run(&mut self, write: &mut Vec<u8>) -> Result<Next, HandshakeError> {
        if matches!(self.state, State::Over) {
            return Err(HandshakeError::OutOfOrder { phase: Phase::Over });
        }
        while let Some(packet) = self.packets.next()? {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Status => {
                    self.on_status(&packet, write)?;
                    self.state = State::Challenge;
                }
                State::Challenge => self.state = State::Ack(self.on_challenge(&packet, write)?),
                State::Ack(peer) => {
                    let theirs = wire::read_ack(&packet)?;
                    if !same(&theirs, &digest(&self.cookie, self.challenge)) {
                        return Err(HandshakeError::CookieMismatch);
                    }
                    let leftover = self.packets.take_rest();
                    return Ok(Next::Done { peer: peer.into_peer(self.local.flags), leftover });
                }
                State::Over => return Err(HandshakeError::OutOfOrder { phase: Phase::Over }),
            }
        }
        Ok(Next::Read)
    }

    fn on_status(&mut self, packet: &[u8], write: &mut Vec<u8>) -> Result<(), HandshakeError> {
        match wire::body(packet, Phase::Status, b's')? {
            b"ok" | b"ok_simultaneous" | b"alive" if self.wants_name => Err(HandshakeError::NotNamed),
            b"ok" | b"ok_simultaneous" => Ok(()),
            // The acceptor still has a link of an earlier life of ours; we know it is gone.
            b"alive" => {
                wire::write_status(write, self.packets.prefix, "true");
                Ok(())
            }
            b"nok" => Err(HandshakeError::Nok),
            b"not_allowed" => Err(HandshakeError::NotAllowed),
            // Also a name that nobody has asked for.
            other => match other.strip_prefix(b"named:").filter(|_| self.wants_name) {
                Some(rest) => self.take_name(rest),
                None => Err(wire::unknown_status(other)),
            },
        }
    }

    fn take_name(&mut self, rest: &[u8]) -> Result<(), HandshakeError> {
        let (name, creation) = wire::read_named(rest)?;
        if name.host() != self.local.name.host() {
            return Err(HandshakeError::BadName { why: "the name that it gives us is of another host" });
        }
        self.local = LocalNode { name, creation, flags: self.local.flags };
        Ok(())
    }

    fn on_challenge(&self, packet: &[u8], write: &mut Vec<u8>) -> Result<Applicant, HandshakeError> {
        let theirs = wire::read_challenge(packet)?;
        if theirs.name != self.peer_name {
            return Err(HandshakeError::NameMismatch {
                expected: self.peer_name.clone(),
                found: theirs.name,
            });
        }
        let missing = Flags::missing_mandatory(theirs.flags);
        if !missing.is_empty() {
            return Err(HandshakeError::MissingFlags { name: theirs.name, missing });
        }
        wire::write_reply(
            write,
            self.packets.prefix,
            self.challenge,
            &digest(&self.cookie, theirs.challenge),
        );
        Ok(Applicant {
            name: theirs.name,
            flags: theirs.flags.expanded(),
            creation: theirs.creation,
            named: false,
        })
    }
}
