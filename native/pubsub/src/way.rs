//! What ways there are from a publisher to a node. The words are those of `docs/design/fanout.md`.

use std::sync::Arc;

use outrigger_node::OwnedPid;

/// The name of a node, as pids carry it.
pub(crate) type Node = Arc<str>;

/// A way, as its end names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The link between the publisher's node and the receiver's.
    Direct,
    /// The attachment of the publisher's node at a router.
    Member(OwnedPid),
}

/// A way through a router, as a beginning names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) router: OwnedPid,
    /// The attachment of the publisher's node.
    pub(crate) member: OwnedPid,
    /// The newest list under which the publisher used it.
    pub(crate) version: u64,
}

/// A router's list: who is attached to it, this node included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) router: OwnedPid,
    /// Rises with each change, for as long as the router's pid lives.
    pub(crate) version: u64,
    /// What is sent there reaches all of the list but the sender's node.
    pub(crate) route: OwnedPid,
    pub(crate) members: Vec<(Node, OwnedPid)>,
}

impl List {
    /// The attachment of a node.
    pub(crate) fn member(&self, of: &str) -> Option<&OwnedPid> {
        self.members.iter().find(|(node, _)| **node == *of).map(|(_, member)| member)
    }
}
