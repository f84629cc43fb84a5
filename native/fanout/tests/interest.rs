//! Interest against a model that is slow and obvious.
#![allow(clippy::unwrap_used)] // The helpers of tests are tests, too.

use std::collections::{BTreeMap, BTreeSet};

use outrigger_fanout::PeerId;
use outrigger_fanout::interest::{Digest, Interest, InterestBounds, InterestError, Pattern, Slots};
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
    Reset(u64),
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
        1 => (0..80u64).prop_map(Op::Reset),
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
        Op::Reset(peer) => {
            let before = interest.slot(PeerId(peer));
            let slots = interest.reset(PeerId(peer));
            let Some(member) = model.get_mut(&peer) else {
                return assert_eq!(slots, Err(InterestError::NotAMember));
            };
            assert_eq!(slots.unwrap(), (before.unwrap(), interest.slot(PeerId(peer)).unwrap()));
            *member = (false, BTreeSet::new());
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
            prop_assert_eq!(interest.is_idle(), model.values().all(|(listed, _)| !listed));
        }
        while interest.sweep() {}
        let kept: BTreeSet<_> = model.values().flat_map(|(_, wants)| wants).collect();
        prop_assert_eq!(interest.patterns(), kept.len(), "who has left leaves nothing behind");
    }
}
