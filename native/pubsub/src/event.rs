//! What a PubSub tells its owner as it happens.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::broadcast;

use crate::pattern::Pattern;

const BACKLOG: usize = 1_024;

/// Something that is not a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PubSubEvent {
    /// Broadcasts of this program go another way.
    Route {
        /// The nodes of the routers in use. Empty: broadcasts go directly.
        routers: Vec<Arc<str>>,
    },
    /// Messages may have been missed, since a router heard too late of subscriptions. What is cached of these topics should be
    /// read anew.
    Gap {
        /// The node of the router.
        router: Arc<str>,
        /// What was subscribed to there, at most 100; `None` for all that has subscribers.
        patterns: Option<Vec<Pattern>>,
    },
    /// A router has dropped messages for this program, which did not read fast enough.
    Lost {
        /// The node of the router.
        router: Arc<str>,
        /// The node of the publishers.
        publisher: String,
        /// How many.
        count: u64,
    },
    /// Messages may have been lost that were under way through a router when it died, or the link to it broke.
    Unconfirmed {
        /// The node of the router.
        router: Arc<str>,
        /// The node of the publishers.
        publisher: String,
        /// How many at most.
        at_most: u64,
    },
    /// The old way of a publisher did not end in time. What still comes on it is dropped.
    GaveUp {
        /// The publisher, as it is printed.
        publisher: String,
        /// How many messages were held for it.
        held: usize,
    },
    /// A router does not attach this program: its limits are reached, or it is of another version. Its publishers go directly.
    Refused {
        /// The node of the router.
        router: Arc<str>,
        /// Why, as the router says it.
        reason: String,
        /// The router's limit.
        limit: u64,
    },
    /// Elixir nodes have named this prefix in `ordered`. What they publish on its topics does not come here, and what is published here is
    /// not in their order.
    Ordered {
        /// The prefix.
        prefix: String,
    },
    /// More came than could be dispatched. What waited is lost, and the worker has started anew.
    Overrun,
}

/// The events from the time on that they were asked for; who asks first has them from the start. A reader that falls more than 1,024 behind loses the oldest.
#[derive(Debug)]
pub struct PubSubEvents(broadcast::Receiver<PubSubEvent>);

impl PubSubEvents {
    /// The next event; `None` when this program has left the PubSub. Cancel-safe.
    pub async fn next(&mut self) -> Option<PubSubEvent> {
        loop {
            match self.0.recv().await {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

/// Where events are told.
#[derive(Debug)]
pub(crate) struct Teller {
    sender: broadcast::Sender<PubSubEvent>,
    /// For who asks first.
    first: Mutex<Option<broadcast::Receiver<PubSubEvent>>>,
}

impl Default for Teller {
    fn default() -> Self {
        let (sender, first) = broadcast::channel(BACKLOG);
        Self { sender, first: Mutex::new(Some(first)) }
    }
}

impl Teller {
    pub(crate) fn tell(&self, event: PubSubEvent) {
        // Nobody needs to listen.
        let _nobody = self.sender.send(event);
    }

    pub(crate) fn events(&self) -> PubSubEvents {
        PubSubEvents(self.first.lock().take().unwrap_or_else(|| self.sender.subscribe()))
    }
}
