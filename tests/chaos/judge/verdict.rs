//! The verdict: what is out of place, what is lost, and why.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::book::{Judge, Subscription};
use super::line::{Line, Place};
use super::past::Found;
use super::window::Window;
use super::{LOOK_BACK, ON_ITS_WAY, TOLD_WITHIN};
use crate::journal::{Id, Incarnation, Message, Micros, incarnation};

/// A message that came again, or behind a later one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Misplaced {
    pub(crate) subscriber: Id,
    pub(crate) message: Message,
    /// When it was published; 0 if its publisher has not written it.
    pub(crate) published: Micros,
}

/// A message that did not come, and should have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loss {
    pub(crate) subscriber: Id,
    pub(crate) subscribed: Micros,
    pub(crate) message: Message,
    pub(crate) published: Micros,
}

#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) duplicates: Vec<Misplaced>,
    pub(crate) reordered: Vec<Misplaced>,
    /// Behind messages of other topics, as a new subscription permits.
    pub(crate) late: u64,
    /// Losses without a cause.
    pub(crate) unexplained: Vec<Loss>,
    /// Losses at subscribers by their cause.
    pub(crate) explained: BTreeMap<&'static str, u64>,
    /// Messages that nodes were told to have lost and that are missing there, once for each node.
    pub(crate) announced_missing: u64,
}

impl Verdict {
    /// Whether all promises were kept.
    pub(crate) fn is_clean(&self) -> bool {
        self.duplicates.is_empty() && self.reordered.is_empty() && self.unexplained.is_empty()
    }
}

impl Judge {
    /// Judges what was published before `until`.
    pub(crate) fn verdict(&self, until: Micros) -> Verdict {
        let mut found = self.past.clone();
        found.add(self.look(until, |_| true));
        let Found { duplicates, reordered, late, explained, homeless } = found;
        let mut verdict = Verdict { duplicates, reordered, late, explained, ..Verdict::default() };
        let mut by_nodes: HashMap<(Incarnation, u8), Vec<Loss>> = HashMap::new();
        for loss in homeless {
            let (from, to) = (incarnation(loss.message.publisher), incarnation(loss.subscriber));
            by_nodes.entry((to, self.slot(from))).or_default().push(loss);
        }
        for ((node, slot), losses) in by_nodes {
            self.by_announcement(node, slot, losses, &mut verdict);
        }
        verdict.unexplained.sort_by_key(|loss| (loss.published, loss.message, loss.subscriber));
        verdict
    }

    /// What there is to say of the publishers that `of` names, and of what they published before `until`.
    pub(super) fn look(&self, until: Micros, of: impl Fn(Id) -> bool) -> Found {
        let mut found = Found::default();
        for (subscriber, message, place) in self.out_of_place.iter().filter(|(_, m, _)| of(m.publisher)) {
            let published = self.time_of(message);
            let misplaced = Misplaced { subscriber: *subscriber, message: *message, published };
            match place {
                Place::Again => found.duplicates.push(misplaced),
                Place::BehindOthers if self.is_new(*subscriber, message, published) => found.late += 1,
                _ => found.reordered.push(misplaced),
            }
        }
        let mut to_be_told: HashMap<(usize, Incarnation, Incarnation), Vec<Loss>> = HashMap::new();
        for loss in self.losses(until, of) {
            let from = incarnation(loss.message.publisher);
            let to = incarnation(loss.subscriber);
            let excuses = |told| {
                let fits = |w: &Window| w.told == told && w.between(from, to) && self.met(w, &loss);
                self.windows.iter().position(fits)
            };
            if let Some(window) = excuses(false).and_then(|at| self.windows.get(at)) {
                *found.explained.entry(window.cause).or_default() += 1;
            } else if let Some(at) = excuses(true) {
                let window = &self.windows[at];
                if self.held_up(from, to, [loss.published, loss.published.max(window.from)]) {
                    // A router that cannot get rid of what it has read counts it as handed on.
                    *found.explained.entry(window.cause).or_default() += 1;
                } else {
                    to_be_told.entry((at, to, from)).or_default().push(loss);
                }
            } else if self.is_told_gap(to, &loss) {
                *found.explained.entry("told as a gap").or_default() += 1;
            } else {
                found.homeless.push(loss);
            }
        }
        for ((window, to, from), losses) in to_be_told {
            self.if_told(&self.windows[window], to, from, losses, &mut found);
        }
        found
    }

    /// Whether a fault may have met a message: it was published meanwhile, or was still held up by others when the fault began.
    fn met(&self, window: &Window, loss: &Loss) -> bool {
        let (from, to) = (incarnation(loss.message.publisher), incarnation(loss.subscriber));
        let at = loss.published;
        window.covers(at) || (at < window.from && self.held_up(from, to, [at, window.from]))
    }

    /// As many messages as the node was told of may be missing there. Of a node that has died nobody tells, and one that has died is not told.
    fn if_told(
        &self,
        window: &Window,
        to: Incarnation,
        from: Incarnation,
        losses: Vec<Loss>,
        found: &mut Found,
    ) {
        let by = window.to.saturating_add(TOLD_WITHIN);
        let slot = self.slot(from);
        let fits = |(node, of, _, at): &&(Incarnation, u8, u32, Micros)| {
            (*node, *of) == (to, slot) && (window.from..=by).contains(at)
        };
        let told: u64 = self.unconfirmed.iter().filter(fits).map(|(.., count, _)| u64::from(*count)).sum();
        let died = |node| self.nodes.get(&node).is_none_or(|node| node.died <= by);
        let messages: HashSet<_> = losses.iter().map(|loss| loss.message).collect();
        if messages.len() as u64 <= told || died(from) || died(to) {
            *found.explained.entry(window.cause).or_default() += losses.len() as u64;
        } else {
            found.homeless.extend(losses);
        }
    }

    /// As many messages as a router said to have dropped may be missing on the node, from the node it named.
    fn by_announcement(&self, node: Incarnation, slot: u8, losses: Vec<Loss>, verdict: &mut Verdict) {
        let told = self.announced.iter().filter(|(to, from, ..)| (*to, *from) == (node, slot));
        let told: u64 = told.map(|(.., count, _)| u64::from(*count)).sum();
        let messages: HashSet<_> = losses.iter().map(|loss| loss.message).collect();
        if messages.len() as u64 <= told {
            verdict.announced_missing += messages.len() as u64;
            *verdict.explained.entry("announced by a router").or_default() += losses.len() as u64;
        } else {
            verdict.unexplained.extend(losses);
        }
    }

    fn losses(&self, until: Micros, of: impl Fn(Id) -> bool) -> Vec<Loss> {
        let nothing = Line::default();
        let mut losses = Vec::new();
        for ((subscription, publisher), first) in self.firsts.iter().filter(|((_, id), _)| of(*id)) {
            let Some(subscription) = self.subscriptions.get(subscription) else { continue };
            let Some(published) = self.publishers.get(publisher) else { continue };
            let Some(numbers) = published.topics.get(&subscription.topic) else { continue };
            let line = self.lines.get(&(subscription.subscriber, *publisher)).unwrap_or(&nothing);
            for of_topic in line.missing(subscription.topic, *first, numbers.len() as u32) {
                let (message, at) = published.messages[numbers[of_topic as usize - 1]];
                let expected = at < until
                    && !self.refused.contains(&(message.publisher, message.number))
                    && !self.may_be_on_its_way(subscription, &message, at);
                if expected {
                    let subscriber = subscription.subscriber;
                    losses.push(Loss { subscriber, subscribed: subscription.since, message, published: at });
                }
            }
        }
        losses
    }

    fn may_be_on_its_way(&self, subscription: &Subscription, message: &Message, at: Micros) -> bool {
        let node = incarnation(subscription.subscriber);
        let died = self.nodes.get(&node).map_or(Micros::MAX, |node| node.died);
        let end = subscription.until.min(died);
        end.saturating_sub(ON_ITS_WAY) < at || self.held_up(incarnation(message.publisher), node, [at, end])
    }

    /// Whether messages between the two nodes were held up from the one time to the other: by one stall, or by some of which each began when what the
    /// one before had held up may still have been on its way.
    fn held_up(&self, publisher: Incarnation, subscriber: Incarnation, times: [Micros; 2]) -> bool {
        let (first, last) = (times[0].min(times[1]), times[0].max(times[1]));
        let stalls = self.stalls.iter().filter(|stall| stall.between(publisher, subscriber));
        let mut spans: Vec<_> = stalls
            .map(|stall| (stall.from.saturating_sub(ON_ITS_WAY), stall.to.saturating_add(ON_ITS_WAY)))
            .filter(|(_, to)| first <= *to)
            .collect();
        spans.sort_unstable();
        let reach = spans.iter().fold(None, |reach, (from, to)| match reach {
            None => (*from <= first).then_some(*to),
            Some(reach) if *from <= reach => Some(reach.max(*to)),
            reach => reach,
        });
        reach.is_some_and(|reach| last <= reach)
    }

    fn is_told_gap(&self, node: Incarnation, loss: &Loss) -> bool {
        self.gaps.iter().any(|(on, topic, at)| {
            (*on, *topic) == (node, loss.message.topic)
                && (at.saturating_sub(LOOK_BACK)..=*at).contains(&loss.published)
        })
    }

    /// When a node was told of gaps on a topic.
    pub(crate) fn gaps_told(&self, node: Incarnation, topic: u8) -> impl Iterator<Item = Micros> {
        self.gaps.iter().filter(move |(on, of, _)| (*on, *of) == (node, topic)).map(|(.., at)| *at)
    }

    /// Whether the subscriber has come to the topic only after this, or so shortly before that a router did not know of it.
    fn is_new(&self, subscriber: Id, message: &Message, published: Micros) -> bool {
        let topic = message.topic;
        let (from, to) = (incarnation(message.publisher), incarnation(subscriber));
        let newest = self.subscriptions.values().filter(|s| s.subscriber == subscriber && s.topic == topic);
        newest.map(|s| s.since).any(|since| {
            (since.saturating_sub(LOOK_BACK)..=since.saturating_add(ON_ITS_WAY)).contains(&published)
                || self.held_up(from, to, [since, published])
        })
    }

    fn time_of(&self, message: &Message) -> Micros {
        let published = self.publishers.get(&message.publisher);
        let index = (message.number as usize).wrapping_sub(1);
        published.and_then(|published| published.messages.get(index)).map_or(0, |(_, at)| *at)
    }

    pub(crate) fn slot(&self, incarnation: Incarnation) -> u8 {
        self.nodes.get(&incarnation).map_or(u8::MAX, |node| node.slot)
    }
}
