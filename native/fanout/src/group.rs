//! One group: its list now, and the versions that can still be sent to.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::{Change, Member, PeerId, RouteKey};

/// A worker of a node at this router, over one link.
#[derive(Debug)]
pub(crate) struct Attachment {
    pub(crate) key: RouteKey,
    pub(crate) peer: PeerId,
    pub(crate) node: Arc<str>,
    // Old versions keep naming an attachment that is gone: the flag is what makes their sets shrink. It changes under
    // the table's exclusive lock and is read under the shared one, so it needs no ordering of its own.
    alive: AtomicBool,
}

impl Attachment {
    pub(crate) fn new(key: RouteKey, peer: PeerId, node: &str) -> Self {
        Self { key, peer, node: node.into(), alive: AtomicBool::new(true) }
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.alive.load(Relaxed)
    }

    pub(crate) fn retire(&self) {
        self.alive.store(false, Relaxed);
    }
}

/// A list of attachments, ordered by link, at most one for each link and each node.
pub(crate) type List = Arc<[Arc<Attachment>]>;

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
        Self { name: name.into(), version: floor, list: Arc::from([]), routes: VecDeque::new() }
    }

    /// The attachments that one of this link and node takes the place of: its own older one, or that of the node's
    /// former link.
    pub(crate) fn replaced_by(&self, peer: PeerId, node: &str) -> Vec<Arc<Attachment>> {
        self.list.iter().filter(|member| member.peer == peer || &*member.node == node).cloned().collect()
    }

    /// Makes the next version: without `gone`, with `new`. Returns the routes that are no longer kept.
    pub(crate) fn advance(
        &mut self,
        gone: &[Arc<Attachment>],
        new: Option<Arc<Attachment>>,
        route: RouteKey,
        kept_versions: usize,
    ) -> Vec<RouteKey> {
        let stays = |member: &&Arc<Attachment>| !gone.iter().any(|old| old.key == member.key);
        let mut list: Vec<_> = self.list.iter().filter(stays).cloned().chain(new).collect();
        list.sort_by_key(|member| member.peer);
        self.list = list.into();
        self.version += 1;
        self.routes.push_back(route);
        let surplus = self.routes.len().saturating_sub(kept_versions.max(1));
        self.routes.drain(..surplus).collect()
    }

    /// The newest version as the world is told of it.
    pub(crate) fn change(&self, route: RouteKey) -> Change {
        let member = |of: &Arc<Attachment>| Member { node: of.node.clone(), peer: of.peer, key: of.key };
        Change {
            group: self.name.clone(),
            version: self.version,
            route,
            members: self.list.iter().map(member).collect(),
        }
    }
}
