//! What a budget demands, as text: a comparison of two expressions.
//!
//! ```text
//! comparison = sum ("<" | "<=" | ">" | ">=" | "==" | "!=") sum
//! sum        = product (("+" | "-") product)*
//! product    = unary (("*" | "/") unary)*
//! unary      = "-" unary | "(" sum ")" | number unit? | figure
//! figure     = statistic "(" series ")" | series ("." statistic)?
//! series     = (name | "\"" name "\"") ("{" label "=" "\"" pattern "\"" ("," …)* "}")?
//! statistic  = min | max | mean | last | count | rate | p50 | p90 | p95 | p99 | p99.9
//! unit       = ns | us | ms | s | min | h | B | kB | MB | GB | KiB | MiB | GiB | %
//! ```
//!
//! # Invariants
//!
//! - Every name is one of the catalogue or of the configuration, and both sides have the same dimension: what is parsed can be
//!   judged. A plain number goes with counts and ratios, `50ms` only with times, `80%` only with ratios.
//! - A pattern may hold `*`, for any text.
//!
//! # Limits
//!
//! 4 KiB of text, 300 words, 32 parentheses inside one another.

mod ast;
mod dimension;
mod names;
mod number;
mod parse;
mod statistic;
mod token;

pub(crate) use ast::{Arithmetic, Expr};
pub use ast::{Comparison, Figure, Relation};
pub(crate) use dimension::Dimension;
pub use names::{Names, Shape};
pub(crate) use number::Literal;
pub(crate) use parse::figure;
pub use statistic::Statistic;

/// Bytes of one comparison.
pub(crate) const MOST_BYTES: usize = 4_096;
/// Words of one comparison: numbers, names and signs.
pub(crate) const MOST_WORDS: usize = 300;
/// Parentheses and signs inside one another.
pub(crate) const MOST_DEPTH: usize = 32;

/// What is wrong with a text, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The byte it begins at.
    pub(crate) at: usize,
    /// What.
    pub(crate) problem: String,
}

impl Fault {
    pub(crate) fn new(at: usize, problem: impl Into<String>) -> Self {
        Self { at, problem: problem.into() }
    }
}
