//! Gates: budgets over what was seen, and a verdict.

mod config;
mod expr;
mod pattern;

pub use config::{
    Budget, Check, Comparing, Config, FileForm, FileValue, Floor, Gate, JunitCount, LcovKind, Levels, Per,
    Problem, Worse, preset,
};
pub use expr::{Comparison, Figure, Names, Relation, Shape, Statistic};
pub use pattern::Pattern;
