//! What a machine tells its driver.

use crate::handshake::HandshakeError;
use crate::{Creation, Flags, NodeName};

/// Who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalNode {
    /// Our name.
    pub name: NodeName,
    /// Our incarnation, from EPMD or chosen.
    pub creation: Creation,
    /// What we offer, usually [`Flags::OURS`].
    pub flags: Flags,
}

/// One round: first write `write` (it may be empty), then do what `next` says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Step {
    /// Bytes for the peer, whatever `next` is.
    pub write: Vec<u8>,
    /// What then.
    pub next: Next,
}

/// What comes after the bytes are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Read on.
    Read,
    /// Acceptor only: decide on this node and call `resolve`.
    Decide(Applicant),
    /// The link stands. From here on packets have 4-byte lengths.
    Done {
        /// The node at the other end.
        peer: Peer,
        /// What the peer sent right behind its last packet: the first bytes of the framed stream.
        leftover: Vec<u8>,
    },
    /// Close, for this reason.
    Close(HandshakeError),
}

/// A node that wants to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicant {
    /// Its name.
    pub name: NodeName,
    /// Its flags, with the digest bit spelled out.
    pub flags: Flags,
    /// Its incarnation.
    pub creation: Creation,
    /// Whether name and creation are new ones, which it asked for and gets from us.
    pub named: bool,
}

/// A node that has proved that it knows the cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its name.
    pub name: NodeName,
    /// Its flags, with the digest bit spelled out.
    pub flags: Flags,
    /// What both sides can do. Decides which control messages may be used.
    pub agreed: Flags,
    /// Its incarnation.
    pub creation: Creation,
}

impl Applicant {
    pub(super) fn into_peer(self, ours: Flags) -> Peer {
        let agreed = self.flags.intersection(ours);
        Peer { name: self.name, flags: self.flags, agreed, creation: self.creation }
    }
}

impl Step {
    pub(super) const fn read(write: Vec<u8>) -> Self {
        Self { write, next: Next::Read }
    }
}
