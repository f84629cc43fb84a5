//! What rounds mean, one after the other: answers of a guest go in, what was seen comes out. Pure.

use std::time::Duration;

use crate::WatchConfig;
use crate::answer::{Answer, Hello};
use crate::busiest::Busiest;
use crate::depth::{Depths, Turns};
use crate::figures::{Figure, figures};
use crate::guest::Wanted;
use crate::latency::Latencies;
use crate::orphans::Orphans;
use crate::pace::Pace;
use crate::pools::Holds;
use crate::round::Round;

/// One node, as it was seen until now.
#[derive(Debug)]
pub(crate) struct Rounds {
    node: String,
    hello: Hello,
    config: WatchConfig,
    pace: Pace,
    turns: Turns,
    before: Option<Answer>,
    busiest: Busiest,
    orphans: Orphans,
    holds: Holds,
    depths: Depths,
    latencies: Latencies,
    /// Whether the guest knows which reading of latencies was the last one to be understood.
    in_step: bool,
}

impl Rounds {
    pub(crate) fn new(node: String, hello: Hello, config: WatchConfig) -> Self {
        Self {
            node,
            hello,
            config,
            pace: Pace::new(config.interval, config.duty),
            turns: Turns::new(config.depth),
            before: None,
            busiest: Busiest::default(),
            orphans: Orphans::default(),
            holds: Holds::default(),
            depths: Depths::default(),
            latencies: Latencies::default(),
            in_step: false,
        }
    }

    /// Goes on where another one has ended.
    pub(crate) fn resume(&mut self, latencies: Latencies) {
        self.latencies = latencies;
    }

    pub(crate) fn into_latencies(self) -> Latencies {
        self.latencies
    }

    pub(crate) fn pace(&self) -> &Pace {
        &self.pace
    }

    /// What the next round is to ask for.
    pub(crate) fn wanted(&mut self) -> Wanted {
        Wanted {
            top: (self.config.processes > 0).then(|| (self.pace.size(), self.config.processes)),
            pools: Some(self.config.clients),
            events: self.config.events,
            depth: self.turns.turn().filter(|_| self.pace.may_go_deeper()),
            // Until the answer is here: it may come too late, or the question be dropped.
            whole: !std::mem::take(&mut self.in_step),
        }
    }

    /// Takes an answer that came at `at_ms` of our clock, and was on its way so long.
    pub(crate) fn take(&mut self, mut answer: Answer, at_ms: u64, way: Duration) -> Round {
        self.in_step = true;
        answer.bound();
        let read = answer.top.as_ref().map_or(0, |top| usize::try_from(top.read).unwrap_or(usize::MAX));
        let deeper = Duration::from_micros(answer.depth_took);
        self.pace.took(Duration::from_micros(answer.took).saturating_sub(deeper), read);
        if answer.depth.is_some() {
            self.pace.went_deeper(deeper);
            self.turns.done();
        }
        self.understand(answer, at_ms, way)
    }

    fn understand(&mut self, mut answer: Answer, at_ms: u64, way: Duration) -> Round {
        if let Some(top) = &answer.top {
            self.busiest.take(top, answer.at);
            self.orphans.take(top);
        }
        let pools = self.holds.take(std::mem::take(&mut answer.pools), answer.at);
        let processes = self.busiest.all();
        let mut figures = figures(&self.hello, self.before.as_ref(), &answer, &pools, &processes);
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
            node: self.node.clone(),
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
