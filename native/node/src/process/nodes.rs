//! News of nodes to processes, as `net_kernel:monitor_nodes(true, #{node_type => all})` has them sent.
//!
//! ```no_run
//! # use outrigger_node::{Message, Node};
//! # async fn demo(node: Node) -> Result<(), Box<dyn std::error::Error>> {
//! let mut process = node.process()?;
//! process.monitor_nodes(true);
//! // What is up already is not told.
//! let mut linked: Vec<_> = node.links().into_iter().map(|link| link.name).collect();
//! while let Some(message) = process.recv().await {
//!     match message {
//!         Message::NodeUp { node, .. } if !linked.contains(&node) => linked.push(node),
//!         Message::NodeDown { node, reason, .. } => {
//!             println!("{node} is gone: {reason}");
//!             linked.retain(|other| *other != node);
//!         }
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Invariants: `NodeUp` comes before anything that was read over the link; `NodeDown` after all of it, and after the `DOWN`s and
//! exits that the end of the link means. Each link gives one of each, in turn, whoever dialled.

use super::{Message, Process};
use crate::event::DownReason;
use crate::inner::Inner;
use crate::link::Link;

impl Process {
    /// Whether [`Message::NodeUp`] and [`Message::NodeDown`] come from now on. Links that are up already are not told: turn it on,
    /// then look at `Node::links`. Such messages are bounded and dropped as sent ones are, for a peer can come and go as it
    /// likes; a process that must not miss one takes [`Overflow::End`](super::Overflow::End).
    pub fn monitor_nodes(&self, on: bool) {
        let (inner, state) = (&self.node().0, self.state());
        state.relations.lock().monitors_nodes = on;
        inner.processes.watch_nodes(state, on);
        // One that ended meanwhile has taken itself out before it was put in.
        if self.ended().is_some() {
            inner.processes.watch_nodes(state, false);
        }
    }
}

impl Inner {
    /// A link is up, and nothing was read from it yet.
    pub(crate) fn tell_node_up(&self, link: &Link) {
        let (node, hidden) = (link.peer().clone(), link.is_hidden());
        self.tell_watchers(&Message::NodeUp { node, hidden });
    }

    /// A link is down, and all who were tied over it know.
    pub(crate) fn tell_node_down(&self, link: &Link, reason: &DownReason) {
        let (node, hidden) = (link.peer().clone(), link.is_hidden());
        self.tell_watchers(&Message::NodeDown { node, hidden, reason: reason.clone() });
    }

    fn tell_watchers(&self, message: &Message) {
        for state in self.processes.node_watchers() {
            self.push(&state, message.clone());
        }
    }
}
