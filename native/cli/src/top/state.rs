//! What is shown, and what somebody wants to see of it. Pure.

use std::collections::VecDeque;

use outrigger_node::NodeName;
use outrigger_probe::{Busy, Hello, Round, Sight};

use super::keys::Wish;

/// Rounds that the line of the past shows.
const PAST: usize = 120;

/// How processes are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Work,
    Memory,
    Binaries,
    Mailbox,
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
}

/// All of it.
#[derive(Debug)]
pub(super) struct State {
    pub(super) nodes: Vec<Seen>,
    pub(super) node: usize,
    pub(super) order: Order,
    pub(super) pools: bool,
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
        };
        Self {
            nodes: names.iter().map(seen).collect(),
            node: 0,
            order: Order::Work,
            pools: false,
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
                    if let Some(share) = value(&round, "sched.util") {
                        if seen.past.len() == PAST {
                            seen.past.pop_front();
                        }
                        seen.past.push_back((share * 1e3) as u64);
                    }
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
            Wish::Sort(order) => (self.order, self.pools, self.scrolled) = (order, false, 0),
            Wish::Pools => (self.pools, self.scrolled) = (!self.pools, 0),
            Wish::Hold => self.held = !self.held,
            Wish::Help => self.help = !self.help,
            Wish::Up => self.scrolled = self.scrolled.saturating_sub(1),
            Wish::Down => self.scrolled += 1,
        }
        true
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

/// A metric without labels.
pub(super) fn value(round: &Round, metric: &str) -> Option<f64> {
    round.figures.iter().find(|figure| figure.metric == metric).map(|figure| figure.value)
}
