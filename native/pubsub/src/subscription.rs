//! What a subscriber holds.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use outrigger_term::{SerdeError, Term, TermError, from_slice};
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::error::PubSubError;
use crate::local::Queue;
use crate::pattern::Pattern;
use crate::pubsub::Handle;

/// A subscription to a topic, or to all that begin alike. Dropping it ends it.
///
/// What waits in it is bounded by [`Options::queue`](crate::Options::queue) and given up by
/// [`Options::overflow`](crate::Options::overflow).
#[derive(Debug)]
pub struct Subscription {
    handle: Arc<Handle>,
    pattern: Pattern,
    queue: Arc<Queue>,
}

impl Subscription {
    pub(crate) fn new(handle: Arc<Handle>, pattern: Pattern, queue: Arc<Queue>) -> Self {
        handle.shared.local.add(&pattern, queue.clone());
        handle.shared.register(&pattern);
        Self { handle, pattern, queue }
    }

    /// What it is subscribed to.
    #[must_use]
    pub const fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// The next message; waits for one. `None` when nothing will come any more: the node is shut down, or the queue was full and
    /// [`Overflow::End`](crate::Overflow::End) is what was asked for. Cancel-safe.
    pub async fn recv(&mut self) -> Option<Message> {
        self.queue.next().await
    }

    /// The next message, if one is there.
    pub fn try_recv(&mut self) -> Option<Message> {
        self.queue.pop()
    }

    /// Messages that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Messages that it had no room for.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.queue.dropped()
    }

    /// Waits until each router that this program is attached to knows of the subscription. No message is lost without that: what is
    /// published before a router knows is passed on late. Late ones may come behind messages of the same publisher on other topics;
    /// who needs them in order over topics from the first one on waits for this.
    ///
    /// # Errors
    /// One has not answered in time. The subscription is in place all the same.
    pub async fn confirmed(&self, within: Duration) -> Result<(), PubSubError> {
        let (done, confirmed) = oneshot::channel();
        self.handle.shared.confirm(&self.pattern, done);
        match timeout(within, confirmed).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(PubSubError::NotConfirmed),
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.handle.shared.local.remove(&self.pattern, &self.queue);
        self.handle.shared.unregister(&self.pattern);
    }
}

/// A message that somebody has broadcast. Cheap to clone. Custom dispatchers of Elixir nodes are not asked: what they were given is
/// what comes here.
#[derive(Clone, Debug)]
pub struct Message {
    topic: Arc<str>,
    term: Bytes,
}

impl Message {
    pub(crate) const fn new(topic: Arc<str>, term: Bytes) -> Self {
        Self { topic, term }
    }

    /// What it was broadcast on.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The bytes of its term, without the version byte. Well-formed. They keep alive the frame they came in: at most 64 KiB for
    /// a small message.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.term
    }

    /// Its term.
    ///
    /// # Errors
    /// None for what came from a peer: the node has looked at it.
    pub fn term(&self) -> Result<Term<'_>, TermError> {
        Term::new(&self.term)
    }

    /// It as a value: `message.decode::<Order>()`.
    ///
    /// # Errors
    /// The term is not of that type.
    pub fn decode<'a, T: Deserialize<'a>>(&'a self) -> Result<T, SerdeError> {
        from_slice(&self.term)
    }
}
