//! A configuration that has been checked.

use std::collections::BTreeMap;

use super::FileValue;
use crate::gate::{Comparison, Figure, Pattern};

/// All gates of a file.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// By their names.
    pub gates: BTreeMap<String, Gate>,
}

/// A gate: budgets, and what they are judged over.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Gate {
    /// Its name.
    pub name: String,
    /// Which nodes it looks at.
    pub nodes: Vec<Pattern>,
    /// How long has to be looked, in ms.
    pub window: u64,
    /// How long before that is left out, in ms.
    pub warm_up: u64,
    /// Into how many blocks a look is cut to compare nodes with others beside them.
    pub blocks: u64,
    /// How far a node's clock may be off, in ms.
    pub clock_skew: u64,
    /// Which scores pass.
    pub levels: Levels,
    /// Recordings that `compare` compares with.
    pub against: Vec<String>,
    /// Figures of result files, by their names.
    pub files: BTreeMap<String, FileValue>,
    /// In the order of the file, those of the preset first.
    pub budgets: Vec<Budget>,
}

impl Gate {
    /// Whether one of its budgets reads this metric.
    #[must_use]
    pub fn reads(&self, metric: &str) -> bool {
        self.budgets.iter().flat_map(|budget| budget.check.figures()).any(|figure| figure.metric == metric)
    }
}

/// Which scores pass, in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Levels {
    /// The least that passes.
    pub pass: f64,
    /// The least that does not fail.
    pub warn: f64,
}

/// One budget.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Budget {
    /// Its name: no other of the gate has it.
    pub name: String,
    /// What it demands.
    pub check: Check,
    /// What it counts in the score.
    pub weight: u32,
    /// Whether its failure is that of the gate.
    pub veto: bool,
    /// Whether the gate needs its verdict.
    pub required: bool,
    /// Which nodes.
    pub nodes: Vec<Pattern>,
    /// Least samples.
    pub samples: u64,
    /// What is judged by itself.
    pub per: Per,
    /// The line of the configuration that it stands in. `None` if it is of the preset.
    pub line: Option<usize>,
}

/// What a budget demands.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Check {
    /// A comparison holds.
    Limit {
        /// What passes.
        pass: Comparison,
        /// What does not pass, but does not fail.
        warn: Option<Comparison>,
    },
    /// A figure has not become worse than it was.
    Compare(Comparing),
}

impl Check {
    /// All that it reads.
    pub(crate) fn figures(&self) -> Vec<&Figure> {
        match self {
            Self::Limit { pass, warn } => {
                let warn = warn.iter().flat_map(Comparison::figures);
                pass.figures().into_iter().chain(warn).collect()
            }
            Self::Compare(comparing) => vec![&comparing.figure],
        }
    }
}

/// What is compared with a baseline, and how.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Comparing {
    /// Without a statistic all samples are compared, with one the statistic of each window.
    pub figure: Figure,
    /// The figure as it was written.
    pub text: String,
    /// The least shift that matters.
    pub floor: Floor,
    /// Which way is worse.
    pub worse: Worse,
    /// From 0.5 to 1.
    pub confidence: f64,
}

/// The least shift that matters.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Floor {
    /// A share of the baseline's median.
    Share(f64),
    /// In the unit of the figure.
    Absolute(f64),
}

/// Which way is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Worse {
    /// More is worse.
    Higher,
    /// Less is worse.
    Lower,
    /// Any change is.
    Either,
}

/// What is judged by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Per {
    /// Each node. The worst decides.
    Node,
    /// All nodes as one: histograms are added up, samples put beside each other.
    Cluster,
}
