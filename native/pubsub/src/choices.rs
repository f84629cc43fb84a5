//! What this node's publishers can choose from, and what one of them takes. Pure.
//!
//! A choice is a router with the nodes that it covers and, beside it, the workers of the others, which are reached directly; or no
//! router, and all of them directly. A route has one choice for each router that is used, or the one without.
//!
//! A publisher takes the choice with the highest hash of its pid and the router's node (rendezvous hashing). So a router that
//! goes moves its own publishers and no others; one that comes takes its share; one that comes back gets back those it had.
//!
//! Invariants: each choice reaches as many nodes as any other. A router that leaves out nodes to which this one has no link either
//! is not used while another choice leads there. The same routers make the same choices, in the same order.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use outrigger_node::OwnedPid;

use crate::way::{List, Node, Use};

/// The workers of each node that `pg` knows, newest first. Never an empty list.
pub(crate) type Members = BTreeMap<Node, Vec<OwnedPid>>;

/// A router's newest list, seen from this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) router: OwnedPid,
    pub(crate) version: u64,
    pub(crate) route: OwnedPid,
    /// The attachment of this node.
    pub(crate) own: OwnedPid,
    /// The nodes of the others.
    pub(crate) nodes: Vec<Node>,
}

impl Listing {
    /// Nothing if the list does not name this node.
    pub(crate) fn of(list: List, node: &str) -> Option<Self> {
        let own = list.member(node)?.clone();
        let mut nodes: Vec<_> =
            list.members.into_iter().map(|(node, _)| node).filter(|other| **other != *node).collect();
        nodes.sort();
        nodes.dedup();
        Some(Self { router: list.router, version: list.version, route: list.route, own, nodes })
    }
}

/// A router that is used, and the way that this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Relay {
    pub(crate) route: OwnedPid,
    pub(crate) way: Use,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) relay: Option<Relay>,
    /// Who the relay reaches, in order.
    pub(crate) nodes: Vec<Node>,
    /// The workers of the others.
    pub(crate) directs: Vec<OwnedPid>,
}

impl Choice {
    pub(crate) fn covers(&self, node: &Node) -> bool {
        self.nodes.binary_search(node).is_ok()
    }

    pub(crate) fn sends_directly_to(&self, node: &str) -> bool {
        self.directs.iter().any(|pid| *pid.node == *node)
    }
}

/// The choices: the routers with these lists, or the direct one if there is none. At least one.
pub(crate) fn all(lists: &[&Listing], pg: &Members) -> Vec<Choice> {
    let routed: Vec<_> = lists
        .iter()
        .filter(|list| !list.nodes.is_empty())
        .map(|list| (*list, directs(&list.nodes, pg)))
        .collect();
    let reach = |list: &Listing, directs: &[OwnedPid]| list.nodes.len() + directs.len();
    let most = routed.iter().map(|(list, directs)| reach(list, directs)).fold(pg.len(), usize::max);
    let mut best: Vec<_> =
        routed.into_iter().filter(|(list, directs)| reach(list, directs) == most).collect();
    best.sort_by(|(a, _), (b, _)| a.router.node.cmp(&b.router.node));
    if best.is_empty() {
        return vec![Choice { directs: directs(&[], pg), ..Choice::default() }];
    }
    let choice = |(list, directs): (&Listing, _)| {
        let way = Use { router: list.router.clone(), member: list.own.clone(), version: list.version };
        Choice { relay: Some(Relay { route: list.route.clone(), way }), nodes: list.nodes.clone(), directs }
    };
    best.into_iter().map(choice).collect()
}

/// Whether the direct way reaches all that the routers with these lists do.
pub(crate) fn meshed(lists: &[&Listing], pg: &Members) -> bool {
    lists.iter().all(|list| list.nodes.iter().all(|node| pg.contains_key(node)))
}

/// The number of the choice that a publisher takes.
pub(crate) fn choose(choices: &[Choice], publisher: &OwnedPid) -> usize {
    let rank = |choice: &Choice| choice.relay.as_ref().map(|relay| rank(&relay.route.node, publisher));
    (0..choices.len()).max_by_key(|&number| choices.get(number).and_then(rank)).unwrap_or_default()
}

/// Only this program computes it, and the same all the time it runs.
fn rank(router: &str, publisher: &OwnedPid) -> u64 {
    let mut hasher = DefaultHasher::new();
    (publisher, router).hash(&mut hasher);
    hasher.finish()
}

/// The newest worker of each node that is not among `members`, in order.
fn directs(members: &[Node], pg: &Members) -> Vec<OwnedPid> {
    pg.iter()
        .filter(|(node, _)| members.binary_search(node).is_err())
        .filter_map(|(_, pids)| pids.first().cloned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pid(node: &str, id: u32) -> OwnedPid {
        OwnedPid { node: node.into(), id, serial: 0, creation: 1 }
    }

    fn listing(router: &str, nodes: &[&str]) -> Listing {
        let nodes = nodes.iter().map(|&node| node.into()).collect();
        Listing { router: pid(router, 1), version: 1, route: pid(router, 2), own: pid(router, 3), nodes }
    }

    fn pg(nodes: &[&str]) -> Members {
        nodes.iter().map(|&node| (node.into(), vec![pid(node, 9)])).collect()
    }

    #[test]
    fn a_router_and_those_that_it_leaves_out() {
        let list = listing("r@h", &["a@h", "b@h"]);
        let choices = all(&[&list], &pg(&["b@h", "c@h"]));
        assert_eq!(choices.len(), 1);
        assert_eq!(choices[0].directs, [pid("c@h", 9)]);
        assert!(choices[0].covers(&"a@h".into()) && !choices[0].covers(&"c@h".into()));
    }

    #[test]
    fn who_reaches_less_is_not_used() {
        let (wide, narrow) = (listing("r@h", &["a@h", "b@h"]), listing("q@h", &["a@h"]));
        let choices = all(&[&wide, &narrow], &pg(&["a@h"]));
        assert_eq!(choices.len(), 1);
        assert_eq!(choices[0].relay.as_ref().map(|relay| &*relay.route.node), Some("r@h"));
        assert_eq!(all(&[&narrow], &pg(&["a@h", "b@h"])).len(), 1, "with a direct one beside it");
    }

    #[test]
    fn without_a_router_all_are_direct() {
        let choices = all(&[], &pg(&["a@h", "b@h"]));
        assert!(choices.len() == 1 && choices[0].relay.is_none() && choices[0].directs.len() == 2);
    }

    #[test]
    fn a_router_that_goes_moves_its_own_publishers() {
        let lists = ["p@h", "q@h", "r@h"].map(|router| listing(router, &["a@h"]));
        let before = all(&lists.iter().collect::<Vec<_>>(), &pg(&[]));
        let after = all(&lists[..2].iter().collect::<Vec<_>>(), &pg(&[]));
        let taken = |choices: &[Choice], id| {
            choices[choose(choices, &pid("me@h", id))].relay.as_ref().map(|relay| relay.route.node.clone())
        };
        let mut shares = BTreeMap::new();
        for id in 0..3_000 {
            let (old, new) = (taken(&before, id), taken(&after, id));
            *shares.entry(old.clone()).or_insert(0) += 1;
            assert!(old == new || old.as_deref() == Some("r@h"));
        }
        assert!(shares.values().all(|&share| (800..1_200).contains(&share)), "{shares:?}");
    }
}
