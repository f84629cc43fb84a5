//! What is shown, and what somebody wants to see of it. Pure.

use std::collections::{BTreeMap, VecDeque};

use outrigger_node::NodeName;
use outrigger_probe::{Busy, Hello, Round, Sight};
use outrigger_watch::LogLinear;

use super::keys::Wish;

/// Rounds that the line of the past shows.
const PAST: usize = 120;
/// Rounds that durations are of.
const LATELY: usize = 10;

/// How processes are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Work,
    Memory,
    Binaries,
    Mailbox,
}

/// What is shown below the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Panel {
    Processes,
    Pools,
    Tables,
    Ports,
    Durations,
    Allocators,
}

/// Durations of the rounds between two moments, by metric.
#[derive(Debug, Default)]
pub(super) struct Lately {
    pub(super) seconds: f64,
    pub(super) durations: BTreeMap<&'static str, LogLinear>,
}

/// One node.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) name: String,
    pub(super) hello: Option<Hello>,
    pub(super) round: Option<Round>,
    /// Why it is not seen, if it is not.
    pub(super) problem: Option<String>,
    /// Utilisation in per mille, the newest last.
    pub(super) past: VecDeque<u64>,
    /// When, in milliseconds, and what of the last rounds.
    lately: VecDeque<(u64, BTreeMap<&'static str, LogLinear>)>,
}

/// All of it.
#[derive(Debug)]
pub(super) struct State {
    pub(super) nodes: Vec<Seen>,
    pub(super) node: usize,
    pub(super) order: Order,
    pub(super) panel: Panel,
    pub(super) help: bool,
    pub(super) held: bool,
    /// Lines that were scrolled away.
    pub(super) scrolled: usize,
}

impl State {
    pub(super) fn new(names: &[NodeName]) -> Self {
        let seen = |name: &NodeName| Seen {
            name: name.to_string(),
            hello: None,
            round: None,
            problem: None,
            past: VecDeque::with_capacity(PAST),
            lately: VecDeque::with_capacity(LATELY + 1),
        };
        Self {
            nodes: names.iter().map(seen).collect(),
            node: 0,
            order: Order::Work,
            panel: Panel::Processes,
            help: false,
            held: false,
            scrolled: 0,
        }
    }

    /// The node that is shown. There is always one.
    pub(super) fn shown(&self) -> Option<&Seen> {
        self.nodes.get(self.node)
    }

    /// Takes what is seen. A picture that is held stays as it is.
    pub(super) fn saw(&mut self, sight: Sight) {
        if self.held {
            return;
        }
        match sight {
            Sight::Joined { node, hello } => {
                if let Some(seen) = self.of(node.as_str()) {
                    (seen.hello, seen.problem) = (Some(hello), None);
                }
            }
            Sight::Round(round) => {
                if let Some(seen) = self.of(&round.node) {
                    seen.remember(&round);
                    (seen.round, seen.problem) = (Some(*round), None);
                }
            }
            Sight::Lost { node, error } => {
                if let Some(seen) = self.of(node.as_str()) {
                    seen.problem = Some(error.to_string());
                }
            }
            _ => {}
        }
    }

    fn of(&mut self, name: &str) -> Option<&mut Seen> {
        self.nodes.iter_mut().find(|seen| seen.name == name)
    }

    /// Does what somebody wants. `false`: to go.
    pub(super) fn wish(&mut self, wish: Wish) -> bool {
        let nodes = self.nodes.len();
        match wish {
            Wish::Quit => return false,
            Wish::NextNode => self.node = (self.node + 1) % nodes,
            Wish::PreviousNode => self.node = (self.node + nodes - 1) % nodes,
            Wish::Sort(order) => (self.order, self.panel, self.scrolled) = (order, Panel::Processes, 0),
            // The same key leads back.
            Wish::Show(panel) if panel == self.panel => (self.panel, self.scrolled) = (Panel::Processes, 0),
            Wish::Show(panel) => (self.panel, self.scrolled) = (panel, 0),
            Wish::Hold => self.held = !self.held,
            Wish::Help => self.help = !self.help,
            Wish::Up => self.scrolled = self.scrolled.saturating_sub(1),
            Wish::Down => self.scrolled += 1,
        }
        true
    }
}

impl Seen {
    fn remember(&mut self, round: &Round) {
        if let Some(share) = round.value("sched.util") {
            if self.past.len() == PAST {
                self.past.pop_front();
            }
            self.past.push_back((share * 1e3) as u64);
        }
        // The first of them only says since when.
        if self.lately.len() > LATELY {
            self.lately.pop_front();
        }
        self.lately.push_back((round.at_ms, round.durations()));
    }

    /// Durations of the last rounds.
    pub(super) fn lately(&self) -> Lately {
        let at = |of: Option<&(u64, _)>| of.map_or(0, |(at, _)| *at);
        let millis = at(self.lately.back()).saturating_sub(at(self.lately.front()));
        let mut lately = Lately { seconds: millis as f64 / 1e3, ..Lately::default() };
        for (metric, histogram) in self.lately.iter().skip(1).flat_map(|(_, durations)| durations) {
            lately.durations.entry(metric).or_default().merge(histogram);
        }
        lately
    }
}

impl Order {
    /// The processes of a round in this order.
    pub(super) fn sorted(self, round: &Round) -> Vec<&Busy> {
        let mut all: Vec<&Busy> = round.processes.iter().collect();
        all.sort_by(|a, b| self.key(b).total_cmp(&self.key(a)));
        all
    }

    fn key(self, busy: &Busy) -> f64 {
        match self {
            Self::Work => busy.reductions_per_s,
            Self::Memory => busy.process.memory as f64,
            Self::Binaries => busy.binary as f64,
            Self::Mailbox => busy.process.mailbox as f64,
        }
    }
}
