//! The five verdicts.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a gate, a budget or one reading of it ended. In the order of what decides when several are put together: the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within the budget.
    Pass,
    /// Beyond what passes, within what warns.
    Warn,
    /// There is too little to say: no traffic, too few samples, a clock that is off, a node that was lost.
    Inconclusive,
    /// It was not measured at all: the metric, the file or the node is missing.
    NotRun,
    /// Beyond the budget.
    Fail,
}

impl Verdict {
    /// All of them, best first.
    pub const ALL: [Self; 5] = [Self::Pass, Self::Warn, Self::Inconclusive, Self::NotRun, Self::Fail];

    /// The exit code of `outrigger gate`. 2 is that of wrong usage.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Warn => 3,
            Self::Inconclusive => 4,
            Self::NotRun => 5,
        }
    }

    /// Its name in files.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Inconclusive => "inconclusive",
            Self::NotRun => "not_run",
            Self::Fail => "fail",
        }
    }

    /// Whether something was measured and judged.
    #[must_use]
    pub fn is_decided(self) -> bool {
        matches!(self, Self::Pass | Self::Warn | Self::Fail)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict;

    #[test]
    fn codes_are_fixed_and_only_a_pass_is_0() {
        assert_eq!(Verdict::ALL.map(Verdict::exit_code), [0, 3, 4, 5, 1]);
        assert!(Verdict::ALL.is_sorted());
    }
}
