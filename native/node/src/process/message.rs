//! What a mailbox gives.

use bytes::Bytes;
use outrigger_proto::{NodeName, OwnedPid, OwnedRef};

use super::{Dest, Reason};

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
            }
    }

    /// Whether it was sent by somebody, and not made by the node: only such a message may be dropped.
    pub(super) const fn is_term(&self) -> bool {
        matches!(self, Self::Term(_) | Self::PeerTerm { .. })
    }
}
