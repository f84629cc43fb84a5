//! The path of one publisher, and what it has to say when the path changes. Pure; times are milliseconds.
//!
//! Invariants:
//! - Two routes with the same attachment use the same way: the link to the router and the router keep their order.
//! - A node that a router has lost, while others are still reached through it, is told to wait for that router too.
//! - Every change names all ways left within `hold_ms`, and ends each of them again: a beginning that was lost with its link is
//!   made good by the next one.
//! - Who was not reached over a way that a beginning names finds out by itself ([`crate::handover`]). So no history of routes is
//!   kept, and a publisher may be idle for as long as it likes.
//!
//! Limits: at most 16 routers are kept among the ways left.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use outrigger_node::OwnedPid;

use crate::choices::{Choice, Relay, choose};
use crate::routing::Route;
use crate::way::{Node, Use, Way};

const MAX_ROUTERS: usize = 16;

/// A way that was left.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Exit {
    Router(Use),
    Direct(Node),
}

/// Where a marker goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum To {
    Pid(OwnedPid),
    /// Whatever worker the node has: it may be another one by now, and has to hear it.
    Worker(Node),
}

/// What a publisher says about its way, under an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    /// The last thing on a way.
    End { epoch: u64, way: Way },
    /// The first thing on a way, with those that were left.
    Begin { epoch: u64, uses: Vec<Use>, nodes: Vec<Node> },
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    route: Arc<Route>,
    chosen: usize,
    left: Vec<(u64, Exit)>,
}

impl Path {
    /// The path of a publisher that has not published before: it has nothing to leave.
    pub(crate) fn new(route: Arc<Route>, publisher: &OwnedPid) -> Self {
        let chosen = choose(&route.choices, publisher);
        Self { route, chosen, left: Vec::new() }
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.route.epoch
    }

    pub(crate) fn relay(&self) -> Option<&Relay> {
        self.choice().relay.as_ref()
    }

    /// The workers that are reached without a router.
    pub(crate) fn directs(&self) -> &[OwnedPid] {
        &self.choice().directs
    }

    fn choice(&self) -> &Choice {
        static NONE: Choice = Choice { relay: None, nodes: Vec::new(), directs: Vec::new() };
        self.route.choices.get(self.chosen).unwrap_or(&NONE)
    }

    /// Goes over to a route. The markers to send, in order.
    pub(crate) fn change(
        &mut self,
        route: &Arc<Route>,
        publisher: &OwnedPid,
        now: u64,
        hold_ms: u64,
    ) -> Vec<(To, Marker)> {
        if route.epoch == self.route.epoch {
            return Vec::new();
        }
        let mut new = Self::new(route.clone(), publisher);
        new.left = self.left(new.choice(), now, hold_ms);
        let kept = match (self.relay(), new.relay()) {
            // A router that is used on may have lost some of those it reached. They are reached directly now and have to wait for
            // what is still under way from it; the others must not wait for a way that does not end.
            (Some(old), Some(new)) if old.way.member == new.way.member => Some(old.way.clone()),
            _ => None,
        };
        let mut sends = new.ends();
        sends.extend(new.begins(kept));
        *self = new;
        sends
    }

    /// The ways that a new choice leaves, newest first.
    fn left(&self, choice: &Choice, now: u64, hold_ms: u64) -> Vec<(u64, Exit)> {
        let router = self.relay().map(|relay| Exit::Router(relay.way.clone()));
        let directs = self.directs().iter().map(|pid| Exit::Direct(pid.node.clone()));
        let before = self.left.iter().filter(|(at, _)| now.saturating_sub(*at) < hold_ms).cloned();
        let mut left: Vec<(u64, Exit)> = Vec::new();
        let mut routers = 0;
        for (at, exit) in router.into_iter().chain(directs).map(|exit| (now, exit)).chain(before) {
            let taken = match &exit {
                Exit::Router(way) => {
                    choice.relay.as_ref().is_some_and(|relay| relay.way.member == way.member)
                }
                Exit::Direct(node) => choice.sends_directly_to(node),
            };
            if taken || left.iter().any(|(_, known)| same(known, &exit)) {
                continue;
            }
            if matches!(exit, Exit::Router(_)) {
                routers += 1;
                if routers > MAX_ROUTERS {
                    continue;
                }
            }
            left.push((at, exit));
        }
        left
    }

    /// Through the newest route of the attachment that was used: the one that was used may have expired. An attachment that is gone
    /// needs no end, the router's lists say so to everyone.
    fn ends(&self) -> Vec<(To, Marker)> {
        let end = |way| Marker::End { epoch: self.epoch(), way };
        let exit = |(_, exit): &(u64, Exit)| match exit {
            Exit::Router(way) => {
                let route = self.route.exits.get(&way.member)?;
                Some((To::Pid(route.clone()), end(Way::Member(way.member.clone()))))
            }
            Exit::Direct(node) if self.choice().covers(node) => {
                Some((To::Worker(node.clone()), end(Way::Direct)))
            }
            Exit::Direct(_) => None,
        };
        self.left.iter().filter_map(exit).collect()
    }

    fn begins(&self, kept: Option<Use>) -> Vec<(To, Marker)> {
        if self.left.is_empty() && kept.is_none() {
            return Vec::new();
        }
        let mut uses = Vec::new();
        let mut nodes = Vec::new();
        for (_, exit) in &self.left {
            match exit {
                Exit::Router(way) => uses.push(way.clone()),
                Exit::Direct(node) => nodes.push(node.clone()),
            }
        }
        let begin =
            |uses: &[Use]| Marker::Begin { epoch: self.epoch(), uses: uses.to_vec(), nodes: nodes.clone() };
        let relay = self.relay().filter(|_| !self.left.is_empty());
        let mut sends: Vec<_> =
            relay.into_iter().map(|relay| (To::Pid(relay.route.clone()), begin(&uses))).collect();
        uses.extend(kept);
        sends.extend(self.directs().iter().map(|pid| (To::Pid(pid.clone()), begin(&uses))));
        sends
    }
}

fn same(a: &Exit, b: &Exit) -> bool {
    match (a, b) {
        (Exit::Router(a), Exit::Router(b)) => a.member == b.member,
        (Exit::Direct(a), Exit::Direct(b)) => a == b,
        _ => false,
    }
}
