//! Rounds, kept as a window: what a gate judges, and what `--record` writes. Pure.

use std::collections::BTreeMap;

use outrigger_watch::{Key, NodeWindow, Sample, Series, Window};

use crate::watch::Round;

/// Series of one node, and samples of one series: what is beyond them is not kept, and said so.
const SERIES: usize = 2_000;
const SAMPLES: usize = 100_000;

/// Keeps what is seen from one moment on.
///
/// ```
/// use outrigger_probe::Recorder;
///
/// let mut recorder = Recorder::new(1_000);
/// recorder.joined("app@host", 1_200);
/// recorder.lost("app@host", 1_900);
/// let window = recorder.window(2_000);
/// assert_eq!(window.nodes["app@host"].gone, Some(1_900));
/// ```
#[derive(Clone, Debug)]
pub struct Recorder {
    window: Window,
}

impl Recorder {
    /// From `from` on: all times are in milliseconds since the Unix epoch, by our own clock.
    #[must_use]
    pub fn new(from: u64) -> Self {
        Self { window: Window::new(from, from) }
    }

    /// A node is seen. One that was lost before has a gap, which its samples show.
    pub fn joined(&mut self, node: &str, at: u64) {
        self.node(node, at).gone = None;
    }

    /// Takes a round.
    pub fn saw(&mut self, round: &Round) {
        let node = self.node(&round.node, round.at_ms);
        node.clock_offset_ms = Some(round.clock_offset_ms);
        for figure in &round.figures {
            let labels: BTreeMap<String, String> =
                figure.labels.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            let key = Key { metric: figure.metric.to_owned(), labels };
            if node.series.len() >= SERIES && !node.series.contains_key(&key) {
                node.absent
                    .insert(figure.metric.to_owned(), format!("more than {SERIES} series of this node"));
                continue;
            }
            let series = node.series.entry(key).or_insert_with(|| Series::Samples(Vec::new()));
            if let Series::Samples(samples) = series
                && samples.len() < SAMPLES
            {
                samples.push(Sample { at: round.at_ms, value: figure.value });
            }
        }
    }

    /// A node is not seen any more.
    pub fn lost(&mut self, node: &str, at: u64) {
        if let Some(node) = self.window.nodes.get_mut(node) {
            node.gone = Some(at);
        }
    }

    /// What was kept until now.
    #[must_use]
    pub fn window(mut self, until: u64) -> Window {
        self.window.until = self.window.from.max(until);
        self.window
    }

    fn node(&mut self, name: &str, at: u64) -> &mut NodeWindow {
        self.window.nodes.entry(name.to_owned()).or_insert_with(|| NodeWindow::new(at))
    }
}
