//! Rounds, kept as a window: what a gate judges, and what `--record` writes. Pure.

use std::collections::BTreeMap;

use outrigger_watch::catalogue::{self, Kind, METRICS, Read};
use outrigger_watch::{Key, LogLinear, NodeWindow, Sample, Series, Window};

use crate::depth::DepthConfig;
use crate::round::Round;

/// Series of one node, and samples of one series: what is beyond them is not kept, and said so.
const SERIES: usize = 2_000;
const SAMPLES: usize = 100_000;
const NOT_COUNTED: &str = "Outrigger.Watch is not started on this node, or not told to count it";
const NOT_ASKED: &str =
    "not read in this time; for a recording, `outrigger watch --states --record FILE` reads it";

/// Keeps what is seen from one moment on.
///
/// ```
/// use outrigger_probe::Recorder;
///
/// let mut recorder = Recorder::new(1_000);
/// recorder.joined("app@host", 1_200);
/// recorder.lost("app@host", 1_900);
/// recorder.joined("app@host", 1_950);
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

    /// A node is seen. One that was lost before stays lost for this window: what it did meanwhile is not known, and no budget of it can pass.
    pub fn joined(&mut self, node: &str, at: u64) {
        self.node(node, at);
    }

    /// Takes a round.
    pub fn saw(&mut self, round: &Round) {
        let node = self.node(&round.node, round.at_ms);
        node.clock_offset_ms = Some(round.clock_offset_ms);
        keep_latencies(node, round);
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
            let Series::Samples(samples) = series else { continue };
            if samples.len() < SAMPLES {
                samples.push(Sample { at: round.at_ms, value: figure.value });
            } else if !node.absent.contains_key(figure.metric) {
                node.absent.insert(
                    figure.metric.to_owned(),
                    format!("only the first {SAMPLES} samples of a series are kept"),
                );
            }
        }
    }

    /// A node is not seen any more.
    pub fn lost(&mut self, node: &str, at: u64) {
        if let Some(node) = self.window.nodes.get_mut(node) {
            node.gone.get_or_insert(at);
        }
    }

    /// What was kept until now.
    #[must_use]
    pub fn window(mut self, until: u64) -> Window {
        self.window.until = self.window.from.max(until);
        for node in self.window.nodes.values_mut() {
            let has_states = node.series.keys().any(|key| key.metric == DepthConfig::STATES);
            if !has_states {
                node.absent.entry(DepthConfig::STATES.to_owned()).or_insert_with(|| NOT_ASKED.to_owned());
            }
        }
        self.window
    }

    fn node(&mut self, name: &str, at: u64) -> &mut NodeWindow {
        self.window.nodes.entry(name.to_owned()).or_insert_with(|| NodeWindow::new(at))
    }
}

/// Adds up what `Outrigger.Watch` has counted. What it counts and was not seen yet is an empty histogram, so that "no traffic" and "nobody
/// counts" are told apart; of the latter the window says why.
fn keep_latencies(node: &mut NodeWindow, round: &Round) {
    for latency in &round.latencies {
        let key = Key { metric: latency.metric.to_owned(), labels: latency.labels.clone() };
        if node.series.len() >= SERIES && !node.series.contains_key(&key) {
            node.absent.insert(key.metric, format!("more than {SERIES} series of this node"));
            continue;
        }
        let series = node.series.entry(key).or_insert_with(|| Series::Histogram(LogLinear::new()));
        if let Series::Histogram(histogram) = series {
            histogram.merge(&latency.histogram);
        }
    }
    let counted = round.counted.iter().flatten().filter_map(|name| catalogue::find(name));
    for metric in counted.clone().filter(|metric| metric.kind == Kind::Histogram) {
        let seen = node.series.range(Key::new(metric.name)..).next();
        if seen.is_none_or(|(key, _)| key.metric != metric.name) {
            node.series.insert(Key::new(metric.name), Series::Histogram(LogLinear::new()));
        }
    }
    for metric in METRICS.iter().filter(|metric| metric.read == Read::Package) {
        let seen = node.series.range(Key::new(metric.name)..).next();
        if seen.is_none_or(|(key, _)| key.metric != metric.name) {
            node.absent.entry(metric.name.to_owned()).or_insert_with(|| NOT_COUNTED.to_owned());
        }
    }
    for metric in counted {
        node.absent.remove(metric.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rolling::tests::round;

    #[test]
    fn a_sample_that_is_not_kept_is_said() {
        let mut recorder = Recorder::new(0);
        recorder.saw(&round("a@h", 1, 1.0));
        let node = recorder.window.nodes.get_mut("a@h").unwrap();
        let key = Key::new("runq.total");
        node.series.insert(key.clone(), Series::Samples(vec![Sample { at: 1, value: 1.0 }; SAMPLES - 1]));
        recorder.saw(&round("a@h", 2, 2.0));
        assert_eq!(recorder.window.nodes["a@h"].absent.get("runq.total"), None);
        recorder.saw(&round("a@h", 3, 3.0));
        let node = &recorder.window.nodes["a@h"];
        assert!(node.absent["runq.total"].contains("100000"), "{:?}", node.absent.get("runq.total"));
        let Series::Samples(samples) = &node.series[&key] else { panic!("samples") };
        assert_eq!((samples.len(), samples.last().map(|sample| sample.value)), (SAMPLES, Some(2.0)));
    }
}
