//! What is made of the samples of a series.

use std::fmt;

/// A statistic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Statistic {
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The arithmetic mean.
    Mean,
    /// The newest sample.
    Last,
    /// How many samples or durations there are.
    Count,
    /// Of a histogram, durations a second. Of samples, how fast they grow a second, from the first to the last.
    Rate,
    /// What a share in thousandths does not exceed: 990 is p99.
    Quantile(u16),
}

impl Statistic {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Min,
        Self::Max,
        Self::Mean,
        Self::Last,
        Self::Count,
        Self::Rate,
        Self::Quantile(500),
        Self::Quantile(900),
        Self::Quantile(950),
        Self::Quantile(990),
        Self::Quantile(999),
    ];

    /// As budgets name it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
            Self::Mean => "mean",
            Self::Last => "last",
            Self::Count => "count",
            Self::Rate => "rate",
            Self::Quantile(500) => "p50",
            Self::Quantile(900) => "p90",
            Self::Quantile(950) => "p95",
            Self::Quantile(990) => "p99",
            Self::Quantile(_) => "p99.9",
        }
    }

    pub(crate) fn find(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|statistic| statistic.text() == text)
    }

    /// Splits `sched.util.p95` into its name and its statistic.
    pub(crate) fn split(name: &str) -> Option<(&str, Self)> {
        Self::ALL.into_iter().find_map(|statistic| {
            let name = name.strip_suffix(statistic.text())?.strip_suffix('.')?;
            (!name.is_empty()).then_some((name, statistic))
        })
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}
