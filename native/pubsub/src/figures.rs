//! Counters of a PubSub.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A snapshot: totals since the program joined, and how things stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Figures {
    /// Messages of other nodes that came for the worker. Some may have had no subscriber.
    pub received: u64,
    /// Messages that came late, on a way that was given up, and were dropped.
    pub stale: u64,
    /// Times that an old way did not end in time.
    pub gave_up: u64,
    /// Messages that routers have dropped for this program.
    pub lost: u64,
    /// At most so many messages of other nodes were lost with routers and links to them.
    pub unconfirmed: u64,
    /// Topics and prefixes on which messages may have been missed; once each time.
    pub gaps: u64,
    /// Messages that full subscriptions have dropped, of all that there were.
    pub dropped: u64,
    /// Messages to the worker that were none of the protocol.
    pub malformed: u64,
    /// Times that the worker started anew, since more came than could be dispatched.
    pub overruns: u64,
    /// Times that broadcasts took another way.
    pub route_changes: u64,
    /// Publishers of other nodes that are changing their way now.
    pub waiting: usize,
    /// Topics and prefixes with subscribers, or that had one in the last 5 s.
    pub patterns: usize,
    /// Nodes of the routers that broadcasts go through.
    pub routers: Vec<String>,
    /// Nodes that some publisher of this program reaches directly.
    pub direct: Vec<String>,
    /// Nodes of routers that send what is subscribed to and nothing else. Others send everything.
    pub listed: Vec<String>,
}

/// What is counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) received: Counter,
    pub(crate) stale: Counter,
    pub(crate) gave_up: Counter,
    pub(crate) lost: Counter,
    pub(crate) unconfirmed: Counter,
    pub(crate) gaps: Counter,
    pub(crate) dropped: Counter,
    pub(crate) malformed: Counter,
    pub(crate) overruns: Counter,
    pub(crate) route_changes: Counter,
    /// A gauge: see [`Figures::waiting`].
    pub(crate) waiting: Counter,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Relaxed);
    }

    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
