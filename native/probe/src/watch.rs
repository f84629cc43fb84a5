//! The rhythm of one node: ask, understand, wait.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use outrigger_node::{Node, NodeName};
use outrigger_watch::LogLinear;
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use crate::ProbeError;
use crate::answer::{Answer, Hello, ProcessInfo};
use crate::busiest::{Busiest, Busy};
use crate::clock::now_ms;
use crate::depth::{DepthConfig, Depths, Port, Table, Turns};
use crate::events::{EventLimits, Events};
use crate::figures::{Figure, figures};
use crate::guest::{Guest, Wanted};
use crate::latency::{Latencies, Latency};
use crate::orphans::Orphans;
use crate::pace::Pace;
use crate::pools::{Holds, Pool};

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
    config: WatchConfig,
    pace: Pace,
    due: Instant,
    before: Option<Answer>,
    busiest: Busiest,
    orphans: Orphans,
    holds: Holds,
    turns: Turns,
    depths: Depths,
    latencies: Latencies,
    /// Whether the guest knows which reading of latencies was the last one to be understood.
    in_step: bool,
}

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

impl Watch {
    /// Starts to watch a node that is linked.
    ///
    /// # Errors
    /// As [`Guest::start`].
    pub async fn start(node: &Node, peer: &NodeName, config: WatchConfig) -> Result<Self, ProbeError> {
        let guest = Guest::start(node, peer, config.patience).await?;
        Ok(Self {
            guest,
            config,
            pace: Pace::new(config.interval, config.duty),
            turns: Turns::new(config.depth),
            depths: Depths::default(),
            due: Instant::now(),
            before: None,
            busiest: Busiest::default(),
            orphans: Orphans::default(),
            holds: Holds::default(),
            latencies: Latencies::default(),
            in_step: false,
        })
    }

    /// Goes on where the watch before it has ended, so that what was counted in between is not missed.
    pub(crate) fn resume(&mut self, latencies: Latencies) {
        self.latencies = latencies;
    }

    /// For the watch after this one.
    pub(crate) fn into_latencies(self) -> Latencies {
        self.latencies
    }

    /// What the node is.
    #[must_use]
    pub fn hello(&self) -> &Hello {
        self.guest.hello()
    }

    /// The rhythm as it is now.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Waits until a round is due, and asks. The first one has no rates. Cancel-safe: a round that was dropped is asked again.
    ///
    /// # Errors
    /// The node is silent (the next call asks again), or its guest has ended (start anew).
    pub async fn next(&mut self) -> Result<Round, ProbeError> {
        sleep_until(self.due).await;
        let asked = Instant::now();
        self.due = asked + self.pace.interval();
        let wanted = Wanted {
            top: (self.config.processes > 0).then(|| (self.pace.size(), self.config.processes)),
            pools: Some(self.config.clients),
            events: self.config.events,
            depth: self.turns.turn().filter(|_| self.pace.may_go_deeper()),
            whole: !self.in_step,
        };
        // Until the answer is here: it may come too late, or this call be cancelled.
        self.in_step = false;
        let answer: Answer = self.guest.ask(|tag| wanted.request(tag), self.config.patience).await?;
        self.in_step = true;
        let way = asked.elapsed();
        let at_ms = now_ms();
        let read = answer.top.as_ref().map_or(0, |top| usize::try_from(top.read).unwrap_or(usize::MAX));
        let deeper = Duration::from_micros(answer.depth_took);
        self.pace.took(Duration::from_micros(answer.took).saturating_sub(deeper), read);
        if answer.depth.is_some() {
            self.pace.went_deeper(deeper);
            self.turns.done();
        }
        self.due = asked + self.pace.interval();
        Ok(self.understand(answer, at_ms, way))
    }

    fn understand(&mut self, mut answer: Answer, at_ms: u64, way: Duration) -> Round {
        if let Some(top) = &answer.top {
            self.busiest.take(top, answer.at);
            self.orphans.take(top);
        }
        let pools = self.holds.take(std::mem::take(&mut answer.pools), answer.at);
        let processes = self.busiest.all();
        let mut figures = figures(self.guest.hello(), self.before.as_ref(), &answer, &pools, &processes);
        let counted = self.latencies.take(answer.latency.take());
        figures.extend(counted.figures);
        let orphans = self.orphans.found();
        if let Some((count, _)) = orphans {
            figures.push(Figure::plain("process.orphans", count as f64));
        }
        figures.extend(self.depths.take(answer.depth.take()));
        figures.push(Figure::plain("probe.round", way.as_secs_f64()));
        figures.push(Figure::plain("probe.cpu", self.pace.spent()));
        let here = i64::try_from(at_ms)
            .unwrap_or(i64::MAX)
            .saturating_sub(i64::try_from(way.as_millis() / 2).unwrap_or(0));
        let round = Round {
            node: self.guest.peer().to_string(),
            at_ms,
            clock_offset_ms: answer.system.clock.saturating_sub(here),
            view: answer.system.view.clone(),
            earlier: self.depths.earlier(&figures),
            figures,
            latencies: counted.latencies,
            counted: counted.metrics,
            pools,
            processes,
            tables: self.depths.tables().to_vec(),
            ports: self.depths.ports().to_vec(),
            orphans: orphans.map(|(_, named)| named.to_vec()).unwrap_or_default(),
            events: answer.events.clone(),
            took_us: answer.took,
        };
        self.before = Some(answer);
        round
    }
}
