//! Random operations against a model that is slow and obvious.
//!
//! Nodes come back over new links while their old links may still send: this is where a router goes wrong.
#![allow(clippy::unwrap_used)] // The helpers of tests are tests, too.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use outrigger_fanout::{AttachError, Change, Counters, Dropped, PeerId, RouteKey, Router, RouterConfig};
use proptest::prelude::*;

const NODES: usize = 5;
const GROUPS: [&str; 3] = ["chat", "presence", "jobs"];
const MAX_GROUPS: usize = 2;
const MAX_MEMBERS: usize = 4;
const KEPT: usize = 3;

/// Links are named by node and age (0 is the newest), keys by how long ago they were made.
#[derive(Clone, Debug)]
enum Op {
    Attach { node: usize, age: usize, group: usize },
    Detach { node: usize, age: usize, group: usize },
    Relink { node: usize },
    PeerDown { node: usize, age: usize },
    Send { node: usize, age: usize, key: usize },
    SendUnknown { node: usize, key: u64 },
}

fn op() -> impl Strategy<Value = Op> {
    let link = (0..NODES, prop_oneof![4 => Just(0usize), 1 => 0..3usize]);
    let group = 0..GROUPS.len();
    prop_oneof![
        4 => (link.clone(), group.clone()).prop_map(|((node, age), group)| Op::Attach { node, age, group }),
        1 => (link.clone(), group).prop_map(|((node, age), group)| Op::Detach { node, age, group }),
        1 => (0..NODES).prop_map(|node| Op::Relink { node }),
        1 => link.clone().prop_map(|(node, age)| Op::PeerDown { node, age }),
        8 => (link, 0..40usize).prop_map(|((node, age), key)| Op::Send { node, age, key }),
        1 => (0..NODES, any::<u64>()).prop_map(|(node, key)| Op::SendUnknown { node, key }),
    ]
}

/// A member of the model. `dead` members stay in the versions that named them.
#[derive(Clone, Debug, PartialEq)]
struct ModelMember {
    key: RouteKey,
    peer: PeerId,
    node: usize,
}

struct World {
    router: Router,
    /// The links of each node, the newest last.
    links: Vec<Vec<PeerId>>,
    next_peer: u64,
    /// The lists now, the kept routes, and every key ever made with what it names.
    lists: BTreeMap<usize, Vec<ModelMember>>,
    kept: BTreeMap<usize, Vec<RouteKey>>,
    named: HashMap<RouteKey, (usize, Vec<ModelMember>)>,
    keys: Vec<RouteKey>,
    versions: BTreeMap<usize, u64>,
    /// What each route was seen to reach last: the next time it must be a part of that.
    reached: HashMap<RouteKey, BTreeSet<PeerId>>,
    expected: Counters,
}

impl World {
    fn new() -> Self {
        let mut config = RouterConfig::default();
        (config.max_groups, config.max_members, config.kept_versions) = (MAX_GROUPS, MAX_MEMBERS, KEPT);
        let mut world = Self {
            router: Router::new(config),
            links: vec![Vec::new(); NODES],
            next_peer: 0,
            lists: BTreeMap::new(),
            kept: BTreeMap::new(),
            named: HashMap::new(),
            keys: Vec::new(),
            versions: BTreeMap::new(),
            reached: HashMap::new(),
            expected: Counters::default(),
        };
        (0..NODES).for_each(|node| world.relink(node));
        world
    }

    fn relink(&mut self, node: usize) {
        self.next_peer += 1;
        self.links[node].push(PeerId(self.next_peer));
    }

    fn link(&self, node: usize, age: usize) -> PeerId {
        let links = &self.links[node];
        links[links.len() - 1 - age.min(links.len() - 1)]
    }

    fn is_live(&self, group: usize, key: RouteKey) -> bool {
        self.lists.get(&group).is_some_and(|list| list.iter().any(|member| member.key == key))
    }

    /// Compares a change with the list it should tell, and takes its keys over.
    fn check_change(&mut self, group: usize, change: &Change) {
        let list = self.lists.get(&group).cloned().unwrap_or_default();
        assert_eq!(&*change.group, GROUPS[group]);
        let told: Vec<_> = change.members.iter().map(|m| (m.key, m.peer, m.node.to_string())).collect();
        let mut wanted: Vec<_> = list.iter().map(|m| (m.key, m.peer, node_name(m.node))).collect();
        wanted.sort_by_key(|member| member.1);
        assert_eq!(told, wanted);

        let before = self.versions.insert(group, change.version).unwrap_or(0);
        assert!(change.version > before, "version fell from {before} to {}", change.version);
        if self.kept.contains_key(&group) {
            assert_eq!(change.version, before + 1);
        }
        self.fresh(change.route);
        self.named.insert(change.route, (group, list.clone()));
        let kept = self.kept.entry(group).or_default();
        kept.push(change.route);
        if kept.len() > KEPT {
            kept.remove(0);
        }
        if list.is_empty() {
            self.lists.remove(&group);
            self.kept.remove(&group);
        }
    }

    fn fresh(&mut self, key: RouteKey) {
        assert!(!self.keys.contains(&key), "{key:?} was given out twice");
        self.keys.push(key);
    }

    fn attach(&mut self, node: usize, age: usize, group: usize) {
        let peer = self.link(node, age);
        let result = self.router.attach(peer, &node_name(node), GROUPS[group]);
        let others = |member: &ModelMember| member.node != node;
        let full =
            self.lists.get(&group).is_some_and(|l| l.iter().filter(|m| others(m)).count() >= MAX_MEMBERS);
        if !self.lists.contains_key(&group) && self.lists.len() >= MAX_GROUPS {
            assert_eq!(result, Err(AttachError::TooManyGroups { limit: MAX_GROUPS }));
        } else if full {
            assert_eq!(result, Err(AttachError::TooManyMembers { limit: MAX_MEMBERS }));
        } else {
            let change = result.unwrap();
            let key = change.members.iter().find(|member| member.peer == peer).unwrap().key;
            self.fresh(key);
            let new = ModelMember { key, peer, node };
            self.named.insert(key, (group, vec![new.clone()]));
            let list = self.lists.entry(group).or_default();
            list.retain(others);
            list.push(new);
            self.check_change(group, &change);
        }
    }

    fn detach(&mut self, peer: PeerId, group: usize) {
        let change = self.router.detach(peer, GROUPS[group]);
        let was = self.lists.get(&group).is_some_and(|list| list.iter().any(|m| m.peer == peer));
        assert_eq!(change.is_some(), was);
        if let Some(change) = change {
            self.lists.get_mut(&group).unwrap().retain(|member| member.peer != peer);
            self.check_change(group, &change);
        }
    }

    fn peer_down(&mut self, node: usize, age: usize) {
        let peer = self.link(node, age);
        let mut wanted: Vec<_> = (0..GROUPS.len())
            .filter(|g| self.lists.get(g).is_some_and(|l| l.iter().any(|m| m.peer == peer)))
            .collect();
        wanted.sort_by_key(|group| GROUPS[*group]);
        let changes = self.router.peer_down(peer);
        assert_eq!(changes.len(), wanted.len());
        for (group, change) in wanted.into_iter().zip(&changes) {
            self.lists.get_mut(&group).unwrap().retain(|member| member.peer != peer);
            self.check_change(group, change);
        }
        self.links[node].retain(|link| *link != peer);
        if self.links[node].is_empty() {
            self.relink(node);
        }
    }

    fn send(&mut self, node: usize, age: usize, key: usize) {
        let Some(key) = self.keys.len().checked_sub(key + 1).map(|at| self.keys[at]) else { return };
        let from = self.link(node, age);
        let got = self.route(key, from);

        let (group, named) = self.named[&key].clone();
        let is_route = named.first().is_none_or(|member| member.key != key);
        let kept = if is_route {
            self.kept.get(&group).is_some_and(|k| k.contains(&key))
        } else {
            self.is_live(group, key)
        };
        let senders =
            if is_route { named.clone() } else { self.lists.get(&group).cloned().unwrap_or_default() };
        let listed = senders.iter().any(|member| member.peer == from && self.is_live(group, member.key));
        let wanted = if !kept {
            self.expected.dropped_expired_route += 1;
            Err(Dropped::ExpiredRoute)
        } else if !listed {
            self.expected.dropped_unattached += 1;
            Err(Dropped::Unattached)
        } else {
            let live = named.iter().filter(|member| self.is_live(group, member.key));
            let to: BTreeSet<_> =
                live.clone().map(|member| member.peer).filter(|peer| *peer != from).collect();
            // Said apart from the expectation, so that a mistake in both is seen: never to the sender's own node.
            assert!(live.filter(|m| to.contains(&m.peer)).all(|m| m.node != node));
            self.expected.forwarded += 1;
            self.expected.copies += to.len() as u64;
            Ok(to)
        };
        assert_eq!(got, wanted);

        if let (true, Ok(to)) = (is_route, got) {
            let all: BTreeSet<_> = to.into_iter().chain([from]).collect();
            if let Some(before) = self.reached.insert(key, all.clone()) {
                assert!(all.is_subset(&before), "the set behind {key:?} grew from {before:?} to {all:?}");
            }
        }
    }

    fn route(&self, key: RouteKey, from: PeerId) -> Result<BTreeSet<PeerId>, Dropped> {
        self.router.route(key, from, |targets| {
            let list: Vec<_> = targets.iter().collect();
            let set: HashSet<_> = list.iter().copied().collect();
            assert_eq!(set.len(), list.len(), "a link was named twice");
            set.into_iter().collect()
        })
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Attach { node, age, group } => self.attach(node, age, group),
            Op::Detach { node, age, group } => self.detach(self.link(node, age), group),
            Op::Relink { node } => self.relink(node),
            Op::PeerDown { node, age } => self.peer_down(node, age),
            Op::Send { node, age, key } => self.send(node, age, key),
            Op::SendUnknown { node, key } => {
                let Some(key) = RouteKey::new(key % RouteKey::END).filter(|k| k.number() > (2 << 28)) else {
                    return;
                };
                assert_eq!(self.route(key, self.link(node, 0)), Err(Dropped::UnknownRoute));
                self.expected.dropped_unknown_route += 1;
            }
        }
        assert_eq!(self.router.counters(), self.expected);
        assert_eq!(self.router.size(), (self.lists.len(), self.lists.values().map(Vec::len).sum()));
    }
}

fn node_name(node: usize) -> String {
    format!("n{node}@host")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn the_router_does_what_the_model_does(ops in prop::collection::vec(op(), 1..120)) {
        let mut world = World::new();
        for op in ops {
            world.apply(op);
        }
    }
}
