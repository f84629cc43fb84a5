//! The route table: what a forwarded message is looked up in, and nothing else.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::group::{Attachment, List};
use crate::{Dropped, PeerId, RouteKey};

/// Where a message goes: the links of the live members of a route, without the sender's own.
///
/// It borrows from the table, which stays as it is for as long as this is held.
#[derive(Debug)]
pub struct Targets<'a> {
    group: &'a Arc<str>,
    members: &'a [Arc<Attachment>],
    from: PeerId,
}

impl<'a> Targets<'a> {
    /// The group's name: the registered name to forward to.
    #[must_use]
    pub fn group(&self) -> &'a Arc<str> {
        self.group
    }

    /// The links to forward to, each once, ordered.
    pub fn iter(&self) -> impl Iterator<Item = PeerId> + use<'a> {
        let from = self.from;
        // A node has at most one live attachment in a group, so not to send to this link is not to send to its node.
        self.members.iter().filter(move |to| to.peer != from && to.is_alive()).map(|to| to.peer)
    }
}

#[derive(Debug)]
enum Entry {
    Route { group: Arc<str>, list: List },
    Member { group: Arc<str>, attachment: [Arc<Attachment>; 1] },
}

/// All keys that can be sent to. Bounded by the limits of groups, members and kept versions.
#[derive(Debug, Default)]
pub(crate) struct Table {
    entries: HashMap<RouteKey, Entry>,
    /// The newest list of each group: a message to a member is checked against it.
    newest: HashMap<Arc<str>, List>,
    /// Live links that lost an attachment to a newer link of the same node.
    replaced: HashSet<PeerId>,
    /// Keys below this one were given out at some time, those from `first` on.
    next: u64,
    first: u64,
}

impl Table {
    pub(crate) fn new(first: RouteKey) -> Self {
        Self { first: first.number(), next: first.number(), ..Self::default() }
    }

    pub(crate) fn targets(&self, key: RouteKey, from: PeerId) -> Result<Targets<'_>, Dropped> {
        match self.entries.get(&key) {
            Some(Entry::Route { group, list }) if lists(list, from) => {
                Ok(Targets { group, members: list, from })
            }
            Some(Entry::Member { group, attachment }) if self.is_attached(group, from) => {
                Ok(Targets { group, members: attachment, from })
            }
            Some(_) => Err(Dropped::Unattached),
            None if (self.first..self.next).contains(&key.number()) => Err(Dropped::ExpiredRoute),
            None => Err(Dropped::UnknownRoute),
        }
    }

    pub(crate) fn is_replaced(&self, peer: PeerId) -> bool {
        self.replaced.contains(&peer)
    }

    fn is_attached(&self, group: &str, peer: PeerId) -> bool {
        self.newest.get(group).is_some_and(|list| lists(list, peer))
    }

    /// Takes over a new version of a group.
    pub(crate) fn publish(&mut self, update: Update<'_>) {
        let Update { group, route, list, gone, new, expired } = update;
        for old in gone {
            old.retire();
            self.entries.remove(&old.key);
            if new.is_some_and(|new| new.peer != old.peer) {
                self.replaced.insert(old.peer);
            }
        }
        for key in expired {
            self.entries.remove(key);
        }
        if let Some(new) = new {
            let entry = Entry::Member { group: group.clone(), attachment: [new.clone()] };
            self.entries.insert(new.key, entry);
            // The caller passed on what it had gathered before it came here, so nothing old can follow.
            self.replaced.remove(&new.peer);
            self.next = self.next.max(new.key.number() + 1);
        }
        self.next = self.next.max(route.number() + 1);
        if list.is_empty() {
            self.newest.remove(group);
        } else {
            self.entries.insert(route, Entry::Route { group: group.clone(), list: list.clone() });
            self.newest.insert(group.clone(), list.clone());
        }
    }

    pub(crate) fn forget(&mut self, peer: PeerId) {
        self.replaced.remove(&peer);
    }
}

/// What [`Table::publish`] takes over.
pub(crate) struct Update<'a> {
    pub(crate) group: &'a Arc<str>,
    pub(crate) route: RouteKey,
    pub(crate) list: &'a List,
    pub(crate) gone: &'a [Arc<Attachment>],
    pub(crate) new: Option<&'a Arc<Attachment>>,
    pub(crate) expired: &'a [RouteKey],
}

fn lists(list: &[Arc<Attachment>], peer: PeerId) -> bool {
    list.binary_search_by_key(&peer, |member| member.peer).is_ok_and(|at| list[at].is_alive())
}
