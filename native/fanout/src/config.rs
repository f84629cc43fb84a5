//! What a router may hold.

use crate::RouteKey;

/// The bounds of a router. A message that would cross one is refused, never a reason to grow.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RouterConfig {
    /// Groups at the same time. Default 1 024.
    pub max_groups: usize,
    /// Attachments of one group at the same time. Default 1 024.
    pub max_members: usize,
    /// Versions of a group that can still be sent to, the newest included; at least 1. Default 64.
    ///
    /// A publisher that was scheduled out keeps a route for as long as it sleeps. What it then sends to an expired
    /// one is dropped, and it takes the newest route for the next message.
    pub kept_versions: usize,
    /// Bytes of a group's name. Default 255, as in the protocol.
    pub max_name: usize,
    /// The first key to give out. The default leaves the pids with serial 0 to the rest of the node.
    pub first_key: RouteKey,
}

impl Default for RouterConfig {
    fn default() -> Self {
        Self {
            max_groups: 1024,
            max_members: 1024,
            kept_versions: 64,
            max_name: 255,
            first_key: RouteKey::FIRST,
        }
    }
}
