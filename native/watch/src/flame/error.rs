//! Why there is no flame graph.

use thiserror::Error;

use super::Folded;

/// What is wrong with folded stacks, and who erred.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FlameError {
    /// The file has a line that is none of folded stacks.
    #[error("line {line}: {problem}; a line is `frame;frame;frame COUNT`")]
    BadLine {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// More than is kept.
    #[error("too large: {what}, {} stacks of {} frames at most", Folded::STACKS, Folded::FRAMES)]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
    },
    /// Nothing was running, or the file is empty.
    #[error("no stacks: nothing that ran was seen")]
    Empty,
    /// A bug of ours: the stacks cannot be drawn.
    #[error("the flame graph cannot be drawn: {problem}; this is a bug of outrigger")]
    NotDrawn {
        /// What the renderer says.
        problem: String,
    },
}
