//! What can go wrong while a node is looked into.

use outrigger_node::{NodeError, RpcError};
use outrigger_term::{SerdeError, TermError};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// Our node: it is shut down, or not linked with the peer.
    #[error("{0}")]
    Node(Box<NodeError>),
    /// The peer cannot be joined; it is tried again.
    #[error("{0}")]
    Join(std::sync::Arc<NodeError>),
    /// The peer did not take the guest in.
    #[error("{peer} does not run the guest ({step}): {problem}; it has to be OTP 25 or later")]
    Refused {
        /// The peer.
        peer: String,
        /// Which call it was.
        step: &'static str,
        /// What came of it.
        problem: Box<RpcError>,
    },
    /// The peer's compiler does not know a construct of the program.
    #[error(
        "{peer} does not understand the guest's program: {answer}; this is a bug of outrigger, please report it with the release of OTP"
    )]
    Program {
        /// The peer.
        peer: String,
        /// What it says.
        answer: String,
    },
    /// The guest has ended, or its link.
    #[error("the guest on {peer} has ended: {reason}")]
    Ended {
        /// The peer.
        peer: String,
        /// Why.
        reason: String,
    },
    /// No answer in time: the peer is overloaded, stopped, or far away.
    #[error("{peer} has not answered within {after_ms} ms; it may be overloaded")]
    Silent {
        /// The peer.
        peer: String,
        /// How long it had.
        after_ms: u128,
    },
    /// What came is no answer of a guest. The peer erred, or somebody else sent it.
    #[error("what {peer} answers is not understood: {problem}")]
    Answer {
        /// The peer.
        peer: String,
        /// What is wrong with it.
        problem: Box<SerdeError>,
    },
    /// A bug of ours: a term of ours is none.
    #[error("a term could not be written: {0}")]
    Term(#[from] TermError),
}

impl From<NodeError> for ProbeError {
    fn from(error: NodeError) -> Self {
        Self::Node(Box::new(error))
    }
}
