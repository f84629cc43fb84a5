//! A node that is named `undefined@host`, as with `erl -name undefined`: it has no name of its own and asks the first peer that it
//! reaches for one.
//!
//! - It asks before anything else starts, since every pid holds the name. It does not listen and is not registered.
//! - The name and the creation are the peer's to give, and hold as long as the link with that peer: when it ends, the node ends.
//!   Whoever wants to go on starts a node again, with another name.
//!
//! Limits: only [`Config::joins`] are asked, each once, in their order.

use std::sync::Arc;

use outrigger_proto::{Creation, NodeName};

use crate::config::Config;
use crate::dial;
use crate::error::NodeError;
use crate::establish::{self, Connected};
use crate::inner::Inner;
use crate::start;
use crate::transport::Transport;

/// The name that is none.
const UNDEFINED: &str = "undefined";

/// What a peer has given, and the connection that it holds with.
pub(crate) struct Given {
    pub(crate) name: NodeName,
    pub(crate) creation: Creation,
    pub(crate) connected: Connected,
}

pub(crate) fn is_nameless(name: &NodeName) -> bool {
    name.short() == UNDEFINED
}

/// Asks for a name.
pub(crate) async fn ask(config: &Config, transport: &Transport) -> Result<Given, NodeError> {
    let problem = "a node without a name needs a peer to get one from".into();
    let mut last = NodeError::BadOption { option: "join", problem };
    let asking = Inner::new(config.clone(), transport.clone(), Creation(0), vec![], vec![])?;
    for target in &config.joins {
        match dial::reach(&asking, target).await {
            Ok((connected, ours)) => {
                return Ok(Given { name: ours.name, creation: ours.creation, connected });
            }
            Err(error) => {
                tracing::warn!(peer = %target.name, %error, "got no name");
                last = error;
            }
        }
    }
    Err(last)
}

/// Makes the link that the name came over, and ends the node with it.
pub(crate) async fn hold(inner: &Arc<Inner>, given: Connected) -> Result<(), NodeError> {
    let peer = given.peer.name.clone();
    let too_late = || NodeError::NotLinked { peer: peer.to_string() };
    let attempt = inner.registry.begin_dial(&peer).ok_or_else(too_late)?;
    establish::establish(inner, given, attempt).await?;
    let (inner, link) = (inner.clone(), inner.registry.link(&peer));
    // Not a task of the node: it waits for the end of those.
    tokio::spawn(async move {
        if let Some(link) = link {
            link.0.finished.wait().await;
        }
        if !inner.stopping() {
            tracing::warn!(%peer, "the link that our name came over is down, and this node ends; start it again for a new name");
            start::shutdown(&inner).await;
        }
    });
    Ok(())
}
