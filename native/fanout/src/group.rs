//! One group: its list now, and the versions that can still be sent to.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::{Change, Member, PeerId, RouteKey};

/// A list of attachments, ordered by link, at most one for each link and each node.
pub(crate) type List = Vec<Member>;

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: Arc<str>,
    pub(crate) version: u64,
    pub(crate) list: List,
    /// The routes of the kept versions, the newest last.
    pub(crate) routes: VecDeque<RouteKey>,
}

impl Group {
    /// A group without members whose first version will be `floor + 1`.
    pub(crate) fn new(name: &str, floor: u64) -> Self {
        Self { name: name.into(), version: floor, list: Vec::new(), routes: VecDeque::new() }
    }

    /// The attachments that one of this link and node takes the place of: its own older one, or that of the node's
    /// former link.
    pub(crate) fn replaced_by(&self, peer: PeerId, node: &str) -> List {
        self.list.iter().filter(|member| member.peer == peer || &*member.node == node).cloned().collect()
    }

    /// Makes the next version: without `gone`, with `new`. Returns the routes that are no longer kept.
    pub(crate) fn advance(
        &mut self,
        gone: &[Member],
        new: Option<Member>,
        route: RouteKey,
        kept_versions: usize,
    ) -> Vec<RouteKey> {
        self.list.retain(|member| !gone.iter().any(|old| old.key == member.key));
        self.list.extend(new);
        self.list.sort_by_key(|member| member.peer);
        self.version += 1;
        self.routes.push_back(route);
        let surplus = self.routes.len().saturating_sub(kept_versions.max(1));
        self.routes.drain(..surplus).collect()
    }

    /// The newest version as the world is told of it.
    pub(crate) fn change(&self, route: RouteKey) -> Change {
        Change { group: self.name.clone(), version: self.version, route, members: self.list.clone() }
    }
}
