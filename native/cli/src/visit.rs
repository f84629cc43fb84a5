//! A temporary hidden node that looks at other nodes, for the commands that ask and go.
//!
//! It listens nowhere and is not registered: `outrigger-<purpose>-<process id>`, for as long as the command runs.

use std::sync::Arc;
use std::time::Duration;

use outrigger_node::{
    Config, Cookie, Epmd, Events, Flags, Listen, Node, NodeError, NodeEvent, NodeName, Tls,
};
use tokio::time::timeout;

use crate::settings::Target;

/// The temporary node.
pub(crate) struct Visitor {
    node: Node,
    events: Events,
    patience: Duration,
}

impl Visitor {
    /// Starts it. `host` decides with which kind of names it can speak; `patience` is for each step of a link.
    pub(crate) async fn start(
        purpose: &str,
        host: &str,
        cookie: Cookie,
        tls: Option<Tls>,
        epmd_port: u16,
        patience: Duration,
    ) -> Result<Self, NodeError> {
        let name = format!("outrigger-{purpose}-{}@{host}", std::process::id());
        let name = name.parse::<NodeName>().map_err(|error| NodeError::BadOption {
            option: "name",
            problem: format!("{error}; give the host: --name NAME@HOST"),
        })?;
        let mut config = Config::new(name, cookie);
        config.tls = tls;
        config.listen = Listen::Off;
        config.epmd = Epmd::Port(epmd_port);
        config.connect_timeout = patience;
        config.handshake_timeout = patience;
        let node = Node::start(config, Vec::new()).await?;
        let events = node.events();
        Ok(Self { node, events, patience })
    }

    /// To ask the nodes that are linked.
    pub(crate) fn node(&self) -> &Node {
        &self.node
    }

    /// Joins a node: links to it, and again whenever the link is lost.
    pub(crate) fn join(&self, target: &Target) -> Result<(), NodeError> {
        self.node.join_target(outrigger_node::Target { name: target.name.clone(), addr: target.address() })
    }

    /// Links to a node, or says why it cannot. What the node can do.
    pub(crate) async fn link(&mut self, target: &Target) -> Result<Flags, Arc<NodeError>> {
        self.join(target)?;
        let outcome = async {
            while let Some(event) = self.events.next().await {
                match event {
                    NodeEvent::Up { name, flags, .. } if name == target.name => return Ok(flags),
                    NodeEvent::JoinFailed { name, error, .. } if name == target.name => return Err(error),
                    _ => {}
                }
            }
            Err(NodeError::ShutDown.into())
        };
        // Connecting and the handshake have their own time limits; this one is for what has none.
        let after = self.patience * 3;
        timeout(after, outcome).await.unwrap_or_else(|_| {
            Err(NodeError::HandshakeTimeout { peer: target.name.to_string(), after }.into())
        })
    }

    /// Ends it.
    pub(crate) async fn leave(self) {
        self.node.shutdown().await;
    }
}
