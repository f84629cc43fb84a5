//! What can go wrong, and who erred.

use outrigger_node::NodeError;
use outrigger_pubsub::PubSubError;
use outrigger_term::TermError;

/// Everything that following a stream and publishing to it can fail with. An event that cannot be decoded is none of it: that is a dead letter.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The stream's text: the caller's, or that of a BEAM node with another version of the package.
    #[error("the stream's text is not understood: {0}")]
    Text(outrigger_events::Error),
    /// The stream's name is none.
    #[error("the caller's name of a stream is none: {0}")]
    Name(TermError),
    /// The node refused, or is shut down.
    #[error("the node refuses: {0}")]
    Node(#[from] NodeError),
    /// A message could not be published; those before it were.
    #[error(transparent)]
    Publish(#[from] PubSubError),
    /// What the engine has made is no message: a bug in it.
    #[error("a view's message is none, this is a bug: {0}")]
    Message(TermError),
}
