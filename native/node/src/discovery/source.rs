//! What can be asked for peers.

use std::pin::Pin;

use crate::config::Target;
use crate::error::NodeError;
use crate::node::Node;

/// An answer to come: all peers that the source knows now.
pub type Peers<'a> = Pin<Box<dyn Future<Output = Result<Vec<Target>, NodeError>> + Send + 'a>>;

/// Something that knows peers. It is asked by one task, never twice at a time.
///
/// Implement it for a directory of one's own, such as the interface of an orchestrator, and give it to the node as
/// [`Place::Custom`](crate::Place::Custom).
pub trait PeerSource: Send + Sync + 'static {
    /// What to call it in log lines and events, such as `epmd 10.0.0.5`.
    fn label(&self) -> String;

    /// Asks for all peers. Whoever is missing in the answer is given up, so an answer that is not whole is an error,
    /// say [`NodeError::Discovery`]. Our own name may be among them.
    fn peers<'a>(&'a self, node: &'a Node) -> Peers<'a>;

    /// Whether it is to be asked again soon when a link comes up or ends. Default: no.
    fn follows_links(&self) -> bool {
        false
    }
}
