//! What a caller has to announce.

use std::sync::Arc;

use crate::{PeerId, RouteKey};

/// A group's list after a change. It goes to every member it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The group's name.
    pub group: Arc<str>,
    /// One more than before the change.
    pub version: u64,
    /// Where to send to reach `members`.
    pub route: RouteKey,
    /// All attachments, ordered by link. Empty when the last one left: then there is nobody to tell.
    pub members: Vec<Member>,
}

/// One attachment in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The node's full name.
    pub node: Arc<str>,
    /// The link it attached over.
    pub peer: PeerId,
    /// Where to send to reach this member alone.
    pub key: RouteKey,
}
