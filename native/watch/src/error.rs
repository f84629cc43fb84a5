//! What can go wrong, and who erred.

use thiserror::Error;

use crate::gate::Problem;

/// The errors of this crate.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The caller asks for a percentile that is not a number from 0 to 100.
    #[error("caller asked for percentile {0}, it has to be from 0 to 100")]
    BadPercentile(f64),
    /// Who counted names a bucket that no histogram has.
    #[error("there is no bucket {index}: a histogram has those from 0 to 1151")]
    BadBucket {
        /// What was named.
        index: u16,
    },
    /// A recording is no window, or is too large.
    #[error("not a window: {problem}")]
    BadWindow {
        /// What is wrong, and where.
        problem: String,
    },
    /// A budget's text is wrong.
    #[error("column {column}: {problem}")]
    BadBudget {
        /// From 1, in characters.
        column: usize,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A configuration is wrong.
    #[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    BadConfig {
        /// All that is wrong, in the order of the file for each of its parts.
        problems: Vec<Problem>,
    },
    /// A key is none.
    #[error("{what} begins with {form}, 64 hexadecimal digits follow, and nothing else")]
    BadKey {
        /// What it should be.
        what: &'static str,
        /// How such a key begins.
        form: &'static str,
    },
    /// A file of evidence that nothing can be added to.
    #[error("the evidence cannot be added to: {problem}; see `outrigger evidence verify`")]
    BadEvidence {
        /// What is wrong with its last line.
        problem: String,
    },
    /// A node tells of a process that is none of its own.
    #[error("{text:?} is no process of the node itself, which is written <0.123.0>")]
    BadPid {
        /// What it tells.
        text: String,
    },
    /// The caller asks for an application that does not run there.
    #[error("no application {name} runs on {node}{}; there are: {running}", nearest.as_ref().map_or_else(String::new, |name| format!(", did you mean {name}?")))]
    NoApplication {
        /// What was asked for.
        name: String,
        /// Where.
        node: String,
        /// What may have been meant.
        nearest: Option<String>,
        /// Those that run a tree.
        running: String,
    },
}
