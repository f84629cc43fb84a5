//! What one round has shown.

use std::collections::{BTreeMap, BTreeSet};

use outrigger_watch::LogLinear;
use serde::Serialize;

use crate::answer::ProcessInfo;
use crate::busiest::Busy;
use crate::depth::{Port, Table};
use crate::events::Events;
use crate::figures::Figure;
use crate::latency::Latency;
use crate::pools::Pool;

/// What one round has shown.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// The node.
    pub node: String,
    /// By our clock, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// How far the node's clock is ahead of ours, in milliseconds; half of the way there and back is not known.
    pub clock_offset_ms: i64,
    /// Nodes that it sees.
    pub view: Vec<String>,
    /// Metrics of the catalogue.
    pub figures: Vec<Figure>,
    /// Those that are not read in each round, as they were read last: allocators, tables, ports, states.
    pub earlier: Vec<Figure>,
    /// Durations since the round before, of `Outrigger.Watch`.
    pub latencies: Vec<Latency>,
    /// Which metrics `Outrigger.Watch` counts there; `None`: it does not run.
    pub counted: Option<BTreeSet<&'static str>>,
    /// Its pools.
    pub pools: Vec<Pool>,
    /// Processes that stand out, by work.
    pub processes: Vec<Busy>,
    /// The largest tables, the largest first.
    pub tables: Vec<Table>,
    /// Ports that stand out, those that move most first.
    pub ports: Vec<Port>,
    /// Processes that nobody would restart or end, as far as they are named.
    pub orphans: Vec<ProcessInfo>,
    /// What the virtual machine has reported since the round before; `None` if it was not asked.
    pub events: Option<Events>,
    /// What the round took there, in microseconds.
    pub took_us: u64,
}

impl Round {
    /// The figure of a metric that has no labels, as it was read last.
    #[must_use]
    pub fn value(&self, metric: &str) -> Option<f64> {
        let mut all = self.figures.iter().chain(&self.earlier);
        all.find(|figure| figure.metric == metric && figure.labels.is_empty()).map(|figure| figure.value)
    }

    /// The figures of a metric that has labels, as they were read last.
    pub fn labelled(&self, metric: &str) -> impl Iterator<Item = &Figure> {
        self.figures.iter().chain(&self.earlier).filter(move |figure| figure.metric == metric)
    }

    /// The sum of these. `None`: there is none.
    #[must_use]
    pub fn sum(&self, metric: &str) -> Option<f64> {
        self.labelled(metric).map(|figure| figure.value).reduce(|sum, value| sum + value)
    }

    /// Durations of each metric, over all its labels.
    #[must_use]
    pub fn durations(&self) -> BTreeMap<&'static str, LogLinear> {
        let mut all: BTreeMap<&'static str, LogLinear> = BTreeMap::new();
        for latency in &self.latencies {
            all.entry(latency.metric).or_default().merge(&latency.histogram);
        }
        all
    }
}
