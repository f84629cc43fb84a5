//! What a mailbox gives.

use bytes::Bytes;
use outrigger_proto::{NodeName, OwnedPid, OwnedRef};

use super::{Dest, Reason};
use crate::event::DownReason;

/// One message of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// A term that somebody sent, without the version byte. Well-formed.
    Term(Bytes),
    /// The same from a peer, named by the link that it came over, not by what it says. Only for a process made with
    /// [`ProcessOptions::tell_peer`](super::ProcessOptions::tell_peer).
    PeerTerm {
        /// Who sent it.
        peer: NodeName,
        /// The term, without the version byte. Well-formed.
        term: Bytes,
    },
    /// Something monitored has ended, or was never there.
    Down {
        /// The monitor.
        reference: OwnedRef,
        /// What was monitored, as it was named.
        of: Dest,
        /// Why it ended; `noproc`, `noconnection`.
        reason: Reason,
    },
    /// A linked process has ended, or somebody called `exit/2`. Only for a process that traps exits.
    Exit {
        /// Who ended, or who sent it.
        from: OwnedPid,
        /// Why.
        reason: Reason,
    },
    /// A link to a node is up. Only after [`Process::monitor_nodes`](super::Process::monitor_nodes).
    NodeUp {
        /// The peer.
        node: NodeName,
        /// Whether it is a hidden node.
        hidden: bool,
    },
    /// The link to a node is down.
    NodeDown {
        /// The peer.
        node: NodeName,
        /// Whether it was a hidden node.
        hidden: bool,
        /// Why.
        reason: DownReason,
    },
}

impl Message {
    /// What it counts against the bytes of a mailbox.
    pub(super) fn cost(&self) -> usize {
        /// For the entry itself.
        const ENTRY: usize = 64;
        ENTRY
            + match self {
                Self::Term(term) | Self::PeerTerm { term, .. } => term.len(),
                Self::Down { reason, .. } | Self::Exit { reason, .. } => reason.as_bytes().len(),
                Self::NodeUp { .. } => 0,
                Self::NodeDown { reason, .. } => reason.text_len(),
            }
    }

    /// Takes a long reason out of what the node tells. Whether there was one.
    pub(super) fn shorten(&mut self) -> bool {
        /// Shorter than what an entry costs anyway.
        const SHORT: usize = 64;
        match self {
            Self::Down { reason, .. } | Self::Exit { reason, .. } if reason.as_bytes().len() > SHORT => {
                *reason = Reason::system_limit();
                true
            }
            _ => false,
        }
    }
}
