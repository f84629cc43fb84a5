//! The last while of what was seen: a window that moves along. Pure.

use std::collections::VecDeque;

use outrigger_watch::Window;

use crate::recorder::Recorder;
use crate::round::Round;

/// Rounds that are kept, of all nodes together.
const MOST: usize = 100_000;

/// Keeps what was seen in the last so many milliseconds, to be judged again and again.
///
/// All times are in milliseconds since the Unix epoch, by our own clock.
#[derive(Debug)]
pub struct Rolling {
    length: u64,
    began: u64,
    seen: VecDeque<(u64, Seen)>,
}

#[derive(Debug)]
enum Seen {
    Joined(String),
    Round(Box<Round>),
    Lost(String),
}

impl Rolling {
    /// Keeps `length` milliseconds, from `began` on.
    #[must_use]
    pub fn new(length: u64, began: u64) -> Self {
        Self { length, began, seen: VecDeque::new() }
    }

    /// A node is seen.
    pub fn joined(&mut self, node: &str, at: u64) {
        self.keep(at, Seen::Joined(node.to_owned()));
    }

    /// Takes a round: its figures, not who stood out.
    pub fn saw(&mut self, mut round: Round) {
        round.processes = Vec::new();
        round.pools = Vec::new();
        round.orphans = Vec::new();
        round.tables = Vec::new();
        round.ports = Vec::new();
        round.earlier = Vec::new();
        self.keep(round.at_ms, Seen::Round(round.into()));
    }

    /// A node is not seen any more.
    pub fn lost(&mut self, node: &str, at: u64) {
        self.keep(at, Seen::Lost(node.to_owned()));
    }

    fn keep(&mut self, at: u64, seen: Seen) {
        if self.seen.len() >= MOST {
            self.seen.pop_front();
        }
        self.seen.push_back((at, seen));
        let first = at.saturating_sub(self.length);
        while self.seen.front().is_some_and(|(at, _)| *at < first) {
            self.seen.pop_front();
        }
    }

    /// The last `length` milliseconds before `now`. A node that was lost before it is not in it.
    #[must_use]
    pub fn window(&self, length: u64, now: u64) -> Window {
        let from = now.saturating_sub(length).max(self.began);
        let mut recorder = Recorder::new(from);
        for (at, seen) in self.seen.iter().filter(|(at, _)| (from..=now).contains(at)) {
            match seen {
                Seen::Joined(node) => recorder.joined(node, *at),
                Seen::Round(round) => recorder.saw(round),
                Seen::Lost(node) => recorder.lost(node, *at),
            }
        }
        recorder.window(now)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::figures::Figure;

    pub(crate) fn round(node: &str, at_ms: u64, value: f64) -> Round {
        Round {
            node: node.into(),
            at_ms,
            clock_offset_ms: 0,
            view: Vec::new(),
            figures: vec![Figure::plain("runq.total", value)],
            earlier: Vec::new(),
            latencies: Vec::new(),
            counted: None,
            pools: Vec::new(),
            processes: Vec::new(),
            tables: Vec::new(),
            ports: Vec::new(),
            orphans: Vec::new(),
            events: None,
            took_us: 0,
        }
    }

    fn values(window: &Window, node: &str) -> Vec<f64> {
        match window.nodes.get(node).map(|node| node.series.values().next()) {
            Some(Some(outrigger_watch::Series::Samples(samples))) => {
                samples.iter().map(|sample| sample.value).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn it_moves_along() {
        let mut rolling = Rolling::new(1_000, 0);
        rolling.joined("a@h", 0);
        for at in 0..30 {
            rolling.saw(round("a@h", at * 100, at as f64));
        }
        let window = rolling.window(500, 2_900);
        assert_eq!((window.from, window.until), (2_400, 2_900));
        assert_eq!(values(&window, "a@h"), [24.0, 25.0, 26.0, 27.0, 28.0, 29.0]);
        assert_eq!(values(&rolling.window(9_000, 2_900), "a@h").len(), 11, "no more than is kept");
        assert_eq!(rolling.window(9_000, 2_900).from, 0, "nor from before it began");
    }

    #[test]
    fn a_node_that_is_lost_is_lost_in_the_window_and_then_gone() {
        let mut rolling = Rolling::new(1_000, 0);
        rolling.saw(round("a@h", 100, 1.0));
        rolling.lost("a@h", 200);
        assert_eq!(rolling.window(1_000, 300).nodes["a@h"].gone, Some(200));
        assert!(rolling.window(50, 300).nodes.is_empty());
    }
}
