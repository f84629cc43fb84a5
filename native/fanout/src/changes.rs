//! Changes of the lists, one at a time.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};

use crossbeam::sync::ShardedLock;
use parking_lot::MutexGuard;

use crate::group::{Group, List};
use crate::key::KeySource;
use crate::table::{Table, Update};
use crate::{AttachError, Change, Member, PeerId, RouteKey, RouterConfig};

/// The right to change a router, held by one caller at a time ([`Router::changes`](crate::Router::changes)).
///
/// Announce a [`Change`] before you drop this: then every member sees the versions of a group in order. Messages are
/// routed meanwhile.
pub struct Changes<'a> {
    pub(crate) groups: MutexGuard<'a, Groups>,
    pub(crate) table: &'a ShardedLock<Table>,
    pub(crate) config: &'a RouterConfig,
}

/// The groups and who is in them. The part of a router that forwarding does not look at.
pub(crate) struct Groups {
    pub(crate) by_name: HashMap<Arc<str>, Group>,
    /// The groups of each link, so that a lost link costs what it had and not a walk over all.
    pub(crate) by_peer: HashMap<PeerId, BTreeSet<Arc<str>>>,
    pub(crate) keys: KeySource,
    /// All attachments of all groups.
    pub(crate) attachments: usize,
    /// The highest version of any group that was removed. A group that comes again goes on above it: somebody may
    /// still wait for a list newer than the last one he saw.
    pub(crate) floor: u64,
}

impl Changes<'_> {
    /// See [`Router::attach`](crate::Router::attach).
    pub fn attach(&mut self, peer: PeerId, node: &str, group: &str) -> Result<Change, AttachError> {
        let gone = self.admit(peer, node, group)?;
        let groups = &mut *self.groups;
        let (key, route) = groups.keys.take().zip(groups.keys.take()).ok_or(AttachError::OutOfKeys)?;
        groups.attachments = groups.attachments + 1 - gone.len();
        let floor = groups.floor;
        let group = groups.by_name.entry(group.into()).or_insert_with_key(|name| Group::new(name, floor));
        for old in &gone {
            unlist(&mut groups.by_peer, old.peer, &group.name);
        }
        groups.by_peer.entry(peer).or_default().insert(group.name.clone());
        let new = Member { node: node.into(), peer, key };
        Ok(advance(self.table, self.config, group, route, &gone, Some(new)))
    }

    /// See [`Router::detach`](crate::Router::detach).
    pub fn detach(&mut self, peer: PeerId, group: &str) -> Option<Change> {
        let groups = &mut *self.groups;
        let group = groups.by_name.get_mut(group)?;
        let at = group.list.binary_search_by_key(&peer, |member| member.peer).ok()?;
        let gone = [group.list[at].clone()];
        // There is one: `admit` keeps a key in reserve for each attachment.
        let route = groups.keys.take()?;
        groups.attachments -= 1;
        unlist(&mut groups.by_peer, peer, &group.name);
        let change = advance(self.table, self.config, group, route, &gone, None);
        if change.members.is_empty() {
            groups.floor = groups.floor.max(change.version);
            groups.by_name.remove(&change.group);
        }
        Some(change)
    }

    /// See [`Router::peer_down`](crate::Router::peer_down).
    pub fn peer_down(&mut self, peer: PeerId) -> Vec<Change> {
        let names = self.groups.by_peer.remove(&peer).unwrap_or_default();
        names.iter().filter_map(|name| self.detach(peer, name)).collect()
    }

    /// The members of a group, ordered by link. None, if there is no such group.
    #[must_use]
    pub fn members(&self, group: &str) -> &[Member] {
        self.groups.by_name.get(group).map_or(&[], |group| &group.list)
    }

    /// A key that stands for something of the caller's. `None` if all are used up but those in reserve.
    pub fn take_key(&mut self) -> Option<RouteKey> {
        let groups = &mut *self.groups;
        (groups.keys.left() > 3 + groups.attachments as u64).then(|| groups.keys.take()).flatten()
    }

    /// All attachments: the link and the group of each.
    pub fn attachments(&self) -> impl Iterator<Item = (PeerId, Arc<str>)> {
        let groups = self.groups.by_name.values();
        groups.flat_map(|group| group.list.iter().map(|member| (member.peer, group.name.clone())))
    }

    /// Whether this attachment may be made, and which ones it replaces.
    fn admit(&self, peer: PeerId, node: &str, group: &str) -> Result<List, AttachError> {
        let RouterConfig { max_groups, max_members, max_name, .. } = *self.config;
        if group.len() > max_name {
            return Err(AttachError::NameTooLong { bytes: group.len(), limit: max_name });
        }
        // Two for this attachment and one for each that may yet leave: leaving can never fail.
        if self.groups.keys.left() < 3 + self.groups.attachments as u64 {
            return Err(AttachError::OutOfKeys);
        }
        let Some(group) = self.groups.by_name.get(group) else {
            if self.groups.by_name.len() >= max_groups {
                return Err(AttachError::TooManyGroups { limit: max_groups });
            }
            return Ok(Vec::new());
        };
        let gone = group.replaced_by(peer, node);
        if group.list.len() - gone.len() >= max_members {
            return Err(AttachError::TooManyMembers { limit: max_members });
        }
        Ok(gone)
    }
}

/// Makes the next version of `group` and puts it into the table.
fn advance(
    table: &ShardedLock<Table>,
    config: &RouterConfig,
    group: &mut Group,
    route: RouteKey,
    gone: &[Member],
    new: Option<Member>,
) -> Change {
    let mut expired = group.advance(gone, new.clone(), route, config.kept_versions);
    if group.list.is_empty() {
        expired.extend(group.routes.drain(..));
    }
    let update = Update {
        group: &group.name,
        route,
        members: &group.list,
        gone,
        new: new.as_ref(),
        kept: &group.routes,
        expired: &expired,
    };
    table.write().unwrap_or_else(PoisonError::into_inner).publish(update);
    group.change(route)
}

fn unlist(by_peer: &mut HashMap<PeerId, BTreeSet<Arc<str>>>, peer: PeerId, group: &str) {
    if let Some(names) = by_peer.get_mut(&peer) {
        names.remove(group);
        if names.is_empty() {
            by_peer.remove(&peer);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{PeerId, Router, RouterConfig};

    /// What is kept of a link is bounded by what it is attached to, not by what it once was.
    #[test]
    fn a_link_that_left_leaves_nothing_behind() {
        let router = Router::new(RouterConfig::default());
        let (old, new) = (PeerId(1), PeerId(2));
        for group in ["chat", "jobs"] {
            router.attach(old, "a@h", group).unwrap();
        }
        router.detach(old, "chat");
        assert_eq!(router.changes().groups.by_peer[&old].len(), 1);
        router.attach(new, "a@h", "jobs").unwrap();
        assert!(!router.changes().groups.by_peer.contains_key(&old));
        router.detach(new, "jobs");
        let changes = router.changes();
        assert!(changes.groups.by_peer.is_empty() && changes.groups.by_name.is_empty());
        assert_eq!(changes.table.read().unwrap().len(), (0, 0));
    }
}
