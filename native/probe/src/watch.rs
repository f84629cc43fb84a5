//! The rhythm of one node: ask, understand, wait.

use std::time::Duration;

use outrigger_node::{Node, NodeName};
use tokio::time::{Instant, sleep_until};

use crate::ProbeError;
use crate::answer::{Answer, Hello};
use crate::clock::now_ms;
use crate::depth::DepthConfig;
use crate::events::EventLimits;
use crate::guest::Guest;
use crate::latency::Latencies;
use crate::pace::Pace;
use crate::round::Round;
use crate::rounds::Rounds;

/// How a node is watched.
#[derive(Clone, Copy, Debug)]
pub struct WatchConfig {
    /// From one round to the next.
    pub interval: Duration,
    /// What it may cost the node, as a share of one core.
    pub duty: f64,
    /// Processes to show, of each order (work, mailbox, memory). 0 does not walk over processes at all.
    pub processes: usize,
    /// Holders and waiters to show of each pool.
    pub clients: usize,
    /// What is read besides, by turns.
    pub depth: DepthConfig,
    /// How long to wait for an answer.
    pub patience: Duration,
    /// Whether the virtual machine is to report what is slow, large or busy, and from where on.
    pub events: Option<EventLimits>,
}

impl Default for WatchConfig {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(1),
            duty: 0.01,
            processes: 10,
            clients: 64,
            depth: DepthConfig::default(),
            patience: Duration::from_secs(5),
            events: None,
        }
    }
}

/// One node, watched.
#[derive(Debug)]
pub struct Watch {
    guest: Guest,
    patience: Duration,
    due: Instant,
    rounds: Rounds,
}

impl Watch {
    /// Starts to watch a node that is linked.
    ///
    /// # Errors
    /// As [`Guest::start`].
    pub async fn start(node: &Node, peer: &NodeName, config: WatchConfig) -> Result<Self, ProbeError> {
        let guest = Guest::start(node, peer, config.patience).await?;
        let rounds = Rounds::new(guest.peer().to_string(), guest.hello().clone(), config);
        Ok(Self { guest, patience: config.patience, due: Instant::now(), rounds })
    }

    /// Goes on where the watch before it has ended, so that what was counted in between is not missed.
    pub(crate) fn resume(&mut self, latencies: Latencies) {
        self.rounds.resume(latencies);
    }

    /// For the watch after this one.
    pub(crate) fn into_latencies(self) -> Latencies {
        self.rounds.into_latencies()
    }

    /// What the node is.
    #[must_use]
    pub fn hello(&self) -> &Hello {
        self.guest.hello()
    }

    /// The rhythm as it is now.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        self.rounds.pace()
    }

    /// Waits until a round is due, and asks. The first one has no rates. Cancel-safe: a round that was dropped is asked again.
    ///
    /// # Errors
    /// The node is silent (the next call asks again), or its guest has ended (start anew).
    pub async fn next(&mut self) -> Result<Round, ProbeError> {
        sleep_until(self.due).await;
        let asked = Instant::now();
        self.due = asked + self.pace().interval();
        let wanted = self.rounds.wanted();
        let answer: Answer = self.guest.ask(|tag| wanted.request(tag), self.patience).await?;
        let round = self.rounds.take(answer, now_ms(), asked.elapsed());
        self.due = asked + self.pace().interval();
        Ok(round)
    }
}
