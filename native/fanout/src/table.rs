//! The route table: what a forwarded message is looked up in, and nothing else.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::{Dropped, Member, PeerId, RouteKey};

/// Where a message goes: the links of the live members of a route, without the sender's own; or of all members of a group, with it.
///
/// It borrows from the table, which stays as it is for as long as this is held.
#[derive(Debug)]
pub struct Targets<'a> {
    group: &'a Arc<str>,
    peers: &'a [PeerId],
    gone: &'a [PeerId],
    from: PeerId,
    single: bool,
    /// Whether the sender's own link is one of them.
    own: bool,
}

impl<'a> Targets<'a> {
    /// The group's name: the registered name to forward to.
    #[must_use]
    pub fn group(&self) -> &'a Arc<str> {
        self.group
    }

    /// The links to forward to, each once, ordered.
    pub fn iter(&self) -> impl Iterator<Item = PeerId> + use<'a> {
        let (from, own) = (self.from, self.own);
        // A node has at most one attachment in a group, so not to send to this link is not to send to its node.
        self.peers.iter().copied().filter(move |to| own || *to != from)
    }

    /// The links of members that have left since: what came for them by a route that still had them goes to nobody.
    #[must_use]
    pub fn gone(&self) -> &'a [PeerId] {
        self.gone
    }

    /// The link that the message came over.
    #[must_use]
    pub fn from(&self) -> PeerId {
        self.from
    }

    /// Whether a link is one of them.
    #[must_use]
    pub fn contains(&self, peer: PeerId) -> bool {
        (self.own || peer != self.from) && lists(self.peers, peer)
    }

    /// Whether the message is for one member by name, and not for whoever wants it.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.single
    }

    /// How many links that are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.peers.len() - usize::from(!self.own && lists(self.peers, self.from))
    }
}

#[derive(Debug)]
enum Entry {
    /// The members of a version that are still there, ordered, and those that are not.
    Route {
        group: Arc<str>,
        peers: Vec<PeerId>,
        gone: Vec<PeerId>,
    },
    Member {
        group: Arc<str>,
        peer: PeerId,
    },
}

/// All keys that can be sent to. Bounded by the limits of groups, members and kept versions.
///
/// A member that goes is taken out of all versions that name it. Changes are rare, and messages then find nothing but
/// links to send to.
#[derive(Debug, Default)]
pub(crate) struct Table {
    entries: HashMap<RouteKey, Entry>,
    /// The members of each group now: a message to a member is checked against it.
    newest: HashMap<Arc<str>, Vec<PeerId>>,
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
            Some(Entry::Route { group, peers, gone }) if lists(peers, from) => {
                Ok(Targets { group, peers, gone, from, single: false, own: false })
            }
            Some(Entry::Member { group, peer }) if self.is_attached(group, from) => {
                let peers = std::slice::from_ref(peer);
                Ok(Targets { group, peers, gone: &[], from, single: true, own: false })
            }
            Some(_) => Err(Dropped::Unattached),
            None if (self.first..self.next).contains(&key.number()) => Err(Dropped::ExpiredRoute),
            None => Err(Dropped::UnknownRoute),
        }
    }

    /// All members of a group now, that of `from` included.
    pub(crate) fn everybody(&self, group: &str, from: PeerId) -> Result<Targets<'_>, Dropped> {
        match self.newest.get_key_value(group) {
            Some((group, peers)) if lists(peers, from) => {
                Ok(Targets { group, peers, gone: &[], from, single: false, own: true })
            }
            _ => Err(Dropped::Unattached),
        }
    }

    fn is_attached(&self, group: &str, peer: PeerId) -> bool {
        self.newest.get(group).is_some_and(|peers| lists(peers, peer))
    }

    /// Takes over a new version of a group.
    pub(crate) fn publish(&mut self, update: Update<'_>) {
        let Update { group, route, members, gone, new, kept, expired } = update;
        for key in expired {
            self.entries.remove(key);
        }
        for old in gone {
            self.entries.remove(&old.key);
        }
        for key in kept {
            if let Some(Entry::Route { peers, gone: left, .. }) = self.entries.get_mut(key) {
                left.extend(peers.extract_if(.., |peer| gone.iter().any(|old| old.peer == *peer)));
            }
        }
        if let Some(new) = new {
            self.entries.insert(new.key, Entry::Member { group: group.clone(), peer: new.peer });
            self.next = self.next.max(new.key.number() + 1);
        }
        self.next = self.next.max(route.number() + 1);
        if members.is_empty() {
            self.newest.remove(group);
        } else {
            let peers: Vec<_> = members.iter().map(|member| member.peer).collect();
            self.entries
                .insert(route, Entry::Route { group: group.clone(), peers: peers.clone(), gone: Vec::new() });
            self.newest.insert(group.clone(), peers);
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> (usize, usize) {
        (self.entries.len(), self.newest.len())
    }
}

/// What [`Table::publish`] takes over.
pub(crate) struct Update<'a> {
    pub(crate) group: &'a Arc<str>,
    pub(crate) route: RouteKey,
    pub(crate) members: &'a [Member],
    pub(crate) gone: &'a [Member],
    pub(crate) new: Option<&'a Member>,
    /// The routes of older versions that stay.
    pub(crate) kept: &'a VecDeque<RouteKey>,
    pub(crate) expired: &'a [RouteKey],
}

fn lists(peers: &[PeerId], peer: PeerId) -> bool {
    peers.binary_search(&peer).is_ok()
}
