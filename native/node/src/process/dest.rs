//! Where a message goes, and what can be monitored.

use std::fmt;
use std::sync::Arc;

use outrigger_proto::{NodeName, OwnedPid, OwnedRef};

/// A process here or on a peer, by what one knows of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Dest {
    /// By its pid.
    Pid(OwnedPid),
    /// By a registered name on a node, `{Name, Node}`.
    Name {
        /// The registered name.
        name: Arc<str>,
        /// The node that has it.
        node: NodeName,
    },
    /// By an alias that it made. Cannot be monitored.
    Alias(OwnedRef),
}

impl Dest {
    /// `{Name, Node}`.
    #[must_use]
    pub fn name(name: &str, node: NodeName) -> Self {
        Self::Name { name: name.into(), node }
    }

    /// The name of the node that it lives on.
    #[must_use]
    pub fn node(&self) -> &str {
        match self {
            Self::Pid(pid) => &pid.node,
            Self::Name { node, .. } => node.as_str(),
            Self::Alias(alias) => &alias.node,
        }
    }
}

impl From<OwnedPid> for Dest {
    fn from(pid: OwnedPid) -> Self {
        Self::Pid(pid)
    }
}

impl From<&OwnedPid> for Dest {
    fn from(pid: &OwnedPid) -> Self {
        Self::Pid(pid.clone())
    }
}

impl fmt::Display for Dest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pid(pid) => pid.fmt(f),
            Self::Name { name, node } => write!(f, "{{{name}, {node}}}"),
            Self::Alias(alias) => alias.fmt(f),
        }
    }
}
