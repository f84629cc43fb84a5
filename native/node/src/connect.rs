//! A link to one peer, now: joined and waited for.

use std::sync::Arc;
use std::time::Duration;

use outrigger_proto::NodeName;
use tokio::sync::broadcast::error::RecvError;

use crate::config::Target;
use crate::error::NodeError;
use crate::event::NodeEvent;
use crate::link::Link;
use crate::node::Node;

impl Node {
    /// Joins a peer and waits for the link, as `Node.connect/1` does. The peer stays joined: the node connects again when the
    /// link is lost, and goes on trying after a time-out.
    ///
    /// # Errors
    /// As [`Node::join`]; [`NodeError::ConnectTimeout`] with the reason of the last failed attempt.
    pub async fn connect(&self, name: &NodeName, timeout: Duration) -> Result<Link, NodeError> {
        let mut last = None;
        // Before the first look, so that nothing happens unseen.
        let mut events = self.0.watch().ok_or(NodeError::ShutDown)?;
        if self.link(name).is_none() {
            self.join_target(Target::by_epmd(name.clone()))?;
        }
        let linked = async {
            loop {
                if let Some(link) = self.link(name) {
                    return Ok(link);
                }
                match events.recv().await {
                    Ok(NodeEvent::JoinFailed { name: failed, error, .. }) if failed == *name => {
                        last = Some(error)
                    }
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return Err(NodeError::ShutDown),
                }
            }
        };
        tokio::time::timeout(timeout, linked).await.unwrap_or_else(|_elapsed| {
            let why =
                last.map_or_else(|| "it has not answered".into(), |error: Arc<NodeError>| error.to_string());
            Err(NodeError::ConnectTimeout { peer: name.to_string(), after: timeout, why })
        })
    }
}
