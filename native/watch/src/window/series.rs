//! What was seen of one metric.

use crate::LogLinear;

/// A figure at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// ms since the Unix epoch, by the clock of who looked.
    pub at: u64,
    /// In the unit of its metric. NaN: it was looked for and was no number.
    pub value: f64,
}

/// What was seen of one metric, and of one set of its labels.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Series {
    /// What a gauge said, in the order of time.
    Samples(Vec<Sample>),
    /// The durations that were counted within the window.
    Histogram(LogLinear),
}

impl Series {
    /// How many samples, or how many durations.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Samples(samples) => samples.len() as u64,
            Self::Histogram(histogram) => histogram.total(),
        }
    }

    /// Whether nothing was seen: no traffic, or no round.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
