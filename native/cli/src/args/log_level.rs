//! How much is logged.

use clap::ValueEnum;

/// `--log-level`: this level and everything graver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum LogLevel {
    /// What failed and needs somebody
    Error,
    /// What was refused, dropped or will be tried again
    #[value(alias = "warn")]
    Warning,
    /// Links coming and going
    Info,
    /// Decisions of the node
    Debug,
    /// Every step; never a payload, never a cookie
    Trace,
}
