//! What is known of a metric.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A metric of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// As budgets name it.
    pub name: &'static str,
    /// What its figures are measured in.
    pub unit: Unit,
    /// Single figures, or counts of durations.
    pub kind: Kind,
    /// How it is read.
    pub read: Read,
    /// Labels that tell its series apart.
    pub labels: &'static [&'static str],
    /// What it is.
    pub what: &'static str,
}

/// What a figure is measured in. Figures of budgets are always in these, never in thousandths or millions of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Unit {
    /// A share of a whole: 1 is all of it.
    Ratio,
    /// A number of things.
    Count,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
}

impl Unit {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ratio, Self::Count, Self::Bytes, Self::Seconds];

    /// Its name in files.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Ratio => "ratio",
            Self::Count => "count",
            Self::Bytes => "bytes",
            Self::Seconds => "seconds",
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

/// What a series of a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A figure each round.
    Samples,
    /// Counts of durations.
    Histogram,
}

/// How a metric is read from a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Read {
    /// By calls that any node answers.
    Call,
    /// By a process of ours on the node, which runs without any code being loaded there.
    Guest,
    /// By a message to the pool.
    Pool,
    /// By `Outrigger.Watch`, which the application starts.
    Package,
    /// By who looks, from what it knows of its links and clock.
    Observer,
}
