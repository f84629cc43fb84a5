//! The handle of a stream.

use std::sync::Arc;

use outrigger_events::stream::Stream;
use outrigger_node::{Node, OwnedPid, Process, Reason};
use outrigger_pubsub::PubSub;
use tokio::sync::watch;

use crate::error::StreamError;
use crate::follower::{Follower, Told};
use crate::source::Source;

/// What a stream is now.
pub(crate) type Known = Arc<Stream>;

/// A stream that this program publishes events to. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EventStream {
    pubsub: PubSub,
    told: watch::Receiver<Told>,
    /// Lives as long as somebody has the stream.
    _follows: Option<Arc<Follows>>,
}

/// Ends the follower when it is dropped.
#[derive(Debug)]
struct Follows {
    voice: Process,
    follower: OwnedPid,
}

impl Drop for Follows {
    fn drop(&mut self) {
        self.voice.exit(&self.follower, Reason::shutdown());
    }
}

impl EventStream {
    /// A stream of BEAM nodes, by its name: `Elixir.MyApp.Orders` for `MyApp.Orders`. `pubsub` is the stream's, joined by `node`. Waits until a linked node
    /// that runs it has told its text. Cancel-safe.
    ///
    /// # Errors
    /// The name is no atom, or the node has as many processes as it allows, or is shut down.
    pub async fn follow(node: &Node, pubsub: &PubSub, name: &str) -> Result<Self, StreamError> {
        let (tell, mut told) = watch::channel(None);
        let follower = Follower::new(name, tell)?;
        let voice = node.process()?;
        let follower = node.start_server(None, follower)?;
        let follows = Follows { voice, follower };
        // It ends with the node alone.
        told.wait_for(Option::is_some).await.map_err(|_ended| outrigger_node::NodeError::ShutDown)?;
        Ok(Self { pubsub: pubsub.clone(), told, _follows: Some(Arc::new(follows)) })
    }

    /// A stream of this program alone: its name, its format and its views stand in the text (`outrigger_events::stream`).
    ///
    /// # Errors
    /// The text says none.
    pub fn declare(pubsub: &PubSub, text: &[u8]) -> Result<Self, StreamError> {
        let stream = Stream::parse(text).map_err(StreamError::Text)?;
        let (_tell, told) = watch::channel(Some(Ok(Arc::new(stream))));
        Ok(Self { pubsub: pubsub.clone(), told, _follows: None })
    }

    /// A publisher of events.
    ///
    /// # Errors
    /// There are as many processes as the node allows, or it is shut down.
    pub fn source(&self) -> Result<Source, StreamError> {
        Ok(Source::new(self.clone(), self.pubsub.publisher()?))
    }

    pub(crate) fn now(&self) -> Result<Known, StreamError> {
        match &*self.told.borrow() {
            Some(Ok(stream)) => Ok(stream.clone()),
            Some(Err(error)) => Err(StreamError::Text(error.clone())),
            // `follow` has waited for one, and none is taken back.
            None => Err(StreamError::Node(outrigger_node::NodeError::ShutDown)),
        }
    }
}
