//! Interest against a model that is slow and obvious, and what it is for: nothing is lost that was published after a
//! subscription, however late its interest comes.
#![allow(clippy::unwrap_used)] // The helpers of tests are tests, too.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use outrigger_fanout::PeerId;
use outrigger_fanout::interest::{
    Digest, Interest, InterestBounds, InterestError, Pattern, Ring, RingBounds, Slots,
};
use proptest::prelude::*;

/// Short texts over two letters: topics are prefixes of each other all the time.
const TEXTS: [&str; 9] = ["", "a", "b", "aa", "ab", "ba", "aab", "aba", "baa"];

#[derive(Clone, Debug)]
enum Op {
    Join(u64),
    Leave(u64),
    Want(u64, bool, usize),
    Unwant(u64, bool, usize),
    Listed(u64, bool),
    Sweep,
}

fn op() -> impl Strategy<Value = Op> {
    // More than a word of slots.
    let (peer, text) = (0..80u64, 0..TEXTS.len());
    prop_oneof![
        3 => peer.clone().prop_map(Op::Join),
        1 => peer.clone().prop_map(Op::Leave),
        8 => (peer.clone(), any::<bool>(), text.clone()).prop_map(|(peer, prefix, text)| Op::Want(peer, prefix, text)),
        4 => (peer.clone(), any::<bool>(), text).prop_map(|(peer, prefix, text)| Op::Unwant(peer, prefix, text)),
        3 => (peer, prop::bool::weighted(0.8)).prop_map(|(peer, honest)| Op::Listed(peer, honest)),
        4 => Just(Op::Sweep),
    ]
}

fn pattern(prefix: bool, text: usize) -> Pattern<'static> {
    let bytes = TEXTS[text].as_bytes();
    if prefix { Pattern::Prefix(bytes) } else { Pattern::Topic(bytes) }
}

/// Whether it is listed, and what it wants.
type Member = (bool, BTreeSet<Pattern<'static>>);

const MAX_PATTERNS: u64 = 6;
const MAX_PREFIXES: u64 = 3;

fn bounds() -> InterestBounds {
    let mut bounds = InterestBounds::default();
    (bounds.max_patterns, bounds.max_prefixes) = (MAX_PATTERNS, MAX_PREFIXES);
    bounds
}

fn digest(patterns: &BTreeSet<Pattern<'_>>) -> Digest {
    let mut digest = Digest::default();
    patterns.iter().for_each(|pattern| digest.add(*pattern));
    digest
}

/// Does it with both; they answer alike.
fn apply(op: &Op, interest: &mut Interest, model: &mut BTreeMap<u64, Member>) {
    match *op {
        Op::Join(peer) => {
            interest.join(PeerId(peer));
            model.insert(peer, (false, BTreeSet::new()));
        }
        Op::Leave(peer) => assert_eq!(interest.leave(PeerId(peer)), model.remove(&peer).is_some()),
        Op::Want(peer, prefix, text) => {
            let said = interest.want(PeerId(peer), pattern(prefix, text));
            let Some((listed, wants)) = model.get_mut(&peer) else {
                return assert_eq!(said, Err(InterestError::NotAMember));
            };
            let prefixes = wants.iter().filter(|wanted| matches!(wanted, Pattern::Prefix(_))).count() as u64;
            if wants.contains(&pattern(prefix, text)) {
                assert_eq!(said, Ok(false));
            } else if wants.len() as u64 == MAX_PATTERNS || (prefix && prefixes == MAX_PREFIXES) {
                assert!(matches!(said, Err(InterestError::TooMany { .. })));
                *listed = false;
            } else {
                assert_eq!(said, Ok(true));
                wants.insert(pattern(prefix, text));
            }
        }
        Op::Unwant(peer, prefix, text) => {
            let said = interest.unwant(PeerId(peer), pattern(prefix, text));
            match model.get_mut(&peer) {
                Some((_, wants)) => assert_eq!(said, Ok(wants.remove(&pattern(prefix, text)))),
                None => assert_eq!(said, Err(InterestError::NotAMember)),
            }
        }
        Op::Listed(peer, honest) => {
            let wants = model.get(&peer).map(|(_, wants)| digest(wants)).unwrap_or_default();
            let said = Digest { count: wants.count, sum: wants.sum + u64::from(!honest) };
            let answer = interest.listed(PeerId(peer), said);
            match model.get_mut(&peer) {
                Some((listed, _)) => {
                    *listed = honest;
                    let differs = InterestError::Differs { ours: wants, theirs: said };
                    assert_eq!(answer, if honest { Ok(()) } else { Err(differs) });
                }
                None => assert_eq!(answer, Err(InterestError::NotAMember)),
            }
        }
        Op::Sweep => {
            interest.sweep();
        }
    }
}

fn targets(interest: &Interest, topic: &str) -> BTreeSet<u64> {
    let mut slots = Slots::default();
    interest.targets(topic.as_bytes(), &mut slots);
    let peers: BTreeSet<_> = interest.peers(&slots).map(|peer| peer.0).collect();
    assert_eq!(peers.len(), slots.iter().count(), "each slot is somebody's");
    peers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn it_does_what_the_model_does(ops in prop::collection::vec(op(), 1..400)) {
        let mut interest = Interest::new(bounds());
        let mut model = BTreeMap::new();
        for (step, op) in ops.iter().enumerate() {
            apply(op, &mut interest, &mut model);
            let topic = TEXTS[step % TEXTS.len()];
            let wants = |(_, (listed, wants)): &(&u64, &Member)| {
                !listed || wants.iter().any(|wanted| wanted.matches(topic.as_bytes()))
            };
            let expected: BTreeSet<_> = model.iter().filter(wants).map(|(peer, _)| *peer).collect();
            prop_assert_eq!(targets(&interest, topic), expected);
        }
        while interest.sweep() {}
        let kept: BTreeSet<_> = model.values().flat_map(|(_, wants)| wants).collect();
        prop_assert_eq!(interest.patterns(), kept.len(), "who has left leaves nothing behind");
    }
}

/// One node's subscriber of one topic: when it came, and the numbers that it got.
#[derive(Default)]
struct Subscriber {
    since: Option<u64>,
    got: Vec<u64>,
}

/// Subscriptions at nodes, whose interest takes its time; publications at the router, in virtual microseconds.
struct World {
    interest: Interest,
    ring: Ring<Vec<u8>>,
    nodes: Vec<Subscriber>,
    /// What is on its way to the router: when it arrives, who, and when the subscription was.
    coming: VecDeque<(u64, usize, u64)>,
    published: Vec<u64>,
    gaps: BTreeSet<usize>,
}

const TOPIC: &[u8] = b"t";

impl World {
    fn new(nodes: usize, ring: RingBounds) -> Self {
        let mut interest = Interest::new(InterestBounds::default());
        for node in 0..nodes {
            interest.join(PeerId(node as u64));
            interest.listed(PeerId(node as u64), Digest::default()).unwrap();
        }
        Self {
            interest,
            ring: Ring::new(ring),
            nodes: (0..nodes).map(|_| Subscriber::default()).collect(),
            coming: VecDeque::new(),
            published: Vec::new(),
            gaps: BTreeSet::new(),
        }
    }

    /// The link of each node keeps order, and no interest comes before its subscription.
    fn arrivals(&mut self, now: u64) {
        while let Some((_, node, since)) = self.coming.front().copied().filter(|(at, ..)| *at <= now) {
            self.coming.pop_front();
            assert!(self.interest.want(PeerId(node as u64), Pattern::Topic(TOPIC)).unwrap());
            let late = self.ring.late(Pattern::Topic(TOPIC), since, PeerId(node as u64));
            self.nodes[node].got.extend(late.messages.iter().map(|message| number(message)));
            if !late.complete {
                self.gaps.insert(node);
            }
        }
    }

    fn publish(&mut self, now: u64) {
        let number = self.published.len() as u64;
        self.published.push(now);
        let mut slots = Slots::default();
        self.interest.targets(TOPIC, &mut slots);
        for peer in self.interest.peers(&slots) {
            self.nodes[peer.0 as usize].got.push(number);
        }
        if !self.interest.are_all(&slots) {
            let message = [TOPIC, &number.to_be_bytes()].concat();
            self.ring.push(now, PeerId(u64::MAX), message, 0..TOPIC.len());
        }
    }
}

fn number(message: &[u8]) -> u64 {
    u64::from_be_bytes(message[TOPIC.len()..].try_into().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Who subscribed at a time has all from that time on, once and in order; where the ring was too short, that is told.
    #[test]
    fn nothing_is_lost_that_was_published_after_a_subscription(
        steps in prop::collection::vec((0..20u64, 0..6usize, 0..300u64), 1..200),
        max_bytes in prop_oneof![Just(usize::MAX), Just(5 * 73)],
    ) {
        let mut bounds = RingBounds::default();
        (bounds.max_bytes, bounds.max_age) = (max_bytes, 1_000);
        let mut world = World::new(4, bounds);
        let mut now = 0;
        for (pause, what, delay) in steps {
            now += pause;
            world.arrivals(now);
            match world.nodes.get_mut(what) {
                Some(node) if node.since.is_none() => {
                    node.since = Some(now);
                    let at = world.coming.back().map_or(0, |(at, ..)| *at).max(now + delay);
                    world.coming.push_back((at, what, now));
                }
                _ => world.publish(now),
            }
        }
        world.arrivals(u64::MAX);
        for (at, node) in world.nodes.iter().enumerate() {
            let Some(since) = node.since else {
                prop_assert!(node.got.is_empty(), "it wanted nothing");
                continue;
            };
            prop_assert!(node.got.is_sorted_by(|one, next| one < next), "once, in order: {:?}", node.got);
            let due: Vec<_> = (0..world.published.len() as u64)
                .filter(|number| world.published[*number as usize] >= since)
                .collect();
            let missed = due.iter().filter(|number| !node.got.contains(number)).count();
            prop_assert!(missed == 0 || world.gaps.contains(&at), "{missed} lost, and nobody was told");
            if max_bytes == usize::MAX {
                prop_assert_eq!(&node.got, &due);
            }
        }
    }
}
