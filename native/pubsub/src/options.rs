//! How a program takes part.

use outrigger_node::pg::Pg;
use outrigger_node::{MailboxBounds, Overflow};

use crate::error::PubSubError;

/// Whether broadcasts of this program go through routers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Via {
    /// With more other nodes than [`Options::direct_up_to`].
    #[default]
    Auto,
    /// Whenever there is one.
    Relay,
    /// Never.
    Direct,
}

/// Options of a PubSub, checked by [`PubSub::join_with`](crate::PubSub::join_with). The names are those of the Elixir package.
///
/// ```
/// use outrigger_pubsub::{Options, Overflow};
///
/// let options = Options::default().queue(1_000).overflow(Overflow::DropOldest);
/// assert_eq!((options.queue, options.direct_up_to), (1_000, 2));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// For how long a receiver waits for the old way of a publisher to end, in milliseconds. The same on all nodes.
    /// Default: 5,000.
    pub hold_ms: u64,
    /// How many messages of one publisher are held meanwhile. Default: 10,000.
    pub hold_max: usize,
    /// How many bytes are held for all publishers. Default: 64 MiB.
    pub hold_bytes: usize,
    /// Whether broadcasts go through routers. Default: [`Via::Auto`].
    pub via: Via,
    /// Up to how many other nodes [`Via::Auto`] sends to each directly. Default: 2.
    pub direct_up_to: usize,
    /// For how long the cluster has to be that small before it goes back to sending directly, in milliseconds.
    /// Default: 10,000.
    pub direct_after_ms: u64,
    /// Messages that may wait in one subscription. Default: 10,000.
    pub queue: usize,
    /// What a full subscription gives up. Default: the newest message.
    pub overflow: Overflow,
    /// Bytes that may wait for one peer before `broadcast` waits. Default: 1 MiB, as of a BEAM.
    pub max_queued: usize,
    /// What may wait between the readers of links and the dispatch. When it is passed the worker starts anew, as the rules of
    /// order leave nothing else. Default: 1,000,000 messages, 256 MiB.
    pub mailbox: MailboxBounds,
    /// The scope of the groups, where the program has started it already. It is shared by all PubSubs of a node.
    pub pg: Option<Pg>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            hold_ms: 5_000,
            hold_max: 10_000,
            hold_bytes: 64 << 20,
            via: Via::Auto,
            direct_up_to: 2,
            direct_after_ms: 10_000,
            queue: 10_000,
            overflow: Overflow::DropNewest,
            max_queued: 1 << 20,
            mailbox: MailboxBounds { messages: 1_000_000, bytes: 256 << 20, overflow: Overflow::End },
            pg: None,
        }
    }
}

impl Options {
    /// The same with [`Options::hold_ms`] and [`Options::hold_max`].
    #[must_use]
    pub const fn hold(mut self, ms: u64, messages: usize) -> Self {
        (self.hold_ms, self.hold_max) = (ms, messages);
        self
    }

    /// The same with [`Options::via`].
    #[must_use]
    pub const fn via(mut self, via: Via) -> Self {
        self.via = via;
        self
    }

    /// The same with [`Options::direct_up_to`].
    #[must_use]
    pub const fn direct_up_to(mut self, nodes: usize) -> Self {
        self.direct_up_to = nodes;
        self
    }

    /// The same with [`Options::queue`].
    #[must_use]
    pub const fn queue(mut self, messages: usize) -> Self {
        self.queue = messages;
        self
    }

    /// The same with [`Options::overflow`].
    #[must_use]
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// The same with [`Options::max_queued`].
    #[must_use]
    pub const fn max_queued(mut self, bytes: usize) -> Self {
        self.max_queued = bytes;
        self
    }

    /// The same with [`Options::pg`].
    #[must_use]
    pub fn pg(mut self, pg: Pg) -> Self {
        self.pg = Some(pg);
        self
    }

    pub(crate) fn check(&self) -> Result<(), PubSubError> {
        let positive = [
            ("hold_ms", self.hold_ms),
            ("hold_max", self.hold_max as u64),
            ("hold_bytes", self.hold_bytes as u64),
            ("queue", self.queue as u64),
            ("max_queued", self.max_queued as u64),
            ("mailbox", self.mailbox.messages.min(self.mailbox.bytes) as u64),
        ];
        let bad = |option, problem: &str| Err(PubSubError::BadOption { option, problem: problem.into() });
        if let Some((option, _)) = positive.iter().find(|(_, value)| *value == 0) {
            return bad(option, "it has to be at least 1");
        }
        if self.hold_ms > 600_000 {
            return bad("hold_ms", "ten minutes are the most");
        }
        match &self.pg {
            Some(pg) if pg.scope() != crate::SCOPE => {
                bad("pg", "it has to be the scope outrigger_pubsub::SCOPE")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_refused() {
        assert!(Options::default().check().is_ok());
        for options in [
            Options::default().hold(0, 1),
            Options::default().hold(1, 0),
            Options::default().hold(600_001, 1),
            Options::default().queue(0),
            Options::default().max_queued(0),
        ] {
            assert!(matches!(options.check(), Err(PubSubError::BadOption { .. })), "{options:?}");
        }
    }
}
