//! Why a node gives up, in one word. `Outrigger.Node` maps these words to errors that name the remedy.

use std::fmt;

use outrigger_node::NodeError;

/// The reason in `fatal <reason>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The peer has another cookie.
    CookieRefused,
    /// One side speaks TLS and the other does not, or a certificate does not hold.
    TlsRefused,
    /// A live node has our name.
    NameTaken,
    /// No EPMD answers, here or on the peer's host.
    EpmdUnreachable,
    /// The peer's EPMD does not know it.
    PeerUnknown,
    /// The peer takes no connection, or no node answers there.
    PeerUnreachable,
    /// One name is long, the other short.
    NameMismatch,
    /// An option cannot work on this machine.
    BadOption,
    /// Nothing went wrong, but nothing happened in time either.
    Timeout,
}

impl Reason {
    /// The word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::CookieRefused => "cookie_refused",
            Self::TlsRefused => "tls_refused",
            Self::NameTaken => "name_taken",
            Self::EpmdUnreachable => "epmd_unreachable",
            Self::PeerUnknown => "peer_unknown",
            Self::PeerUnreachable => "peer_unreachable",
            Self::NameMismatch => "name_mismatch",
            Self::BadOption => "bad_option",
            Self::Timeout => "timeout",
        }
    }

    /// The reason why a node does not start.
    pub(crate) fn of_start(error: &NodeError) -> Self {
        match error {
            NodeError::NameTaken { .. } => Self::NameTaken,
            NodeError::NameMismatch { .. } => Self::NameMismatch,
            NodeError::EpmdUnreachable { .. } | NodeError::EpmdMisbehaved { .. } => Self::EpmdUnreachable,
            // A node without a name joins before it starts.
            NodeError::CookieRefused { .. }
            | NodeError::PeerUnknown { .. }
            | NodeError::PeerUnreachable { .. }
            | NodeError::HandshakeTimeout { .. }
            | NodeError::HandshakeClosed { .. }
            | NodeError::Handshake { .. }
            | NodeError::NotAllowed { .. }
            | NodeError::PeerSpeaksTls { .. }
            | NodeError::Tls { .. } => Self::of_join(error),
            _ => Self::BadOption,
        }
    }

    /// The reason why a peer is not joined.
    pub(crate) fn of_join(error: &NodeError) -> Self {
        match error {
            NodeError::CookieRefused { .. } => Self::CookieRefused,
            NodeError::Tls { .. } | NodeError::PeerSpeaksTls { .. } => Self::TlsRefused,
            NodeError::NameMismatch { .. } => Self::NameMismatch,
            NodeError::EpmdUnreachable { .. } | NodeError::EpmdMisbehaved { .. } => Self::EpmdUnreachable,
            NodeError::PeerUnknown { .. } => Self::PeerUnknown,
            NodeError::HandshakeTimeout { .. } | NodeError::SimultaneousConnect { .. } => Self::Timeout,
            NodeError::BadOption { .. } => Self::BadOption,
            _ => Self::PeerUnreachable,
        }
    }

    /// Whether trying again within seconds cannot help.
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::CookieRefused | Self::TlsRefused | Self::NameMismatch | Self::BadOption)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
