//! Gates: budgets over what was seen, and a verdict.

mod config;
mod expr;
mod judge;
mod outcome;
mod pattern;
pub(crate) mod show;
mod verdict;

pub use config::{
    Budget, Check, Comparing, Config, FileForm, FileValue, Floor, Gate, JunitCount, LcovKind, Levels, Per,
    Problem, Worse, preset,
};
pub use expr::{Comparison, Figure, Names, Relation, Shape, Statistic};
pub use judge::{judge, judge_beside};
pub use outcome::{Judged, Outcome, Reading};
pub use pattern::Pattern;
pub use verdict::Verdict;
