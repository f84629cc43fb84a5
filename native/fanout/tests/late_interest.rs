//! What interest is for: whatever is published after a subscription reaches it, once and in order, however late the interest
//! comes; and where a bound forbids it, that is told.
//!
//! Nodes and one router on virtual time, with links that keep order and take as long as they like. Each world is played from a seed; a
//! failure names it. `OUTRIGGER_WORLDS=n` plays more or fewer than 2,500, which are over a million steps.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // The helpers of tests are tests, too.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use outrigger_fanout::PeerId;
use outrigger_fanout::interest::{Digest, Entry, InterestBounds, Pattern, RingBounds, Slots, Topics};

#[path = "../../../tests/support/dice.rs"]
mod dice;
use dice::Dice;

const TOPICS: [&str; 4] = ["a:1", "a:2", "b", "c"];
const STEPS: usize = 420;

/// From a node to the router.
enum Up {
    Publish { topic: usize, at: u64 },
    Reset { since: u64 },
    Change { since: u64, want: Vec<usize>, unwant: Vec<usize> },
    Listed { count: u64, sum: u64 },
}

/// From the router to a node.
#[derive(Clone)]
enum Down {
    Message { topic: usize, number: u64 },
    Answer { wanted: Vec<usize>, stamp: u64, complete: bool },
}

/// What is under way on a link, and when it arrives.
struct Pipe<T>(VecDeque<(u64, T)>);

impl<T> Pipe<T> {
    fn send(&mut self, at: u64, what: T) {
        let at = self.0.back().map_or(0, |(last, _)| *last).max(at);
        self.0.push_back((at, what));
    }

    fn arrived(&mut self, now: u64) -> Option<T> {
        let due = self.0.front().is_some_and(|(at, _)| *at <= now);
        due.then(|| self.0.pop_front())?.map(|(_, what)| what)
    }
}

/// A subscription of a topic, and what was told to have a gap is not due to it.
struct Subscription {
    since: u64,
    until: Option<u64>,
    got: Vec<u64>,
    gap: bool,
}

struct Node {
    up: Pipe<Up>,
    down: Pipe<Down>,
    /// When the link came up, in messages that the router had by then.
    joined: u64,
    stamp: u64,
    /// What it wants, as its teller has it.
    wants: BTreeSet<usize>,
    subscriptions: BTreeMap<usize, Vec<Subscription>>,
    had: BTreeSet<u64>,
}

struct World {
    dice: Dice,
    now: u64,
    nodes: Vec<Node>,
    topics: Topics<Vec<u8>>,
    /// Of each message in the order the router had them: topic, node, when it was published.
    messages: Vec<(usize, usize, u64)>,
    bounds: RingBounds,
}

fn peer(node: usize) -> PeerId {
    PeerId(node as u64)
}

fn topic_of(message: &[u8]) -> usize {
    message[0].into()
}

fn number_of(message: &[u8]) -> u64 {
    u64::from_be_bytes(message[message.len() - 8..].try_into().unwrap())
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut bounds = RingBounds::default();
        if dice.one_in(4) {
            bounds.max_bytes = 110 * dice.below(40);
        }
        bounds.max_age = if dice.one_in(4) { 300 } else { 1 << 40 };
        let node = || Node {
            up: Pipe(VecDeque::new()),
            down: Pipe(VecDeque::new()),
            joined: 0,
            stamp: 0,
            wants: BTreeSet::new(),
            subscriptions: BTreeMap::new(),
            had: BTreeSet::new(),
        };
        let nodes = (0..2 + dice.below(4)).map(|_| node()).collect();
        let topics = Topics::new(InterestBounds::default(), bounds.clone());
        let mut world = Self { dice, now: 0, nodes, topics, messages: Vec::new(), bounds };
        (0..world.nodes.len()).for_each(|node| world.link_up(node));
        world
    }

    fn later(&mut self) -> u64 {
        let most = if self.dice.one_in(10) { 400 } else { 20 };
        self.now + self.dice.below(most) as u64
    }

    fn tell(&mut self, node: usize, what: Up) {
        let at = self.later();
        self.nodes[node].up.send(at, what);
    }

    /// A teller names all that it wants. `since`: what it was given last.
    fn name_all(&mut self, node: usize, since: u64) {
        self.tell(node, Up::Reset { since });
        let wants: Vec<_> = self.nodes[node].wants.iter().copied().collect();
        let mut digest = Digest::default();
        wants.iter().for_each(|topic| digest.add(Pattern::Topic(TOPICS[*topic].as_bytes())));
        for portion in wants.chunks(2) {
            self.tell(node, Up::Change { since, want: portion.to_vec(), unwant: Vec::new() });
        }
        self.tell(node, Up::Listed { count: digest.count, sum: digest.sum });
    }

    /// What was under way on the old link is lost, and who was subscribed counts from now on.
    fn link_up(&mut self, node: usize) {
        self.topics.join(peer(node));
        let (now, joined) = (self.now, self.messages.len() as u64);
        let this = &mut self.nodes[node];
        this.up.0.clear();
        this.down.0.clear();
        (this.joined, this.stamp) = (joined, 0);
        for subscriptions in this.subscriptions.values_mut() {
            let open = subscriptions.iter_mut().filter(|subscription| subscription.until.is_none());
            open.for_each(|subscription| {
                subscription.since = now;
                subscription.gap = false;
                // What it got came over the old link, and cannot come again.
                subscription.got.clear();
            });
        }
        self.name_all(node, 0);
    }

    fn router_dies(&mut self) {
        self.topics = Topics::new(InterestBounds::default(), self.bounds.clone());
        (0..self.nodes.len()).for_each(|node| self.link_up(node));
    }

    fn subscribe(&mut self, node: usize, topic: usize) {
        let (now, stamp) = (self.now, self.nodes[node].stamp);
        let subscriptions = self.nodes[node].subscriptions.entry(topic).or_default();
        if subscriptions.last().is_some_and(|last| last.until.is_none()) {
            return;
        }
        subscriptions.push(Subscription { since: now, until: None, got: Vec::new(), gap: false });
        if self.nodes[node].wants.insert(topic) {
            self.tell(node, Up::Change { since: stamp, want: vec![topic], unwant: Vec::new() });
        }
    }

    /// The interest may outlive the subscription, as it does with a cool-down.
    fn unsubscribe(&mut self, node: usize, topic: usize) {
        let now = self.now;
        let subscriptions = self.nodes[node].subscriptions.entry(topic).or_default();
        subscriptions
            .iter_mut()
            .for_each(|subscription| subscription.until = subscription.until.or(Some(now)));
        if self.dice.one_in(2) && self.nodes[node].wants.remove(&topic) {
            let stamp = self.nodes[node].stamp;
            self.tell(node, Up::Change { since: stamp, want: Vec::new(), unwant: vec![topic] });
        }
    }

    fn hand_on(&mut self, from: usize, topic: usize, at: u64) {
        let number = self.messages.len() as u64;
        self.messages.push((topic, from, at));
        let mut targets = Slots::default();
        self.topics.targets(TOPICS[topic].as_bytes(), &mut targets);
        let peers: Vec<_> = self.topics.peers(&targets).filter(|to| *to != peer(from)).collect();
        for to in peers {
            let at = self.later();
            self.nodes[to.0 as usize].down.send(at, Down::Message { topic, number });
        }
        if !self.topics.are_all(&targets) {
            targets.add(&self.topics.outside(|to| to != peer(from)));
            let message = [&[topic as u8], TOPICS[topic].as_bytes(), &number.to_be_bytes()].concat();
            let (topic, publisher) = (1..1 + TOPICS[topic].len(), 0..1);
            self.topics.keep(self.now, Entry { message, topic, publisher, from: peer(from), had: targets });
        }
    }

    fn at_router(&mut self, node: usize, what: Up) {
        let mut wanted = Vec::new();
        let late = match what {
            Up::Publish { topic, at } => return self.hand_on(node, topic, at),
            Up::Reset { since } => self.topics.reset(peer(node), since).unwrap(),
            Up::Change { since, want, unwant } => {
                let pattern = |topic: &usize| Pattern::Topic(TOPICS[*topic].as_bytes());
                let (wants, unwants): (Vec<_>, Vec<_>) =
                    (want.iter().map(pattern).collect(), unwant.iter().map(pattern).collect());
                wanted = want;
                let (late, refused) = self.topics.change(peer(node), since, &wants, &unwants).unwrap();
                assert_eq!(refused, None);
                late
            }
            Up::Listed { count, sum } => {
                self.topics.listed(peer(node), Digest { count, sum }).unwrap();
                return;
            }
        };
        for message in &late.messages {
            let at = self.later();
            let message = Down::Message { topic: topic_of(message), number: number_of(message) };
            self.nodes[node].down.send(at, message);
        }
        let (at, stamp) = (self.later(), self.topics.stamp());
        self.nodes[node].down.send(at, Down::Answer { wanted, stamp, complete: late.complete });
    }

    fn at_node(&mut self, node: usize, what: Down) {
        let node = &mut self.nodes[node];
        match what {
            Down::Message { topic, number } => {
                assert!(node.had.insert(number), "message {number} came twice");
                let subscriptions = node.subscriptions.entry(topic).or_default();
                let open = subscriptions.iter_mut().find(|subscription| subscription.until.is_none());
                open.into_iter().for_each(|subscription| subscription.got.push(number));
            }
            Down::Answer { wanted, stamp, complete } => {
                node.stamp = stamp;
                let all = if wanted.is_empty() { (0..TOPICS.len()).collect() } else { wanted };
                for topic in all.into_iter().filter(|_| !complete) {
                    let subscriptions = node.subscriptions.entry(topic).or_default();
                    subscriptions.iter_mut().for_each(|subscription| subscription.gap = true);
                }
            }
        }
    }

    fn arrivals(&mut self) {
        for node in 0..self.nodes.len() {
            while let Some(what) = self.nodes[node].up.arrived(self.now) {
                self.at_router(node, what);
            }
            while let Some(what) = self.nodes[node].down.arrived(self.now) {
                self.at_node(node, what);
            }
        }
    }

    fn step(&mut self) {
        self.now += self.dice.below(8) as u64;
        self.arrivals();
        let (node, topic) = (self.dice.below(self.nodes.len()), self.dice.below(TOPICS.len()));
        match self.dice.below(100) {
            0..50 => self.tell(node, Up::Publish { topic, at: self.now }),
            50..66 => self.subscribe(node, topic),
            66..78 => self.unsubscribe(node, topic),
            78..94 => {
                let since = self.nodes[node].stamp;
                self.tell(node, Up::Change { since, want: Vec::new(), unwant: Vec::new() });
            }
            94..96 => self.name_all(node, self.nodes[node].stamp),
            96 => self.link_up(node),
            97 if self.dice.one_in(4) => self.router_dies(),
            _ => self.topics.sweep(self.now),
        }
    }

    /// Messages that were due to subscriptions, and subscriptions with a gap.
    fn judge(&self) -> (usize, usize) {
        let (mut due, mut gaps) = (0, 0);
        for (at, node) in self.nodes.iter().enumerate() {
            for (topic, subscription) in
                node.subscriptions.iter().flat_map(|(topic, all)| all.iter().map(move |one| (topic, one)))
            {
                assert!(
                    subscription.got.is_sorted_by(|one, next| one < next),
                    "in order: {:?}",
                    subscription.got
                );
                gaps += usize::from(subscription.gap);
                if subscription.until.is_some() || subscription.gap {
                    continue;
                }
                for (number, message) in (0..).zip(&self.messages).skip(node.joined as usize) {
                    let (on, from, published) = message;
                    if on == topic && *from != at && *published >= subscription.since {
                        due += 1;
                        assert!(
                            subscription.got.contains(&number),
                            "node {at} has missed {number} on {topic}"
                        );
                    }
                }
            }
        }
        (due, gaps)
    }
}

#[test]
fn whatever_is_published_after_a_subscription_comes_once_and_in_order() {
    let worlds = std::env::var("OUTRIGGER_WORLDS").map_or(2_500, |worlds| worlds.parse().unwrap());
    let (mut due, mut gaps) = (0, 0);
    for seed in 0..worlds {
        let played = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            (0..STEPS).for_each(|_| world.step());
            // Up, and what it caused down.
            world.now = 1 << 50;
            world.arrivals();
            world.now = 1 << 51;
            world.arrivals();
            world.judge()
        });
        let (of_this, with_gap) = played.unwrap_or_else(|_| panic!("in the world of seed {seed}"));
        (due, gaps) = (due + of_this, gaps + with_gap);
    }
    println!("{} steps, {due} messages due, {gaps} gaps told", worlds * STEPS as u64);
    assert!(due > worlds as usize && gaps > 0, "worlds in which nothing happens prove nothing");
}
