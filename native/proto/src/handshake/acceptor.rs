//! The side that was connected to.
//!
//! States: name -> decision -> (status, after `alive`) -> reply -> over.

use crate::digest::{Cookie, digest, same};
use crate::handshake::packets::{Packets, Prefix};
use crate::handshake::{Applicant, HandshakeError, LocalNode, Next, Phase, Step, wire};
use crate::{Creation, Flags, Limits, NodeName};

/// The handshake of a node that somebody connects to.
#[derive(Debug)]
pub struct Acceptor {
    local: LocalNode,
    challenge: u32,
    packets: Packets,
    state: State,
    /// What a peer gets that asks for a name.
    new_name: Option<(u64, Creation)>,
}

#[derive(Debug)]
enum State {
    Name,
    Decision(Applicant),
    Alive(Applicant, Cookie),
    Reply(Applicant, Cookie),
    Over,
}

/// The driver's answer to [`Next::Decide`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// There is no link to this node: go on.
    Accept,
    /// We are connecting to this node too, but its attempt goes first; ours will be answered `nok`.
    AcceptSimultaneous,
    /// There is a link to this node. If the node says that it is dead, the handshake goes on, and the driver
    /// drops the old link before it uses the new one.
    Alive,
    /// We are connecting to this node too, and our attempt goes first.
    Nok,
    /// This node may not connect.
    NotAllowed,
}

impl Decision {
    /// When two nodes connect to each other at once, the attempt of the greater name goes on.
    pub fn simultaneous(ours: &NodeName, theirs: &NodeName) -> Self {
        if ours > theirs { Self::Nok } else { Self::AcceptSimultaneous }
    }
}

impl Acceptor {
    /// `challenge` must come from a CSPRNG and serve this handshake alone.
    pub const fn new(local: LocalNode, challenge: u32, limits: &Limits) -> Self {
        let packets = Packets::new(limits.max_handshake_packet);
        Self { local, challenge, packets, state: State::Name, new_name: None }
    }

    /// The same for peers that have no name and ask for one: they get `number` in base 36, as from OTP, before their host, and
    /// this creation. Both must be new. Without it they are refused.
    #[must_use]
    pub const fn with_new_name(mut self, number: u64, creation: Creation) -> Self {
        self.new_name = Some((number, creation));
        self
    }

    /// The same with another length in front of each packet.
    #[must_use]
    pub const fn with_prefix(mut self, prefix: Prefix) -> Self {
        self.packets.prefix = prefix;
        self
    }

    /// Takes what was read, in any portions. After an error, or [`Next::Close`], the connection is to be
    /// closed.
    pub fn handle(&mut self, input: &[u8]) -> Result<Step, HandshakeError> {
        let fed = self.packets.feed(input);
        self.step(Vec::new(), fed)
    }

    /// Answers [`Next::Decide`]. `cookie` is the one that this applicant has to prove.
    pub fn resolve(&mut self, decision: Decision, cookie: &Cookie) -> Result<Step, HandshakeError> {
        let applicant = match std::mem::replace(&mut self.state, State::Over) {
            State::Decision(applicant) => applicant,
            other => {
                self.state = other;
                return Err(HandshakeError::OutOfOrder { phase: self.phase() });
            }
        };
        let mut write = Vec::new();
        match decision {
            Decision::Accept | Decision::AcceptSimultaneous if applicant.named => {
                wire::write_named(&mut write, self.packets.prefix, &applicant.name, applicant.creation);
                self.challenge_after_alive(applicant, cookie.clone(), &mut write);
            }
            // The new name is taken, which a peer cannot know.
            Decision::Alive if applicant.named => {
                return Ok(self.refuse("not_allowed", HandshakeError::Refused { name: applicant.name }));
            }
            Decision::Accept => self.challenge("ok", applicant, cookie.clone(), &mut write),
            Decision::AcceptSimultaneous => {
                self.challenge("ok_simultaneous", applicant, cookie.clone(), &mut write)
            }
            Decision::Alive => {
                wire::write_status(&mut write, self.packets.prefix, "alive");
                self.state = State::Alive(applicant, cookie.clone());
            }
            Decision::Nok => return Ok(self.refuse("nok", HandshakeError::Refused { name: applicant.name })),
            Decision::NotAllowed => {
                return Ok(self.refuse("not_allowed", HandshakeError::Refused { name: applicant.name }));
            }
        }
        self.step(write, Ok(()))
    }

    /// What it means that the peer closes now.
    pub const fn eof(&self) -> HandshakeError {
        HandshakeError::Closed { awaited: self.phase() }
    }

    /// What the machine is waiting for.
    pub const fn phase(&self) -> Phase {
        match self.state {
            State::Name => Phase::Name,
            State::Decision(_) => Phase::Decision,
            State::Alive(..) => Phase::Status,
            State::Reply(..) => Phase::Reply,
            State::Over => Phase::Over,
        }
    }

    /// The node that is connecting, once its name has come. Not proved before the handshake is done.
    pub const fn applicant(&self) -> Option<&Applicant> {
        match &self.state {
            State::Decision(applicant) | State::Alive(applicant, _) | State::Reply(applicant, _) => {
                Some(applicant)
            }
            State::Name | State::Over => None,
        }
    }

    fn step(&mut self, write: Vec<u8>, fed: Result<(), HandshakeError>) -> Result<Step, HandshakeError> {
        let step = fed.and_then(|()| self.run(write));
        if !matches!(&step, Ok(Step { next: Next::Read | Next::Decide(_), .. })) {
            self.state = State::Over;
        }
        step
    }

    fn run(&mut self, mut write: Vec<u8>) -> Result<Step, HandshakeError> {
        loop {
            if let State::Decision(applicant) = &self.state {
                self.packets.check_waiting()?;
                return Ok(Step { write, next: Next::Decide(applicant.clone()) });
            }
            if matches!(self.state, State::Over) {
                return Err(HandshakeError::OutOfOrder { phase: Phase::Over });
            }
            let Some(packet) = self.packets.next()? else { return Ok(Step::read(write)) };
            match std::mem::replace(&mut self.state, State::Over) {
                State::Name => match self.introduced(&packet) {
                    Ok(applicant) => self.state = State::Decision(applicant),
                    Err(error @ (HandshakeError::MissingFlags { .. } | HandshakeError::WantsName)) => {
                        return Ok(self.refuse("not_allowed", error));
                    }
                    Err(error) => return Err(error),
                },
                State::Alive(applicant, cookie) => match wire::body(&packet, Phase::Status, b's')? {
                    b"true" => self.challenge_after_alive(applicant, cookie, &mut write),
                    b"false" => return Err(HandshakeError::Declined),
                    other => return Err(wire::unknown_status(other)),
                },
                State::Reply(applicant, cookie) => return self.on_reply(&packet, applicant, &cookie, write),
                State::Decision(_) | State::Over => {
                    return Err(HandshakeError::OutOfOrder { phase: Phase::Over });
                }
            }
        }
    }

    fn challenge(&mut self, status: &str, applicant: Applicant, cookie: Cookie, write: &mut Vec<u8>) {
        wire::write_status(write, self.packets.prefix, status);
        self.challenge_after_alive(applicant, cookie, write);
    }

    fn challenge_after_alive(&mut self, applicant: Applicant, cookie: Cookie, write: &mut Vec<u8>) {
        // Who got a name looks whether its wish is among the flags in common.
        let wish = if applicant.named { Flags::NAME_ME } else { Flags::empty() };
        let flags = self.local.flags | wish;
        wire::write_challenge(write, self.packets.prefix, &self.local, flags, self.challenge);
        self.state = State::Reply(applicant, cookie);
    }

    fn on_reply(
        &mut self,
        packet: &[u8],
        applicant: Applicant,
        cookie: &Cookie,
        mut write: Vec<u8>,
    ) -> Result<Step, HandshakeError> {
        let (their_challenge, theirs) = wire::read_reply(packet)?;
        if !same(&theirs, &digest(cookie, self.challenge)) {
            return Err(HandshakeError::CookieMismatch);
        }
        wire::write_ack(&mut write, self.packets.prefix, &digest(cookie, their_challenge));
        let leftover = self.packets.take_rest();
        Ok(Step { write, next: Next::Done { peer: applicant.into_peer(self.local.flags), leftover } })
    }

    fn introduced(&self, packet: &[u8]) -> Result<Applicant, HandshakeError> {
        let (flags, creation, name) = wire::read_name(packet)?;
        let named = flags.contains(Flags::NAME_ME);
        let (name, creation) = match (named, self.new_name) {
            (false, _) => (wire::node_name(name)?, creation),
            // Instead of its name it has said its host.
            (true, Some((number, new))) => {
                (wire::node_name(&[&base_36(number), b"@".as_slice(), name].concat())?, new)
            }
            (true, None) => return Err(HandshakeError::WantsName),
        };
        let missing = Flags::missing_mandatory(flags);
        if !missing.is_empty() {
            return Err(HandshakeError::MissingFlags { name, missing });
        }
        Ok(Applicant { name, flags: flags.expanded(), creation, named })
    }

    fn refuse(&self, status: &str, error: HandshakeError) -> Step {
        let mut write = Vec::new();
        wire::write_status(&mut write, self.packets.prefix, status);
        Step { write, next: Next::Close(error) }
    }
}

/// A number in the digits 0 to 9 and A to Z.
fn base_36(mut number: u64) -> Vec<u8> {
    let mut digits = Vec::with_capacity(13);
    loop {
        digits.push(match (number % 36) as u8 {
            digit @ 0..10 => b'0' + digit,
            letter => b'A' + (letter - 10),
        });
        number /= 36;
        if number == 0 {
            break;
        }
    }
    digits.reverse();
    digits
}
