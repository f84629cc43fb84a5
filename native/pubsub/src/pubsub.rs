//! The handle of a PubSub.

use std::sync::Arc;

use outrigger_node::pg::Pg;
use outrigger_node::{MailboxBounds, Node, Overflow, Process, ProcessOptions};
use tokio::sync::oneshot;

use crate::error::PubSubError;
use crate::event::PubSubEvents;
use crate::figures::Figures;
use crate::local::Queue;
use crate::options::Options;
use crate::pattern::Pattern;
use crate::publisher::Publisher;
use crate::shared::Shared;
use crate::subscription::Subscription;
use crate::worker::{self, Worker};

/// The scope of the groups of all Outrigger PubSubs.
pub const SCOPE: &str = "Elixir.Outrigger.PubSub";
/// The longest topic that routers take.
const MAX_TOPIC: usize = 4_096;

/// A PubSub that this program takes part in. Cheap to clone. It leaves when the last handle, subscription and publisher is dropped,
/// and with the end of the node.
#[derive(Clone, Debug)]
pub struct PubSub {
    handle: Arc<Handle>,
}

/// Lives as long as somebody uses the PubSub.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) shared: Arc<Shared>,
    /// Dropped with it: that tells the worker.
    _closing: oneshot::Sender<()>,
}

impl PubSub {
    /// Takes part in the PubSub of this name, which is `Elixir.MyApp.PubSub` for `MyApp.PubSub`. Must be called in the runtime.
    ///
    /// # Errors
    /// The name is no atom; this node takes part already, or has started the scope [`SCOPE`] itself (then it goes into
    /// [`Options::pg`]); the node is shut down.
    pub async fn join(node: &Node, name: &str) -> Result<Self, PubSubError> {
        Self::join_with(node, name, Options::default()).await
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`PubSub::join`], or an option cannot work.
    pub async fn join_with(node: &Node, name: &str, mut options: Options) -> Result<Self, PubSubError> {
        options.check()?;
        options.mailbox.overflow = Overflow::End;
        let pg = match options.pg.take() {
            Some(pg) => pg,
            None => Pg::start(node, SCOPE)?,
        };
        let group: Arc<str> = format!("{name}.Adapter").into();
        let voice = mute(node)?;
        let process = worker::process(&voice, &group, &worker::options(&options))?;
        let shared = Arc::new(Shared::new(group, options, voice, process.pid().clone()));
        let worker = Worker::start(shared.clone(), process, pg).await?;
        let (closing, closed) = oneshot::channel();
        tokio::spawn(worker.run(closed));
        Ok(Self { handle: Arc::new(Handle { shared, _closing: closing }) })
    }

    /// Subscribes to a topic. What is published after this has returned, anywhere in the cluster, is delivered; nothing has to be waited
    /// for. Subscribing twice gives each message twice, once in each subscription.
    ///
    /// # Errors
    /// The topic has more than 4,096 bytes.
    pub fn subscribe(&self, topic: &str) -> Result<Subscription, PubSubError> {
        self.subscribe_to(Pattern::Topic(topic.into()))
    }

    /// Subscribes to all topics that begin so. Who has subscribed to a topic and to a prefix of it gets a message once for each.
    ///
    /// # Errors
    /// The prefix has more than 4,096 bytes.
    pub fn subscribe_prefix(&self, prefix: &str) -> Result<Subscription, PubSubError> {
        self.subscribe_to(Pattern::Prefix(prefix.into()))
    }

    fn subscribe_to(&self, pattern: Pattern) -> Result<Subscription, PubSubError> {
        check(pattern.text())?;
        let options = &self.handle.shared.options;
        let queue = Queue::new(options.queue, options.overflow);
        Ok(Subscription::new(self.handle.clone(), pattern, queue))
    }

    /// A publisher: a process with a pid of its own, whose messages arrive in their order.
    ///
    /// # Errors
    /// There are as many processes as the node allows, or it is shut down.
    pub fn publisher(&self) -> Result<Publisher, PubSubError> {
        Ok(Publisher::new(self.handle.clone(), mute(&self.handle.shared.node)?))
    }

    /// A snapshot of the figures.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.handle.shared.figures()
    }

    /// What happens from now on, beside messages. The first who asks has it from the start.
    #[must_use]
    pub fn events(&self) -> PubSubEvents {
        self.handle.shared.events.events()
    }
}

/// A process that only sends. What comes for it is dropped.
fn mute(node: &Node) -> Result<Process, PubSubError> {
    let mailbox = MailboxBounds { messages: 1, bytes: 1 << 10, overflow: Overflow::DropNewest };
    Ok(node.process_with(&ProcessOptions::default().mailbox(mailbox))?)
}

pub(crate) fn check(topic: &str) -> Result<(), PubSubError> {
    match topic.len() {
        length if length > MAX_TOPIC => Err(PubSubError::TopicTooLong { length }),
        _ => Ok(()),
    }
}
