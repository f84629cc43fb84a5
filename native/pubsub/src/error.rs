//! What can go wrong, and who erred.

use outrigger_node::{NodeError, SendError};
use outrigger_term::{SerdeError, TermError};

/// Everything that joining, subscribing and publishing can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PubSubError {
    /// An option cannot work.
    #[error("the caller's option {option} is wrong: {problem}")]
    BadOption {
        /// The option's name.
        option: &'static str,
        /// What is wrong, with the remedy.
        problem: String,
    },
    /// The node refused: the name is taken, or it is shut down.
    #[error("the node refuses: {0}")]
    Node(#[from] NodeError),
    /// A topic is longer than routers take.
    #[error("the caller's topic has {length} bytes; 4,096 are allowed")]
    TopicTooLong {
        /// Its bytes.
        length: usize,
    },
    /// The caller's value has no term.
    #[error("the caller's message cannot be written as a term: {0}")]
    Message(#[from] SerdeError),
    /// A name of the caller has no term.
    #[error("the caller's name cannot be written as a term: {0}")]
    Name(#[from] TermError),
    /// The node could not send, for another reason than that a link is down.
    #[error("a message could not be sent: {0}")]
    Send(#[from] SendError),
    /// As many bytes wait for a peer as `max_queued` allows. Nothing was sent.
    #[error("{queued} bytes wait for {peer}: it reads more slowly than is published; broadcast() waits")]
    Busy {
        /// The node that is waited for.
        peer: String,
        /// The bytes.
        queued: usize,
    },
    /// The routers have not all answered in time. The subscription is in place all the same.
    #[error("not all routers have confirmed the subscription in time")]
    NotConfirmed,
    /// The node is shut down.
    #[error("the node is shut down")]
    ShutDown,
}
