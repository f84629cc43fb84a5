//! Everything that can end a handshake. A doctor turns each into a remedy, so each is a case of its own.

use std::fmt;

use thiserror::Error;

use crate::{Flags, NodeName};

/// What a machine is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// The initiator's name.
    Name,
    /// The driver's decision on that name.
    Decision,
    /// The acceptor's status, or the initiator's answer to `alive`.
    Status,
    /// The acceptor's challenge.
    Challenge,
    /// The initiator's reply to it.
    Reply,
    /// The acceptor's acknowledgement.
    Ack,
    /// Nothing: the handshake is over.
    Over,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "name",
            Self::Decision => "decision",
            Self::Status => "status",
            Self::Challenge => "challenge",
            Self::Reply => "challenge reply",
            Self::Ack => "challenge acknowledgement",
            Self::Over => "end",
        })
    }
}

/// Why a handshake failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The peer answers with TLS records: it runs `-proto_dist inet_tls`, or the port is no distribution
    /// port.
    #[error("peer speaks TLS, we speak plain distribution")]
    LooksLikeTls,
    /// The peer announces a packet longer than a handshake ever needs: another protocol.
    #[error("peer announced a handshake packet of {claimed} bytes, {max} are allowed")]
    PacketTooLarge {
        /// Bytes announced.
        claimed: usize,
        /// [`crate::Limits::max_handshake_packet`].
        max: usize,
    },
    /// A packet of another kind than the one due.
    #[error("peer sent a packet of type {tag} where its {phase} was due")]
    UnexpectedPacket {
        /// What was due.
        phase: Phase,
        /// First byte of the packet.
        tag: u8,
    },
    /// A packet that is empty, too short or malformed.
    #[error("peer sent a malformed {phase}")]
    Malformed {
        /// What was due.
        phase: Phase,
    },
    /// Bytes came when it was our turn, and more than an orderly peer ever sends.
    #[error("peer sent {len} bytes out of turn")]
    OutOfTurn {
        /// Bytes waiting.
        len: usize,
    },
    /// The peer is older than OTP 23.
    #[error("peer speaks a handshake older than OTP 23")]
    PeerTooOld,
    /// The peer lacks flags that we cannot do without.
    #[error("peer {name} lacks mandatory flags: {missing}")]
    MissingFlags {
        /// The peer.
        name: NodeName,
        /// What it lacks.
        missing: Flags,
    },
    /// We wanted a name from the peer, and it took us for somebody who has one.
    #[error("peer gives no dynamic node names; ask a BEAM of OTP 23 or later")]
    NotNamed,
    /// The peer has no name and wants one from us, and none was to be given.
    #[error("peer asks us for a node name, and none is to be given")]
    WantsName,
    /// The peer's name is not a node name.
    #[error("peer's node name is malformed: {why}")]
    BadName {
        /// The rule it breaks.
        why: &'static str,
    },
    /// Another node answers at this address.
    #[error("peer is {found}, we were looking for {expected}")]
    NameMismatch {
        /// Whom we called.
        expected: NodeName,
        /// Who answered.
        found: NodeName,
    },
    /// Status `nok`: the peer is connecting to us at this moment and that attempt goes first.
    #[error("peer refused: its own attempt to connect to us goes first")]
    Nok,
    /// Status `not_allowed`: the peer's flags or its list of allowed nodes exclude us.
    #[error("peer refused: we are not allowed")]
    NotAllowed,
    /// A status that is not known, or not for us.
    #[error("peer sent status {status:?}")]
    UnknownStatus {
        /// What it said, cut at 32 bytes.
        status: String,
    },
    /// We told the peer that it is connected already, and it does not want to take over.
    #[error("peer gave up: it found its earlier link alive")]
    Declined,
    /// The peer closed instead of acknowledging our digest: its cookie is another one.
    #[error("peer refused our cookie")]
    CookieRefused,
    /// The peer's digest is wrong: its cookie is another one.
    #[error("peer's cookie is not ours")]
    CookieMismatch,
    /// The peer closed the connection before the handshake was over.
    #[error("peer closed the connection where its {awaited} was due")]
    Closed {
        /// What we were waiting for.
        awaited: Phase,
    },
    /// We refused the peer by the driver's decision.
    #[error("caller refused peer {name}")]
    Refused {
        /// The peer.
        name: NodeName,
    },
    /// A machine was driven out of order.
    #[error("caller drove the handshake out of order, it is waiting for its {phase}")]
    OutOfOrder {
        /// What the machine is waiting for.
        phase: Phase,
    },
}
