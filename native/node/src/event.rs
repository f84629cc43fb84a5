//! What a node tells its owner: links that came and went, joins that failed, peers that were found.
//!
//! [`Events`] is a bounded broadcast. A reader that falls more than 1024 events behind loses the oldest, and
//! that is logged. The first receiver that is asked for has seen everything since the start.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use outrigger_proto::{Flags, NodeName};
use tokio::sync::broadcast;

use crate::error::NodeError;

/// How many events a receiver may lag behind.
pub(crate) const EVENT_BACKLOG: usize = 1024;

/// Something happened to a link.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NodeEvent {
    /// A link is up. Services have seen it already.
    Up {
        /// The peer.
        name: NodeName,
        /// Whether the peer is a hidden node.
        hidden: bool,
        /// What the peer can do.
        flags: Flags,
        /// The peer's end of the socket.
        addr: SocketAddr,
    },
    /// A link is down. Services have seen its last message and its end already.
    Down {
        /// The peer.
        name: NodeName,
        /// Why.
        reason: DownReason,
    },
    /// An attempt to reach a joined peer failed. Attempts go on.
    JoinFailed {
        /// The peer.
        name: NodeName,
        /// Why.
        error: Arc<NodeError>,
        /// The wait until the next attempt.
        next_retry: Duration,
    },
    /// A source of discovery named a new peer, which is joined from now on.
    Found {
        /// The peer.
        name: NodeName,
        /// What named it, such as `epmd 10.0.0.5`.
        source: Arc<str>,
    },
    /// No source names this peer any more. It is not dialled again; a link that is up stays.
    Lost {
        /// The peer.
        name: NodeName,
        /// What named it last.
        source: Arc<str>,
    },
}

/// Why a link ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DownReason {
    /// The peer closed the connection.
    ClosedByPeer,
    /// The socket failed; the text is the operating system's.
    Socket(String),
    /// Nothing was read for longer than the tick time.
    TickTimeout {
        /// The silence in milliseconds.
        silent_ms: u64,
    },
    /// The peer did not drain its socket and the queue reached its limit.
    SlowPeer {
        /// The bytes that were queued.
        queued: usize,
    },
    /// The peer connected again under the same name (`alive`), and the new link took over.
    Replaced,
    /// The peer sent what the protocol does not allow. The text is ours, with escaped parts of the peer's.
    Protocol(String),
    /// The owner of this node asked for it.
    Disconnected,
    /// This node was shut down.
    Shutdown,
    /// A service of this node panicked: a bug of ours.
    Internal,
}

impl DownReason {
    /// A stable word for this kind of end, for counters and logs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ClosedByPeer => "closed_by_peer",
            Self::Socket(_) => "socket",
            Self::TickTimeout { .. } => "tick_timeout",
            Self::SlowPeer { .. } => "slow_peer",
            Self::Replaced => "replaced",
            Self::Protocol(_) => "protocol",
            Self::Disconnected => "disconnected",
            Self::Shutdown => "shutdown",
            Self::Internal => "internal",
        }
    }
}

impl DownReason {
    /// The bytes of text that it holds.
    pub(crate) fn text_len(&self) -> usize {
        match self {
            Self::Socket(text) | Self::Protocol(text) => text.len(),
            _ => 0,
        }
    }
}

impl std::fmt::Display for DownReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ClosedByPeer => f.write_str("the peer closed the connection"),
            Self::Socket(text) => write!(f, "the socket failed: {text}"),
            Self::TickTimeout { silent_ms } => {
                write!(
                    f,
                    "nothing was heard for {silent_ms} ms; check the network and net_ticktime on both sides"
                )
            }
            Self::SlowPeer { queued } => {
                write!(f, "the peer stopped reading and {queued} bytes were waiting for it")
            }
            Self::Replaced => f.write_str("the peer connected anew and the new link took over"),
            Self::Protocol(text) => write!(f, "the peer broke the protocol: {text}"),
            Self::Disconnected => f.write_str("disconnected by this node"),
            Self::Shutdown => f.write_str("this node shuts down"),
            Self::Internal => f.write_str("a service of this node failed, which is a bug"),
        }
    }
}

/// A receiver of [`NodeEvent`]s.
#[derive(Debug)]
pub struct Events {
    pub(crate) receiver: broadcast::Receiver<NodeEvent>,
}

impl Events {
    /// The next event, `None` after the node has shut down. Cancel-safe.
    pub async fn next(&mut self) -> Option<NodeEvent> {
        loop {
            match self.receiver.recv().await {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Lagged(lost)) => {
                    tracing::warn!(lost, "the reader of node events is too slow; events were lost");
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}
