//! What a gate found.

use serde::Serialize;

use super::Verdict;

/// A gate's verdict, and all that it is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Outcome {
    /// The gate.
    pub gate: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// In a sentence.
    pub why: String,
    /// In percent, over the budgets that were decided. `None` if none was.
    pub score: Option<f64>,
    /// When was looked, in ms since the Unix epoch.
    pub from: u64,
    /// Until when.
    pub until: u64,
    /// The nodes that were looked at.
    pub nodes: Vec<String>,
    /// The nodes that they were compared with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<String>,
    /// In the order of the configuration.
    pub budgets: Vec<Judged>,
}

/// A budget's verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Judged {
    /// The budget.
    pub name: String,
    /// What it demands, as it was written.
    pub demand: String,
    /// Its verdict: that of its worst reading.
    pub verdict: Verdict,
    /// In a sentence.
    pub why: String,
    /// What it counts in the score.
    pub weight: u32,
    /// Whether its failure is that of the gate.
    pub veto: bool,
    /// Whether the gate needs its verdict.
    pub required: bool,
    /// The line of the configuration, if it is not of a preset.
    pub line: Option<usize>,
    /// Of each node and each set of labels, worst first; the first hundred.
    pub readings: Vec<Reading>,
    /// Readings that are left out above: none of them is worse.
    pub more: usize,
}

/// What one node, or one set of labels of it, says to a budget.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Reading {
    /// The node. `None`: all of them as one, or a file.
    pub node: Option<String>,
    /// The labels, as a budget names them; empty if there are none.
    pub labels: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// In a sentence.
    pub why: String,
    /// The left side of the comparison, or the shift from the baseline.
    pub figure: Option<f64>,
    /// Its right side, or the floor.
    pub limit: Option<f64>,
    /// What both are measured in: ratio, count, bytes, seconds, or a product of them.
    pub unit: String,
    /// The figure as people read it.
    pub shown: String,
    /// The limit as people read it, with its sign.
    pub shown_limit: String,
    /// How many samples or durations it is made of: of several series the fewest.
    pub samples: u64,
}

/// Readings of one budget that are kept.
const MOST_READINGS: usize = 100;

impl Judged {
    /// Puts the worst readings in front, and leaves out what is beyond the bound.
    pub(super) fn keep(mut readings: Vec<Reading>) -> (Vec<Reading>, usize) {
        // Equal ones stay in the order of nodes and labels.
        readings.sort_by_key(|reading| std::cmp::Reverse(reading.verdict));
        let more = readings.len().saturating_sub(MOST_READINGS);
        readings.truncate(MOST_READINGS);
        (readings, more)
    }
}
