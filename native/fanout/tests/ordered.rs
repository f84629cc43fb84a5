//! Random asks, runs and ends of groups: terms rise and are never shared, numbers have no holes, and what is over is dropped.
#![allow(clippy::unwrap_used)] // The helpers of tests are tests, too.

use std::collections::{HashMap, HashSet};

use outrigger_fanout::ordered::{OrderBounds, OrderError, Orders};
use outrigger_fanout::{Dropped, PeerId, RouteKey};
use proptest::prelude::*;

const GROUPS: [&str; 2] = ["a", "b"];
const PREFIXES: [&[u8]; 3] = [b"", b"room:", b"prices:"];

#[derive(Clone, Debug)]
enum Step {
    /// Group, prefix, how far the floor is from the last term, and the clock.
    Ask(usize, usize, i64, u64),
    /// Which of all keys that were ever granted, how many messages, and whether they find somebody.
    HandOut(usize, u64, bool),
    Forget(usize),
    /// The link leaves the newest term of this group and prefix, or (`true`) is gone.
    Leave(usize, usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let ask = (0..2_usize, 0..3_usize, -200_000..200_000_i64, 0..10_000_000_u64);
    prop_oneof![
        4 => ask.prop_map(|(group, prefix, floor, clock)| Step::Ask(group, prefix, floor, clock)),
        8 => (any::<usize>(), 1..5_u64, prop::bool::weighted(0.9)).prop_map(|(key, messages, found)| Step::HandOut(key, messages, found)),
        1 => (0..2_usize).prop_map(Step::Forget),
        1 => (0..2_usize, 0..3_usize, any::<bool>()).prop_map(|(group, prefix, gone)| Step::Leave(group, prefix, gone)),
    ]
}

/// What is under way under a key, as a router should see it.
struct Open {
    place: (usize, usize),
    term: u64,
    next: u64,
}

fn run(steps: &[Step], tag: u16, terms: &mut HashSet<u64>) {
    let orders = Orders::new(OrderBounds::default(), tag);
    let (mut keys, mut open, mut now) = (Vec::new(), HashMap::<u64, Open>::new(), HashMap::new());
    let mut last = 0_u64;
    for step in steps {
        match *step {
            Step::Ask(group, prefix, floor, clock) => {
                let (place, floor) = ((group, prefix), last.max(1_000_000).saturating_add_signed(floor));
                let key = RouteKey::new(keys.len() as u64).unwrap();
                let grant = orders
                    .ask((GROUPS[group], PREFIXES[prefix]), PeerId(1), floor, clock, || Some(key))
                    .unwrap();
                assert!(grant.term >= floor, "{grant:?} {floor}");
                if let Some(old) = now.get(&place).filter(|old| open[*old].term >= floor) {
                    assert_eq!((grant.key.number(), grant.term, grant.new), (*old, open[old].term, false));
                    continue;
                }
                assert!(grant.new && grant.key == key && grant.term > last, "{grant:?} {last}");
                assert!(terms.insert(grant.term), "twice: {}", grant.term);
                last = grant.term;
                keys.push(key);
                if let Some(old) = now.insert(place, key.number()) {
                    open.remove(&old);
                }
                open.insert(key.number(), Open { place, term: grant.term, next: 0 });
            }
            Step::HandOut(at, messages, somebody) => {
                let Some(key) = (!keys.is_empty()).then(|| keys[at % keys.len()]) else { continue };
                let give = |place| if somebody { Ok(place) } else { Err(Dropped::Unattached) };
                match (orders.find(key), open.get_mut(&key.number())) {
                    (Some(sequence), Some(expected)) => {
                        assert_eq!(&**sequence.group(), GROUPS[expected.place.0]);
                        assert_eq!(sequence.prefix(), PREFIXES[expected.place.1]);
                        match sequence.hand_out(key, messages, give) {
                            Ok(place) => {
                                assert!(somebody);
                                assert_eq!((place.term, place.first), (expected.term, expected.next));
                                expected.next += messages;
                            }
                            Err(why) => assert_eq!((why, somebody), (Dropped::Unattached, false)),
                        }
                    }
                    (found, expected) => assert!(found.is_none() && expected.is_none(), "{key:?}"),
                }
            }
            // One link sends all, so it is the last to leave.
            Step::Leave(group, prefix, gone) => {
                let Some(Open { term, next, .. }) = now.get(&(group, prefix)).map(|key| &open[key]) else {
                    continue;
                };
                let left =
                    orders.leave(GROUPS[group], PREFIXES[prefix], *term, PeerId(if gone { 2 } else { 1 }));
                let left = left.or_else(|| orders.peer_down(PeerId(1)).pop());
                assert_eq!(left.map(|(_, ended)| (ended.term, ended.next)), Some((*term, *next)));
                assert!(orders.peer_down(PeerId(1)).is_empty(), "once");
            }
            Step::Forget(group) => {
                // Who gathered for it still has the sequence.
                let held: Vec<_> = orders.of(GROUPS[group]);
                orders.forget(GROUPS[group]);
                assert!(orders.of(GROUPS[group]).is_empty());
                open.retain(|_, open| open.place.0 != group);
                now.retain(|place: &(usize, usize), _| place.0 != group);
                for (sequence, grant) in held {
                    assert!(orders.find(grant.key).is_none());
                    let stranger = RouteKey::new(1 << 40).unwrap();
                    assert_eq!(sequence.hand_out(stranger, 1, Ok).unwrap_err(), Dropped::ExpiredRoute);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Two lives of a router, whatever their clocks say: no term of one is one of the other.
    #[test]
    fn terms_rise_and_numbers_have_no_holes(first in prop::collection::vec(step(), 0..200), next in prop::collection::vec(step(), 0..200)) {
        let mut terms = HashSet::new();
        run(&first, 7, &mut terms);
        run(&next, 0xffff, &mut terms);
    }
}

#[test]
fn bounds_are_kept_and_change_nothing() {
    let orders = Orders::new(OrderBounds::default(), 1);
    let key = || RouteKey::new(1);
    let ask = |prefix: &[u8], floor| orders.ask(("g", prefix), PeerId(1), floor, 0, key);
    assert_eq!(ask(&[0; 256], 0), Err(OrderError::PrefixTooLong { bytes: 256, limit: 255 }));
    let most = OrderBounds::default().max_term;
    for floor in [most, most + 1, u64::MAX] {
        assert_eq!(ask(b"p", floor), Err(OrderError::NoTermAbove { floor }));
    }
    assert_eq!(orders.ask(("g", b"p"), PeerId(1), 0, 0, || None), Err(OrderError::OutOfKeys));
    assert!(orders.of("g").is_empty());
    assert!(orders.ask(("g", b"p"), PeerId(1), 0, u64::MAX, key).unwrap().term <= most);
    assert!(ask(b"p", most / 2 + 1).unwrap().new);
    for prefix in 1..64_u8 {
        ask(&[prefix], 0).unwrap_or_else(|error| panic!("{prefix}: {error}"));
    }
    assert_eq!(ask(b"one more", 0), Err(OrderError::TooManyPrefixes { limit: 64 }));
}
