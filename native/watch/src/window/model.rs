//! The window itself.

use std::collections::BTreeMap;

use super::{Key, Sample, Series};
use crate::Unit;

/// What was seen from one moment to another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window {
    /// Its beginning, in ms since the Unix epoch by the clock of who recorded.
    pub from: u64,
    /// Its end.
    pub until: u64,
    /// By their names.
    pub nodes: BTreeMap<String, NodeWindow>,
    /// Figures of result files, by the names that budgets use, e.g. `coverage`.
    pub values: BTreeMap<String, Number>,
    /// Of values that could not be read, why.
    pub absent: BTreeMap<String, String>,
}

/// What was seen of one node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeWindow {
    /// When it was first looked at, in ms since the Unix epoch.
    pub joined: u64,
    /// When the link to it was lost, if it was before the end.
    pub gone: Option<u64>,
    /// Its wall clock less that of who recorded, if it was asked.
    pub clock_offset_ms: Option<i64>,
    /// What was seen.
    pub series: BTreeMap<Key, Series>,
    /// Of metrics that could not be read, why.
    pub absent: BTreeMap<String, String>,
}

/// A figure that stands for itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// In its unit. NaN if it is no number.
    pub value: f64,
    /// What it is measured in.
    pub unit: Unit,
}

impl Window {
    /// An empty one.
    #[must_use]
    pub fn new(from: u64, until: u64) -> Self {
        Self { from, until, ..Self::default() }
    }

    /// How long it is, in ms. None is shorter than 0.
    #[must_use]
    pub fn millis(&self) -> u64 {
        self.until.saturating_sub(self.from)
    }

    /// Takes in what another window of the same nodes saw: samples behind samples, histograms added up.
    ///
    /// What is lost in one of them is lost in both; of two clock offsets the larger counts.
    pub fn merge(&mut self, other: Self) {
        self.from = self.from.min(other.from);
        self.until = self.until.max(other.until);
        for (name, node) in other.nodes {
            match self.nodes.get_mut(&name) {
                Some(known) => known.merge(node),
                None => drop(self.nodes.insert(name, node)),
            }
        }
        self.values.extend(other.values);
        self.absent.extend(other.absent);
    }
}

impl NodeWindow {
    /// A node without anything seen of it.
    #[must_use]
    pub fn new(joined: u64) -> Self {
        Self { joined, ..Self::default() }
    }

    /// Adds a sample to its series.
    pub fn sample(&mut self, key: Key, sample: Sample) {
        match self.series.entry(key).or_insert_with(|| Series::Samples(Vec::new())) {
            Series::Samples(samples) => samples.push(sample),
            // A metric is one or the other: the catalogue says which. What is no sample of this one is left out.
            Series::Histogram(_) => {}
        }
    }

    fn merge(&mut self, other: Self) {
        self.joined = self.joined.min(other.joined);
        self.gone = self.gone.into_iter().chain(other.gone).min();
        let offsets = self.clock_offset_ms.into_iter().chain(other.clock_offset_ms);
        self.clock_offset_ms = offsets.max_by_key(|offset| offset.unsigned_abs());
        for (key, series) in other.series {
            match (self.series.get_mut(&key), series) {
                (Some(Series::Samples(all)), Series::Samples(more)) => {
                    all.extend(more);
                    all.sort_by_key(|sample| sample.at);
                }
                (Some(Series::Histogram(all)), Series::Histogram(more)) => all.merge(&more),
                (_, series) => drop(self.series.insert(key, series)),
            }
        }
        self.absent.extend(other.absent);
    }
}
