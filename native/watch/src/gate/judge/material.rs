//! What was recorded, as it can be judged: without the warm-up, and with a note on all that is not as it should be.

use std::collections::BTreeMap;

use super::Lack;
use crate::gate::expr::Dimension;
use crate::gate::{Gate, show};
use crate::{Key, NodeWindow, Number, Sample, Series, Window};

/// All windows as one.
pub(super) struct Material {
    pub(super) from: u64,
    pub(super) until: u64,
    pub(super) nodes: BTreeMap<String, Node>,
    pub(super) values: BTreeMap<String, Number>,
    pub(super) absent: BTreeMap<String, String>,
}

/// What is known of one node.
#[derive(Default)]
pub(super) struct Node {
    pub(super) series: BTreeMap<Key, Kept>,
    pub(super) absent: BTreeMap<String, String>,
    /// How long it was looked at behind the warm-up.
    pub(super) seconds: f64,
    /// Why nothing of it can be judged.
    unfit: Option<String>,
    /// It was lost: what is left of its figures may look better than it was.
    pub(super) lost: Option<String>,
}

/// A series, and what is wrong with it.
pub(super) struct Kept {
    pub(super) series: Series,
    pub(super) defects: Vec<String>,
}

impl Material {
    pub(super) fn new(gate: &Gate, windows: &[Window]) -> Self {
        let mut material = Self {
            from: windows.iter().map(|window| window.from).min().unwrap_or(0),
            until: windows.iter().map(|window| window.until).max().unwrap_or(0),
            nodes: BTreeMap::new(),
            values: BTreeMap::new(),
            absent: BTreeMap::new(),
        };
        for window in windows {
            for (name, node) in &window.nodes {
                material.nodes.entry(name.clone()).or_default().take(gate, window, name, node);
            }
            material.values.extend(window.values.iter().map(|(name, number)| (name.clone(), *number)));
            material.absent.extend(window.absent.clone());
        }
        for (name, node) in &mut material.nodes {
            node.weigh_time(gate, name);
        }
        material
    }
}

impl Node {
    fn take(&mut self, gate: &Gate, window: &Window, name: &str, node: &NodeWindow) {
        // Of windows that follow each other the warm-up may be before all of them.
        let settled = window.from.max(node.joined.saturating_add(gate.warm_up));
        let end = node.gone.map_or(window.until, |gone| gone.min(window.until));
        self.seconds += end.saturating_sub(settled) as f64 / 1_000.0;
        if let Some(offset) = node.clock_offset_ms.filter(|offset| offset.unsigned_abs() > gate.clock_skew) {
            let side = if offset < 0 { "behind" } else { "ahead of" };
            self.unfit = Some(format!(
                "the clock of {name} is {} {side} ours, and {} are allowed: what it times cannot be put beside the rest",
                millis(offset.unsigned_abs()),
                millis(gate.clock_skew)
            ));
        }
        if let Some(gone) = node.gone.filter(|gone| *gone < window.until) {
            self.lost = Some(format!("{name} was lost {} before the end", millis(window.until - gone)));
        }
        for (key, series) in &node.series {
            let kept = match series {
                Series::Samples(samples) => Kept::of(key, samples, window, settled),
                Series::Histogram(_) => Kept { series: series.clone(), defects: Vec::new() },
            };
            match self.series.get_mut(key) {
                Some(known) => known.merge(kept),
                None => drop(self.series.insert(key.clone(), kept)),
            }
        }
        self.absent.extend(node.absent.clone());
    }

    /// Nine tenths of the time are enough: the first round of a node comes a moment after the window's beginning.
    fn weigh_time(&mut self, gate: &Gate, name: &str) {
        let wanted = gate.window as f64 / 1_000.0;
        if self.seconds < wanted * 0.9 && self.lost.is_none() && self.unfit.is_none() {
            self.unfit = Some(format!(
                "{name} was looked at for {} behind the warm-up, and the gate's window is {}",
                show::figure(self.seconds, Dimension::SECONDS),
                millis(gate.window)
            ));
        }
    }

    /// Says why nothing of it can be judged, if so.
    pub(super) fn fit(&self) -> Result<(), Lack> {
        self.unfit.as_ref().map_or(Ok(()), |why| Err(Lack::inconclusive(why.clone())))
    }
}

impl Kept {
    fn of(key: &Key, samples: &[Sample], window: &Window, settled: u64) -> Self {
        let mut defects = Vec::new();
        let outside =
            samples.iter().filter(|sample| sample.at < window.from || sample.at > window.until).count();
        if outside > 0 {
            defects.push(format!("{outside} of {} samples of {key} are of another time", samples.len()));
        }
        if samples.windows(2).any(|pair| pair[0].at > pair[1].at) {
            defects.push(format!("the samples of {key} are not in the order of time"));
        }
        let within = samples.iter().filter(|sample| sample.at >= settled && sample.at <= window.until);
        let mut kept: Vec<Sample> = within.copied().collect();
        let all = kept.len();
        kept.retain(|sample| sample.value.is_finite());
        if kept.len() < all {
            defects.push(format!("{} of {all} samples of {key} are no numbers", all - kept.len()));
        }
        kept.sort_by_key(|sample| sample.at);
        Self { series: Series::Samples(kept), defects }
    }

    fn merge(&mut self, other: Self) {
        match (&mut self.series, other.series) {
            (Series::Samples(all), Series::Samples(more)) => {
                all.extend(more);
                all.sort_by_key(|sample| sample.at);
            }
            (Series::Histogram(all), Series::Histogram(more)) => all.merge(&more),
            _ => self.defects.push("two windows have it once as samples, once as a histogram".into()),
        }
        self.defects.extend(other.defects);
    }
}

pub(super) fn millis(millis: u64) -> String {
    show::figure(millis as f64 / 1_000.0, Dimension::SECONDS)
}
