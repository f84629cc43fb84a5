//! Links, what is on them, and what becomes of it when they break.

use outrigger_node::OwnedPid;

use super::{Model, Number, Program};
use crate::path::Marker;
use crate::routing::Event;
use crate::way::{List, Node};

/// What a publisher sends.
#[derive(Clone, Debug)]
pub(super) enum Payload {
    Data { epoch: u64, number: Number },
    Marker(OwnedPid, Marker),
}

/// What is on a link.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// To a router: this program wants messages, or has left.
    Attach,
    Left,
    /// To a pid of a router.
    To(OwnedPid, Payload),
    /// To a worker.
    Traffic(Payload),
    Members(List),
    Leaving(OwnedPid),
    /// A worker is a member of the group.
    Pg(OwnedPid),
    /// A process that was watched has ended.
    Down(OwnedPid),
    /// The end of the link.
    End,
}

/// What is in a mailbox.
#[derive(Clone, Debug)]
pub(super) enum Boxed {
    Traffic(Payload),
    Members(List),
    Leaving(OwnedPid),
    Down(OwnedPid),
    NodeUp(Node),
    NodeDown(Node),
}

pub(super) fn is_router(name: &str) -> bool {
    name.ends_with("@r")
}

/// The key of a link, whichever way it is named.
fn link(a: &Node, b: &Node) -> (Node, Node) {
    if a <= b { (a.clone(), b.clone()) } else { (b.clone(), a.clone()) }
}

impl Model {
    pub(super) fn pid(&mut self, node: &Node) -> OwnedPid {
        self.next_pid += 1;
        OwnedPid { node: node.clone(), id: self.next_pid, serial: 0, creation: 7 }
    }

    fn sees(&self, from: &Node, to: &Node) -> bool {
        self.view.contains(&(from.clone(), to.clone()))
    }

    pub(super) fn is_up(&self, a: &Node, b: &Node) -> bool {
        self.sees(a, b) || self.sees(b, a)
    }

    pub(super) fn is_closing(&self, a: &Node, b: &Node) -> bool {
        self.closing.get(&link(a, b)).is_some_and(|ends| *ends > 0)
    }

    /// Which link between the two it is; nothing if the first takes it for down.
    pub(super) fn generation(&self, from: &Node, to: &Node) -> Option<u64> {
        self.sees(from, to).then(|| self.generations.get(&link(from, to)).copied().unwrap_or_default())
    }

    pub(super) fn connect(&mut self, a: &Node, b: &Node) {
        if self.is_up(a, b) || self.is_closing(a, b) || (is_router(a) && !self.routers.contains_key(a)) {
            return;
        }
        self.view.insert((a.clone(), b.clone()));
        self.view.insert((b.clone(), a.clone()));
        *self.generations.entry(link(a, b)).or_default() += 1;
        if is_router(a) {
            return self.box_of(b, Boxed::NodeUp(a.clone()));
        }
        let [of_a, of_b] = [a, b].map(|node| Item::Pg(self.programs[node].worker.clone()));
        self.enqueue(a, b, of_a);
        self.enqueue(b, a, of_b);
    }

    /// Breaks a link. Each direction keeps a random part of what is in it, and then its end.
    pub(super) fn cut(&mut self, a: &Node, b: &Node) {
        if !self.sees(a, b) || !self.sees(b, a) || self.is_closing(a, b) {
            return;
        }
        self.count("cuts");
        self.end(a, b, false);
    }

    /// Ends a link, with all that is on it or without some.
    pub(super) fn end(&mut self, a: &Node, b: &Node, whole: bool) {
        self.closing.insert(link(a, b), 2);
        for (from, to) in [(a, b), (b, a)] {
            let mut queue = self.queues.remove(&(from.clone(), to.clone())).unwrap_or_default();
            let kept = if whole { queue.len() } else { self.dice.below(queue.len() + 1) };
            for item in queue.split_off(kept) {
                self.lose(Some(to), &item);
            }
            queue.push_back(Item::End);
            self.queues.insert((from.clone(), to.clone()), queue);
        }
    }

    /// Sends. `false` if the sender knows that the link is down. Into a broken link: lost.
    pub(super) fn transmit(&mut self, from: &Node, to: &Node, item: Item) -> bool {
        if !self.sees(from, to) {
            return false;
        }
        if self.is_closing(from, to) {
            self.lose(Some(to), &item);
        } else {
            self.enqueue(from, to, item);
        }
        true
    }

    fn enqueue(&mut self, from: &Node, to: &Node, item: Item) {
        self.queues.entry((from.clone(), to.clone())).or_default().push_back(item);
    }

    /// Notes that an item is gone. What was for a router was for all.
    pub(super) fn lose(&mut self, at: Option<&Node>, item: &Item) {
        match item {
            Item::To(_, Payload::Data { number, .. }) => drop(self.lost.insert((None, number.clone()))),
            Item::Traffic(Payload::Data { number, .. }) => {
                self.lost.insert((at.cloned(), number.clone()));
            }
            _ => {}
        }
    }

    pub(super) fn box_of(&mut self, node: &Node, item: Boxed) {
        self.program(node).mailbox.push_back(item);
    }

    pub(super) fn program(&mut self, node: &Node) -> &mut Program {
        self.programs.get_mut(node).unwrap()
    }

    /// Takes one item of a link.
    pub(super) fn arrive(&mut self, from: &Node, to: &Node) {
        let queue = self.queues.get_mut(&(from.clone(), to.clone()));
        let Some(item) = queue.and_then(std::collections::VecDeque::pop_front) else { return };
        match item {
            Item::End => self.ended(from, to),
            item if is_router(to) => self.serve(to, from, item),
            Item::Traffic(payload) => self.box_of(to, Boxed::Traffic(payload)),
            Item::Members(list) => self.box_of(to, Boxed::Members(list)),
            Item::Leaving(router) => self.box_of(to, Boxed::Leaving(router)),
            Item::Pg(worker) => self.switch(to, Event::PgJoin(vec![worker])),
            Item::Down(pid) if self.program(to).monitors.remove(&pid) => self.box_of(to, Boxed::Down(pid)),
            _ => {}
        }
    }

    fn ended(&mut self, from: &Node, to: &Node) {
        // `to` has learned of it, and sends no more.
        self.view.remove(&(to.clone(), from.clone()));
        *self.closing.entry(link(from, to)).or_default() -= 1;
        if is_router(to) {
            return self.leave(to, from);
        }
        // Only links of routers end.
        self.box_of(to, Boxed::NodeDown(from.clone()));
    }
}
