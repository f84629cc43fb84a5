//! What a check found, for people and for tools.

use std::fmt;

use super::{Direction, Level};

/// One thing that keeps a reader from reading what a writer writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incompatibility {
    /// Where in the reader's schema, or in the writer's if the reader has nothing there. The format says how paths look.
    pub path: String,
    /// What kind it is: a fixed word in `snake_case` that tools may rely on, `type_mismatch`.
    pub kind: &'static str,
    /// What is wrong, as a sentence fragment for people.
    pub reason: String,
}

impl Incompatibility {
    /// Of its three parts.
    #[must_use]
    pub fn new(path: impl Into<String>, kind: &'static str, reason: impl Into<String>) -> Self {
        Self { path: path.into(), kind, reason: reason.into() }
    }
}

impl fmt::Display for Incompatibility {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {} ({})", self.path, self.reason, self.kind)
    }
}

/// An incompatibility, and between whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The earlier version: its place in the list that was checked against.
    pub version: usize,
    /// Who fails to read whom.
    pub direction: Direction,
    /// What is wrong.
    pub incompatibility: Incompatibility,
}

/// What came out of a check at a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The level that was asked for.
    pub level: Level,
    /// Pairs of a reader and a writer that were looked at.
    pub pairs: usize,
    /// What was found, oldest version first; the first [`Report::MOST`] of it.
    pub findings: Vec<Finding>,
    /// Findings beyond those, which are only counted.
    pub more: usize,
}

impl Report {
    /// Findings that a report keeps.
    pub const MOST: usize = 1_000;

    pub(super) const fn new(level: Level) -> Self {
        Self { level, pairs: 0, findings: Vec::new(), more: 0 }
    }

    pub(super) fn add(&mut self, finding: Finding) {
        if self.findings.len() < Self::MOST {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_compatible(&self) -> bool {
        self.findings.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_bounded_and_counts_the_rest() {
        let wrong =
            |_: &(), _: &()| (0..700).map(|n| Incompatibility::new("$", "n", n.to_string())).collect();
        let report = Level::Full.check(&(), &[()], wrong);
        assert_eq!((report.findings.len(), report.more, report.pairs), (Report::MOST, 400, 2));
        assert!(!report.is_compatible());
        assert_eq!(report.findings[1].incompatibility.to_string(), "$: 1 (n)");
    }
}
