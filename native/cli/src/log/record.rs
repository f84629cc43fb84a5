//! What is logged: a level, perhaps an event, a text.

use std::fmt;

/// How grave a line is, in the words of Erlang's `logger`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Steps, for the one who looks for a fault.
    Debug,
    /// What happens in normal operation.
    Info,
    /// Something was refused, dropped or will be tried again.
    Warning,
    /// Something failed.
    Error,
}

impl Level {
    /// The word in a log line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl From<&tracing::Level> for Level {
    fn from(level: &tracing::Level) -> Self {
        match *level {
            tracing::Level::ERROR => Self::Error,
            tracing::Level::WARN => Self::Warning,
            tracing::Level::INFO => Self::Info,
            _ => Self::Debug,
        }
    }
}

/// What a supervisor acts on, as opposed to what a person reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The cookie is waited for, as the first line of standard input.
    Cookie,
    /// The first node to join is joined. Once.
    Ready,
    /// A link to this node is up.
    Joined(String),
    /// The link to this node is down.
    Left(String),
    /// The node gives up; the reason is one of [`crate::run::Reason`].
    Fatal(&'static str),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cookie => f.write_str("cookie"),
            Self::Ready => f.write_str("ready"),
            Self::Joined(node) => write!(f, "joined {node}"),
            Self::Left(node) => write!(f, "left {node}"),
            Self::Fatal(reason) => write!(f, "fatal {reason}"),
        }
    }
}

/// One line to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// How grave.
    pub(crate) level: Level,
    /// The event, if it is one.
    pub(crate) event: Option<Event>,
    /// Free text; may hold anything that a peer sent.
    pub(crate) text: String,
}
