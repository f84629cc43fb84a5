//! What runs on the links: routers, the workers of programs, publishers.

use std::collections::HashMap;
use std::sync::Arc;

use outrigger_node::OwnedPid;

use super::wire::{Boxed, Item, Payload, is_router};
use super::{Model, NAMED_MS, Number};
use crate::handover::{Action, Handover};
use crate::path::{Marker, Path, To};
use crate::routing::{Action as Switched, Event};
use crate::way::{List, Node};

/// A member of a router: the node, and its attachment.
type Member = (Node, OwnedPid);

pub(super) struct Router {
    pid: OwnedPid,
    version: u64,
    members: Vec<Member>,
    pids: HashMap<OwnedPid, Vec<Member>>,
    /// Who has not left yet, if it is leaving.
    leaving: Option<Vec<Node>>,
}

pub(super) struct Publisher {
    pid: OwnedPid,
    path: Option<Path>,
    /// The link of its router when the path was made.
    relay: Option<u64>,
    number: u64,
}

impl Model {
    /// Starts a router, unless it runs or a link of its former life is still closing.
    pub(super) fn start_router(&mut self, name: &Node) {
        let closing = self.nodes().iter().any(|node| self.is_closing(name, node) || self.is_up(name, node));
        if self.routers.contains_key(name) || closing {
            return;
        }
        let pid = self.pid(name);
        let router = Router { pid, version: 0, members: vec![], pids: HashMap::new(), leaving: None };
        self.routers.insert(name.clone(), router);
    }

    pub(super) fn kill_router(&mut self, name: &Node) {
        for node in self.nodes() {
            self.cut(name, &node);
        }
        self.routers.remove(name);
    }

    /// A router asks its members to leave.
    pub(super) fn leave_router(&mut self, name: &Node) {
        let Some(router) = self.routers.get_mut(name).filter(|router| router.leaving.is_none()) else {
            return;
        };
        let members: Vec<_> = router.members.iter().map(|(node, _)| node.clone()).collect();
        router.leaving = Some(members.clone());
        let pid = router.pid.clone();
        for node in members {
            self.transmit(name, &node, Item::Leaving(pid.clone()));
        }
        self.gone(name);
    }

    /// Ends a router that all have left, and to which nothing is on its way.
    fn gone(&mut self, name: &Node) {
        let left = self.routers.get(name).is_some_and(|router| router.leaving == Some(vec![]));
        let quiet = self.queues.iter().all(|((_, to), queue)| to != name || queue.is_empty());
        if !left || !quiet {
            return;
        }
        self.count("left");
        for node in self.nodes() {
            if self.is_up(name, &node) && !self.is_closing(name, &node) {
                self.end(name, &node, true);
            }
        }
        self.routers.remove(name);
    }

    /// A router takes an item of a link.
    pub(super) fn serve(&mut self, name: &Node, from: &Node, item: Item) {
        if !self.routers.contains_key(name) {
            return self.lose(None, &item);
        }
        match item {
            Item::Attach => {
                let member = (from.clone(), self.pid(name));
                self.change_members(name, |members| {
                    members.retain(|(node, _)| node != from);
                    members.push(member.clone());
                });
                let router = self.routers.get_mut(name).unwrap();
                router.pids.insert(member.1.clone(), vec![member]);
                let pid = router.pid.clone();
                if let Some(leaving) = &mut router.leaving {
                    leaving.retain(|node| node != from);
                    leaving.push(from.clone());
                    self.transmit(name, from, Item::Leaving(pid));
                }
            }
            Item::Left => {
                if let Some(leaving) = &mut self.routers.get_mut(name).unwrap().leaving {
                    leaving.retain(|node| node != from);
                }
            }
            Item::To(to, payload) => self.hand_on(name, from, to, payload),
            _ => {}
        }
        self.gone(name);
    }

    fn hand_on(&mut self, name: &Node, from: &Node, to: OwnedPid, payload: Payload) {
        let router = &self.routers[name];
        let own = router.members.iter().find(|(node, _)| node == from).cloned();
        let listed = router.pids.get(&to).cloned().unwrap_or_default();
        let Some(own) = own.filter(|own| listed.contains(own)) else {
            if matches!(payload, Payload::Data { .. }) {
                self.count("dropped_by_router");
            }
            return self.lose(None, &Item::To(to, payload));
        };
        let members = router.members.clone();
        for member in listed.into_iter().filter(|member| *member != own) {
            let item = Item::Traffic(payload.clone());
            if !members.contains(&member) || !self.transmit(name, &member.0, item.clone()) {
                self.lose(Some(&member.0), &item);
            }
        }
    }

    /// The link to a node is down.
    pub(super) fn leave(&mut self, name: &Node, node: &Node) {
        if let Some(router) = self.routers.get_mut(name) {
            if let Some(leaving) = &mut router.leaving {
                leaving.retain(|known| known != node);
            }
            self.change_members(name, |members| members.retain(|(known, _)| known != node));
            self.gone(name);
        }
    }

    fn change_members(&mut self, name: &Node, change: impl FnOnce(&mut Vec<Member>)) {
        let route = self.pid(name);
        let router = self.routers.get_mut(name).unwrap();
        let before = router.members.clone();
        change(&mut router.members);
        if router.members == before {
            return;
        }
        router.version += 1;
        let members = router.members.clone();
        router.pids.insert(route.clone(), members.clone());
        let list = List { router: router.pid.clone(), version: router.version, route, members };
        for (node, _) in list.members.clone() {
            self.transmit(name, &node, Item::Members(list.clone()));
        }
    }

    /// Gives an event to a program's routing, and does what it says.
    pub(super) fn switch(&mut self, node: &Node, event: Event) {
        let now = self.now;
        for action in self.program(node).routing.handle(event, now, now) {
            match action {
                Switched::Publish(route) => self.program(node).board = route,
                Switched::Attach(router) => {
                    let link = self.generation(node, &router);
                    let program = self.program(node);
                    program.handover.attaching(router.clone());
                    // Over a link that it was asked over already, ahead of its word.
                    if link.is_some() && program.attached.insert(router.clone(), link) != Some(link) {
                        self.transmit(node, &router, Item::Attach);
                    }
                }
                Switched::Left(router) => drop(self.transmit(node, &router, Item::Left)),
                Switched::Cover(..) => {}
            }
        }
    }

    /// A worker takes an item out of its mailbox.
    pub(super) fn work(&mut self, node: &Node) {
        let now = self.now;
        match self.program(node).mailbox.pop_front() {
            Some(Boxed::Traffic(Payload::Data { epoch, number })) => {
                let from = number.0.clone();
                let stale = self.counts.get("stale").copied();
                self.handover(node, |handover, out| handover.data(epoch, &from, number.clone(), 1, out));
                if self.counts.get("stale").copied() != stale {
                    self.lost.insert((Some(node.clone()), number));
                }
            }
            Some(Boxed::Traffic(Payload::Marker(from, Marker::Begin { epoch, uses, nodes }))) => {
                let direct = nodes.contains(node);
                self.handover(node, |handover, out| handover.begin(epoch, &from, uses, direct, now, out));
            }
            Some(Boxed::Traffic(Payload::Marker(from, Marker::End { epoch, way }))) => {
                self.handover(node, |handover, out| handover.finish(epoch, &from, way, now, out));
            }
            Some(Boxed::Members(list)) => {
                self.handover(node, |handover, out| handover.members(&list, out));
                self.switch(node, Event::Members(list));
            }
            Some(Boxed::Leaving(router)) => self.switch(node, Event::Leaving(router)),
            Some(Boxed::Down(pid)) => {
                self.handover(node, |handover, out| handover.publisher_down(&pid, out));
            }
            Some(Boxed::NodeUp(router)) => self.switch(node, Event::HiddenUp(router)),
            Some(Boxed::NodeDown(router)) => {
                self.handover(node, |handover, out| handover.node_down(&router, out));
                self.switch(node, Event::HiddenDown(router));
            }
            None => {}
        }
    }

    /// Gives a worker's handover to `change`, and does what it says.
    pub(super) fn handover(
        &mut self,
        node: &Node,
        change: impl FnOnce(&mut Handover<Number>, &mut Vec<Action<Number>>),
    ) {
        let mut actions = Vec::new();
        change(&mut self.program(node).handover, &mut actions);
        for action in actions {
            match action {
                Action::Deliver((from, number)) => {
                    let program = self.program(node);
                    let last = program.last.insert(from.clone(), number).unwrap_or_default();
                    program.received.insert((from.clone(), number));
                    if number <= last {
                        self.faults.push(format!("{number} of {from} after {last} at {node}"));
                    }
                }
                Action::Monitor(pid) => self.monitor(node, pid),
                Action::Demonitor(pid) => drop(self.program(node).monitors.remove(&pid)),
                Action::Stale(_) => self.count("stale"),
                Action::GaveUp(..) => self.count("gave_up"),
                Action::Shed => self.count("shed"),
            }
        }
    }

    fn monitor(&mut self, at: &Node, pid: OwnedPid) {
        let up = self.generation(at, &pid.node).is_some();
        if !up {
            return self.box_of(at, Boxed::Down(pid));
        }
        self.program(at).monitors.insert(pid.clone());
        if !self.publishers.contains_key(&(pid.node.clone(), pid.id)) {
            self.transmit(&pid.node.clone(), at, Item::Down(pid));
        }
    }

    pub(super) fn new_publisher(&mut self, node: &Node) {
        let pid = self.pid(node);
        let key = (node.clone(), pid.id);
        self.publishers.insert(key, Publisher { pid, path: None, relay: None, number: 0 });
    }

    /// Ends a publisher: whoever watches it is told.
    pub(super) fn kill_publisher(&mut self, key: &(Node, u32)) {
        let Some(publisher) = self.publishers.remove(key) else { return };
        for node in self.nodes() {
            if self.programs[&node].monitors.contains(&publisher.pid) {
                self.transmit(&key.0, &node, Item::Down(publisher.pid.clone()));
            }
        }
    }

    /// A publisher broadcasts one message, as `Publisher::broadcast` does.
    pub(super) fn publish(&mut self, key: &(Node, u32)) {
        let mut publisher = self.publishers.remove(key).unwrap();
        publisher.number += 1;
        let number = (publisher.pid.clone(), publisher.number);
        let others: Vec<_> = self.nodes().into_iter().filter(|node| *node != key.0).collect();
        self.expected.extend(others.into_iter().map(|node| (node, number.clone())));
        loop {
            self.follow(&mut publisher, &key.0);
            let path = publisher.path.as_ref().unwrap();
            let data = Payload::Data { epoch: path.epoch(), number: number.clone() };
            if let Some(relay) = path.relay() {
                *self.counts.entry("relayed").or_default() += 1;
                let same_link = self.generation(&key.0, &relay.route.node) == publisher.relay;
                let to = relay.route.clone();
                if !(same_link && self.send(&key.0, &To::Pid(to), data.clone())) {
                    self.count("lost_relays");
                    self.switch(&key.0, Event::Lost(relay.way.member.clone()));
                    continue;
                }
            }
            for pid in path.directs().to_vec() {
                self.send(&key.0, &To::Pid(pid), data.clone());
            }
            break;
        }
        self.publishers.insert(key.clone(), publisher);
    }

    fn follow(&mut self, publisher: &mut Publisher, node: &Node) {
        let route = self.programs[node].board.clone();
        if publisher.path.as_ref().is_some_and(|path| path.epoch() == route.epoch) {
            return;
        }
        let sends = match &mut publisher.path {
            Some(path) => path.change(&route, &publisher.pid, self.now, NAMED_MS),
            none => {
                *none = Some(Path::new(Arc::clone(&route), &publisher.pid));
                Vec::new()
            }
        };
        if !sends.is_empty() {
            self.count("changes");
        }
        for (to, marker) in sends {
            self.send(node, &to, Payload::Marker(publisher.pid.clone(), marker));
        }
        let relay = publisher.path.as_ref().and_then(Path::relay);
        publisher.relay = relay.and_then(|relay| self.generation(node, &relay.route.node));
    }

    fn send(&mut self, from: &Node, to: &To, payload: Payload) -> bool {
        match to {
            To::Pid(pid) if is_router(&pid.node) => {
                self.transmit(from, &pid.node, Item::To(pid.clone(), payload))
            }
            To::Pid(pid) => self.transmit(from, &pid.node, Item::Traffic(payload)),
            To::Worker(node) => self.transmit(from, node, Item::Traffic(payload)),
        }
    }
}
