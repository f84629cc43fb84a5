//! What comes out of the worker's mailbox, and what is done about it.

use bytes::Bytes;
use outrigger_node::{Dest, Message, NodeName, OwnedPid};

use super::{Held, Worker};
use crate::event::PubSubEvent;
use crate::handover::Action;
use crate::routing::Event;
use crate::wire::{self, Data, Word};

/// As many prefixes of ordered topics as a group has.
const MAX_ORDERED: usize = 64;

impl Worker {
    pub(super) fn message(&mut self, message: Message) {
        match message {
            Message::PeerTerm { peer, term } => match wire::read(&term, self.shared.node.name().as_str()) {
                Some(Word::Batch(mut elements)) => {
                    while let Some(element) = elements.next(self.shared.node.name().as_str()) {
                        match element {
                            Some(word @ (Word::Data(_) | Word::Begin { .. } | Word::End { .. })) => {
                                self.word(&peer, &term, word);
                            }
                            _ => self.shared.counters.malformed.add(1),
                        }
                    }
                }
                Some(word) => self.word(&peer, &term, word),
                None => self.shared.counters.malformed.add(1),
            },
            Message::NodeUp { node, hidden: true } => self.up(node),
            Message::NodeDown { node, hidden: true, .. } => self.down(&node),
            Message::Down { reference, of: Dest::Pid(pid), .. }
                if self.monitors.get(&pid) == Some(&reference) =>
            {
                self.monitors.remove(&pid);
                self.handover.publisher_down(&pid, &mut self.actions);
                self.perform();
            }
            _ => {}
        }
    }

    /// A message of a peer. `term` is all of what came.
    fn word(&mut self, peer: &NodeName, term: &Bytes, word: Word<'_>) {
        let now = self.shared.now();
        match word {
            Word::Data(data) => self.data(term, &data),
            Word::Begin { epoch, from, uses, direct } => {
                self.handover.begin(epoch, &from, uses, direct, now, &mut self.actions);
            }
            Word::End { epoch, from, way } => {
                self.handover.finish(epoch, &from, way, now, &mut self.actions);
            }
            Word::Members(list) if is_of(peer, &list.router) => {
                self.handover.members(&list, &mut self.actions);
                self.perform();
                if let Some(member) = list.member(self.shared.node.name().as_str()) {
                    self.shared.attached(&list.router, member);
                }
                self.route(Event::Members(list));
            }
            Word::Refused { router, reason, limit } if is_of(peer, &router) => {
                self.handover.not_attaching(&router.node, &mut self.actions);
                tracing::warn!(group = %self.shared.group, router = %router.node, %reason, limit, "not routed");
                self.shared.events.tell(PubSubEvent::Refused { router: router.node, reason, limit });
            }
            Word::Ordered { router, prefix } if is_of(peer, &router) => self.ordered(prefix),
            Word::Leaving { router } if is_of(peer, &router) => {
                self.shared.leaving(&router);
                self.route(Event::Leaving(router));
            }
            Word::Lost { router, lost } if is_of(peer, &router) => {
                for (publisher, count) in lost {
                    self.shared.counters.lost.add(count);
                    let router = router.node.clone();
                    self.shared.events.tell(PubSubEvent::Lost { router, publisher, count });
                }
            }
            // A router says it of all nodes, a worker of its own.
            Word::Unconfirmed { router, counts }
                if is_of(peer, &router) || counts.iter().all(|(node, _)| *node == *peer.as_str()) =>
            {
                for (publisher, at_most) in counts {
                    self.shared.counters.unconfirmed.add(at_most);
                    let router = router.node.clone();
                    self.shared.events.tell(PubSubEvent::Unconfirmed { router, publisher, at_most });
                }
            }
            Word::Interest { router, answer } if is_of(peer, &router) => {
                self.shared.answered(&router, &answer);
            }
            _ => self.shared.counters.malformed.add(1),
        }
        self.perform();
    }

    /// What is published on these topics goes another way, which this program does not go. It is to be known, once.
    fn ordered(&mut self, prefix: String) {
        if self.ordered.len() < MAX_ORDERED && self.ordered.insert(prefix.clone()) {
            tracing::warn!(
                group = %self.shared.group, prefix,
                "topics of this prefix are ordered by Elixir nodes: what they publish there does not come to this program"
            );
            self.shared.events.tell(PubSubEvent::Ordered { prefix });
        }
    }

    fn data(&mut self, term: &Bytes, data: &Data<'_>) {
        self.shared.counters.received.add(1);
        if self.handover.is_idle() {
            return self
                .shared
                .local
                .dispatch(data.topic, &self.shared.counters, || term.slice_ref(data.message));
        }
        let held = Held { topic: term.slice_ref(data.topic), message: term.slice_ref(data.message) };
        let cost = data.topic.len() + data.message.len() + 64;
        self.handover.data(data.epoch, &OwnedPid::from(data.from), held, cost, &mut self.actions);
    }

    pub(super) fn perform(&mut self) {
        let counters = &self.shared.counters;
        for action in self.actions.drain(..) {
            match action {
                Action::Deliver(held) => self.shared.local.dispatch(&held.topic, counters, || held.message),
                Action::Monitor(pid) => {
                    if let Ok(reference) = self.process.monitor(&Dest::from(&pid)) {
                        self.monitors.insert(pid, reference);
                    }
                }
                Action::Demonitor(pid) => {
                    if let Some(reference) = self.monitors.remove(&pid) {
                        self.process.demonitor(&reference);
                    }
                }
                Action::Stale(_) => counters.stale.add(1),
                Action::GaveUp(pid, held) => {
                    counters.gave_up.add(1);
                    let publisher = pid.to_string();
                    self.shared.events.tell(PubSubEvent::GaveUp { publisher, held });
                }
                Action::Shed => counters.malformed.add(1),
            }
        }
    }
}

/// Whether a router speaks over its own link.
fn is_of(peer: &NodeName, router: &OwnedPid) -> bool {
    *router.node == *peer.as_str()
}
