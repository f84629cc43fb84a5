//! What the judge knows: who has published what, who was subscribed, who has received.

use std::collections::{HashMap, HashSet};

use super::line::{Line, Place};
use super::past::Found;
use super::window::{Who, Window};
use crate::journal::{Entry, Id, Incarnation, Message, Micros, incarnation};

/// The number of what a receiver does that has waited for the end of an old way for as long as it may.
const GAVE_UP: u8 = 1;
/// For how long it may, and some.
const HELD: Micros = 5_500_000;

/// What a publisher has published, by its numbers less 1.
#[derive(Default)]
pub(super) struct Published {
    pub(super) messages: Vec<(Message, Micros)>,
    /// The index of each message in `messages`, by topic, by its number of the topic less 1.
    pub(super) topics: HashMap<u8, Vec<usize>>,
}

pub(super) struct Subscription {
    pub(super) subscriber: Id,
    pub(super) topic: u8,
    pub(super) since: Micros,
    pub(super) until: Micros,
}

/// A node between start and end.
pub(super) struct Node {
    pub(super) slot: u8,
    pub(super) died: Micros,
}

/// Figures for progress and summary.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) published: u64,
    pub(crate) delivered: u64,
    pub(crate) subscriptions: u64,
    pub(crate) refused: u64,
    pub(crate) announced: u64,
    /// Messages that nodes were told to have lost perhaps.
    pub(crate) unconfirmed: u64,
    /// Topics of which a node was told that messages may have been missed.
    pub(crate) gaps: u64,
    /// Stale messages, handovers given up, failed dispatches, crashes.
    pub(crate) unusual: [u64; 4],
}

#[derive(Default)]
pub(crate) struct Judge {
    pub(super) nodes: HashMap<Incarnation, Node>,
    pub(super) publishers: HashMap<Id, Published>,
    pub(super) subscriptions: HashMap<Id, Subscription>,
    /// By subscription and publisher, the first message on its topic that is expected.
    pub(super) firsts: HashMap<(Id, Id), u32>,
    pub(super) lines: HashMap<(Id, Id), Line>,
    pub(super) refused: HashSet<(Id, u32)>,
    pub(super) announced: Vec<(Incarnation, u8, u32, Micros)>,
    pub(super) unconfirmed: Vec<(Incarnation, u8, u32, Micros)>,
    pub(super) gaps: Vec<(Incarnation, u8, Micros)>,
    pub(super) out_of_place: Vec<(Id, Message, Place)>,
    pub(super) windows: Vec<Window>,
    pub(super) stalls: Vec<Window>,
    /// What is judged for good, and the publishers that it is of.
    pub(super) past: Found,
    pub(super) over: HashSet<Id>,
    totals: Totals,
}

impl Judge {
    /// A node has been started in a slot.
    pub(crate) fn started(&mut self, incarnation: Incarnation, slot: u8) {
        self.nodes.insert(incarnation, Node { slot, died: Micros::MAX });
    }

    /// A node is no more.
    pub(crate) fn died(&mut self, incarnation: Incarnation, at: Micros) {
        if let Some(node) = self.nodes.get_mut(&incarnation) {
            node.died = at;
        }
    }

    /// What is excused from now on; for [`Judge::close`].
    pub(crate) fn open(&mut self, window: Window) -> usize {
        self.windows.push(window);
        self.windows.len() - 1
    }

    /// The excuse holds up to `to`.
    pub(crate) fn close(&mut self, window: usize, to: Micros) {
        if let Some(window) = self.windows.get_mut(window) {
            window.to = to;
        }
    }

    /// Messages were held up: nothing is excused but what was under way when a subscription ended meanwhile.
    pub(crate) fn stalled(&mut self, window: Window) {
        self.stalls.push(window);
    }

    pub(crate) fn totals(&self) -> Totals {
        self.totals
    }

    pub(crate) fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Published { message, at } => self.published(message, at),
            Entry::Refused { message } => {
                self.totals.refused += 1;
                self.refused.insert((message.publisher, message.number));
            }
            Entry::Heard { subscription, publisher, of_topic, .. } => {
                self.firsts.insert((subscription, publisher), of_topic);
            }
            Entry::Delivered { subscriber, message } => {
                self.totals.delivered += 1;
                let place = if self.over.contains(&message.publisher) {
                    Place::Again
                } else {
                    self.lines.entry((subscriber, message.publisher)).or_default().add(&message)
                };
                if place != Place::InOrder {
                    self.out_of_place.push((subscriber, message, place));
                }
            }
            Entry::Subscribed { subscriber, subscription, topic, at } => {
                self.totals.subscriptions += 1;
                let entry = Subscription { subscriber, topic, since: at, until: Micros::MAX };
                self.subscriptions.insert(subscription, entry);
            }
            Entry::Unsubscribed { subscription, at } => {
                if let Some(subscription) = self.subscriptions.get_mut(&subscription) {
                    subscription.until = at;
                }
            }
            Entry::Announced { incarnation, slot, count, at } => {
                self.totals.announced += u64::from(count);
                self.announced.push((incarnation, slot, count, at));
            }
            Entry::Unconfirmed { incarnation, slot, count, at } => {
                self.totals.unconfirmed += u64::from(count);
                self.unconfirmed.push((incarnation, slot, count, at));
            }
            Entry::Gap { incarnation, topic, at } => {
                self.totals.gaps += 1;
                self.gaps.push((incarnation, topic, at));
            }
            Entry::Unusual { incarnation, what, count, at } => {
                if what == GAVE_UP {
                    let who = Who::Node(incarnation);
                    self.stalled(Window {
                        cause: "",
                        from: at.saturating_sub(HELD),
                        to: at,
                        who,
                        told: false,
                    });
                }
                if let Some(total) = self.totals.unusual.get_mut(usize::from(what)) {
                    *total += u64::from(count);
                }
            }
        }
    }

    fn published(&mut self, message: Message, at: Micros) {
        self.totals.published += 1;
        let published = self.publishers.entry(message.publisher).or_default();
        published.topics.entry(message.topic).or_default().push(published.messages.len());
        published.messages.push((message, at));
    }

    /// Whether each of `listeners` has heard each publisher that is heard of after `since`, from then on: what was published before has
    /// arrived there, or will not any more.
    pub(crate) fn caught_up(&self, listeners: &[Id], wide: u8, since: Micros) -> bool {
        let dead = |id: &Id| self.nodes.get(&incarnation(*id)).is_none_or(|node| node.died != Micros::MAX);
        self.publishers.iter().filter(|(id, _)| !dead(id)).all(|(id, published)| {
            let later = published.messages.partition_point(|(_, at)| *at < since);
            let Some((first, _)) = published.messages[later..].iter().find(|(m, _)| m.topic < wide) else {
                return true;
            };
            let heard =
                |listener| self.lines.get(&(listener, *id)).is_some_and(|line| line.last() >= first.number);
            listeners.iter().all(|&listener| heard(listener))
        })
    }

    /// The subscribers on these nodes that are subscribed to `topic`.
    pub(crate) fn subscribed(&self, topic: u8, nodes: &[Incarnation]) -> Vec<Id> {
        let here = |s: &&Subscription| s.topic == topic && nodes.contains(&incarnation(s.subscriber));
        self.subscriptions.values().filter(here).map(|s| s.subscriber).collect()
    }
}
