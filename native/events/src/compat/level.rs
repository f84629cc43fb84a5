//! The levels of a schema registry: who has to read whom.
//!
//! A level is a pair of questions: which [`Direction`]s are asked, and of the last version only or of all
//! ([`Level::is_transitive`]).
//!
//! ```
//! use outrigger_events::compat::{Incompatibility, Level};
//!
//! // A "schema" is a number here, and a reader reads what is not above it.
//! let check = |reader: &u8, writer: &u8| match reader >= writer {
//!     true => vec![],
//!     false => vec![Incompatibility::new("$", "too_small", format!("{reader} is less than {writer}"))],
//! };
//! assert!(Level::Backward.check(&7, &[9, 6], check).is_compatible());
//! let report = Level::BackwardTransitive.check(&7, &[9, 6], check);
//! assert_eq!(report.findings[0].version, 0);
//! ```

use std::fmt;
use std::str::FromStr;

use super::{Finding, Incompatibility, Report};

/// Which side of a change has to understand the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The new schema reads what the earlier one wrote: consumers go first.
    Backward,
    /// The earlier schema reads what the new one wrote: producers go first.
    Forward,
}

/// A level of compatibility, as schema registries name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Level {
    /// Nothing is asked.
    None,
    /// The new version reads data of the last one. What registries do if nothing else is said.
    #[default]
    Backward,
    /// The new version reads data of all earlier ones.
    BackwardTransitive,
    /// The last version reads data of the new one.
    Forward,
    /// All earlier versions read data of the new one.
    ForwardTransitive,
    /// Both, with the last version.
    Full,
    /// Both, with all earlier versions.
    FullTransitive,
}

impl Level {
    /// All of them, weakest first.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::Backward,
        Self::BackwardTransitive,
        Self::Forward,
        Self::ForwardTransitive,
        Self::Full,
        Self::FullTransitive,
    ];

    /// The name registries use: `BACKWARD_TRANSITIVE`.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Backward => "BACKWARD",
            Self::BackwardTransitive => "BACKWARD_TRANSITIVE",
            Self::Forward => "FORWARD",
            Self::ForwardTransitive => "FORWARD_TRANSITIVE",
            Self::Full => "FULL",
            Self::FullTransitive => "FULL_TRANSITIVE",
        }
    }

    /// Whether all earlier versions count, not the last one alone.
    #[must_use]
    pub const fn is_transitive(self) -> bool {
        matches!(self, Self::BackwardTransitive | Self::ForwardTransitive | Self::FullTransitive)
    }

    /// What is asked of each pair.
    #[must_use]
    pub const fn directions(self) -> &'static [Direction] {
        match self {
            Self::None => &[],
            Self::Backward | Self::BackwardTransitive => &[Direction::Backward],
            Self::Forward | Self::ForwardTransitive => &[Direction::Forward],
            Self::Full | Self::FullTransitive => &[Direction::Backward, Direction::Forward],
        }
    }

    /// Checks a new version against the earlier ones, oldest first. `check` takes a reader and a writer.
    ///
    /// A version in the report is a place in `earlier`.
    pub fn check<S>(
        self,
        new: &S,
        earlier: &[S],
        mut check: impl FnMut(&S, &S) -> Vec<Incompatibility>,
    ) -> Report {
        let first = if self.is_transitive() { 0 } else { earlier.len().saturating_sub(1) };
        let mut report = Report::new(self);
        for (version, old) in earlier.iter().enumerate().skip(first) {
            for &direction in self.directions() {
                let found = match direction {
                    Direction::Backward => check(new, old),
                    Direction::Forward => check(old, new),
                };
                report.pairs += 1;
                for incompatibility in found {
                    report.add(Finding { version, direction, incompatibility });
                }
            }
        }
        report
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

impl FromStr for Level {
    type Err = ();

    /// Of a registry's name in upper or lower case.
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|level| level.text().eq_ignore_ascii_case(text)).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader reads what is not above it.
    fn reads(reader: &i32, writer: &i32) -> Vec<Incompatibility> {
        match reader >= writer {
            true => vec![],
            false => vec![Incompatibility::new("$", "small", format!("{reader} < {writer}"))],
        }
    }

    fn found(level: Level, new: i32, earlier: &[i32]) -> Vec<(usize, Direction)> {
        let report = level.check(&new, earlier, reads);
        report.findings.iter().map(|finding| (finding.version, finding.direction)).collect()
    }

    #[test]
    fn each_level_asks_its_pairs() {
        use Direction::{Backward, Forward};
        let earlier = [3, 9, 4];
        assert_eq!(found(Level::None, 5, &earlier), []);
        assert_eq!(found(Level::Backward, 5, &earlier), []);
        assert_eq!(found(Level::BackwardTransitive, 5, &earlier), [(1, Backward)]);
        assert_eq!(found(Level::Forward, 5, &earlier), [(2, Forward)]);
        assert_eq!(found(Level::ForwardTransitive, 5, &earlier), [(0, Forward), (2, Forward)]);
        assert_eq!(found(Level::Full, 5, &earlier), [(2, Forward)]);
        assert_eq!(found(Level::FullTransitive, 5, &earlier), [(0, Forward), (1, Backward), (2, Forward)]);
        assert_eq!(Level::FullTransitive.check(&5, &earlier, reads).pairs, 6);
        assert_eq!(Level::Full.check(&5, &[], reads).pairs, 0);
    }

    #[test]
    fn names_read_back() {
        for level in Level::ALL {
            assert_eq!(level.text().parse(), Ok(level));
            assert_eq!(level.text().to_lowercase().parse(), Ok(level));
        }
        assert_eq!("BACKWARDS".parse::<Level>(), Err(()));
    }
}
