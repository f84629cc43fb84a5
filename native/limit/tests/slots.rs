//! Concurrency slots: never more held than the limit, nothing lost, nothing given back twice.
#![allow(clippy::unwrap_used)] // Tests.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use outrigger_limit::{Error, Holder, KeyHash, SlotOutcome, Slots};
use proptest::collection::vec;
use proptest::prelude::*;

fn key(n: u8) -> KeyHash {
    KeyHash::of([3, 4], &[n])
}

#[derive(Clone, Debug)]
enum Step {
    Acquire { key: u8, weight: u64, owner: u64, id: u64 },
    Release { owner: u64, id: u64 },
    Gone { owner: u64 },
    Limit(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let weight = prop_oneof![6 => 0..4u64, 1 => Just(u64::MAX)];
    prop_oneof![
        6 => (0..3u8, weight, 0..3u64, 0..6u64)
            .prop_map(|(key, weight, owner, id)| Step::Acquire { key, weight, owner, id }),
        3 => (0..3u64, 0..6u64).prop_map(|(owner, id)| Step::Release { owner, id }),
        1 => (0..3u64).prop_map(|owner| Step::Gone { owner }),
        1 => (1..8u64).prop_map(Step::Limit),
    ]
}

proptest! {
    #[test]
    fn as_a_list_of_holders_says(steps in vec(step(), 1..80)) {
        const CAPACITY: usize = 8;
        let mut limit = 4;
        let slots = Slots::new(limit, CAPACITY * 160).unwrap();
        let mut held: BTreeMap<(u64, u64), (u8, u64)> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Acquire { key: k, weight, owner, id } => {
                    let used: u64 = held.values().filter(|hold| hold.0 == k).map(|hold| hold.1).sum();
                    let left = limit - used.min(limit);
                    let expected = match () {
                        () if weight == 0 => (SlotOutcome::Acquired, left),
                        () if held.contains_key(&(owner, id)) => (SlotOutcome::Held, left),
                        () if weight > limit => (SlotOutcome::Never, left),
                        () if weight > left => (SlotOutcome::Taken, left),
                        () if held.len() == CAPACITY => (SlotOutcome::Full, left),
                        () => {
                            held.insert((owner, id), (k, weight));
                            (SlotOutcome::Acquired, left - weight)
                        }
                    };
                    let verdict = slots.acquire(key(k), weight, Holder { owner, id });
                    prop_assert_eq!((verdict.outcome, verdict.remaining), expected);
                    prop_assert_eq!(verdict.limit, limit);
                }
                Step::Release { owner, id } => {
                    prop_assert_eq!(slots.release(Holder { owner, id }), held.remove(&(owner, id)).is_some());
                }
                Step::Gone { owner } => {
                    let before = held.len();
                    held.retain(|holder, _| holder.0 != owner);
                    prop_assert_eq!(slots.release_all(owner), before - held.len());
                }
                Step::Limit(new) => {
                    limit = new;
                    slots.update(new).unwrap();
                }
            }
            for k in 0..3 {
                let used: u64 = held.values().filter(|hold| hold.0 == k).map(|hold| hold.1).sum();
                prop_assert_eq!(slots.used(key(k)), used);
            }
            prop_assert_eq!(slots.stats().holders, held.len() as u64);
        }
    }
}

#[test]
fn threads_never_hold_more_than_the_limit() {
    const LIMIT: i64 = 5;
    let slots = Slots::new(LIMIT as u64, 1 << 20).unwrap();
    let held = AtomicI64::new(0);
    thread::scope(|scope| {
        for owner in 0..8 {
            let (slots, held) = (&slots, &held);
            scope.spawn(move || {
                for id in 0..20_000 {
                    let holder = Holder { owner, id };
                    if slots.acquire(key(0), 1 + id % 2, holder).outcome != SlotOutcome::Acquired {
                        continue;
                    }
                    let weight = 1 + id as i64 % 2;
                    assert!(held.fetch_add(weight, Ordering::SeqCst) + weight <= LIMIT);
                    held.fetch_sub(weight, Ordering::SeqCst);
                    if id % 3 == 0 {
                        assert_eq!(slots.release_all(owner), 1)
                    } else {
                        assert!(slots.release(holder))
                    }
                }
            });
        }
    });
    assert_eq!((slots.used(key(0)), slots.stats().holders), (0, 0));
}

#[test]
fn bad_input_is_refused() {
    assert_eq!(Slots::new(0, 1 << 20).err(), Some(Error::Zero { what: "limit" }));
    assert_eq!(Slots::new(1, 10).err(), Some(Error::MemoryTooSmall { memory: 10, min: 160 }));
    let slots = Slots::new(u64::MAX, 1 << 10).unwrap();
    let holder = |id| Holder { owner: u64::MAX, id };
    assert_eq!(slots.acquire(key(0), u64::MAX, holder(u64::MAX)).outcome, SlotOutcome::Acquired);
    assert_eq!(slots.acquire(key(0), u64::MAX, holder(0)).outcome, SlotOutcome::Taken);
    assert_eq!(slots.release_all(u64::MAX), 1);
}
