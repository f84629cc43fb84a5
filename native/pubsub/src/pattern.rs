//! What somebody subscribes to.

use std::fmt;
use std::sync::Arc;

/// A topic, or all topics that begin alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pattern {
    /// This topic.
    Topic(Arc<str>),
    /// Every topic that begins so: `orders:` has `orders:7`, and `orders:` itself.
    Prefix(Arc<str>),
}

impl Pattern {
    /// The topic, or the prefix.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Topic(text) | Self::Prefix(text) => text,
        }
    }

    /// Whether messages on a topic are meant.
    #[must_use]
    pub fn covers(&self, topic: &str) -> bool {
        match self {
            Self::Topic(text) => **text == *topic,
            Self::Prefix(text) => topic.starts_with(&**text),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic(text) => text.fmt(f),
            Self::Prefix(text) => write!(f, "{text}..."),
        }
    }
}
