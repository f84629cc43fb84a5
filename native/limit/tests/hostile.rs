//! Input that nobody sane sends: no panic, and nothing admitted that should not be.
#![allow(clippy::unwrap_used)] // Tests.

use outrigger_limit::{Algorithm, Ban, Config, Error, KeyHash, Limiter, Outcome, Rule, WhenFull};
use proptest::prelude::*;
use proptest::sample::select;

const SECOND: u64 = 1_000_000_000;
const MILLI: u64 = 1_000_000;
const ALL: [Algorithm; 6] = [
    Algorithm::Gcra,
    Algorithm::LeakyBucket,
    Algorithm::FixedWindow,
    Algorithm::OwnWindow,
    Algorithm::SlidingWindow,
    Algorithm::SlidingLog,
];

fn rule(limit: u64, period_ns: u64) -> Rule {
    Rule { limit, period_ns, burst: None }
}

/// Numbers at the borders of everything.
fn number() -> impl Strategy<Value = u64> {
    let powers =
        (0..64u32).prop_flat_map(|bits| (0..3u64).prop_map(move |off| (1u64 << bits).wrapping_sub(1) + off));
    prop_oneof![powers, any::<u64>(), 0..4u64, select(vec![MILLI, SECOND, 86_400 * SECOND, u64::MAX])]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever passes the check of a rule can be used with any cost at any time; what was admitted at one moment is at
    /// most the burst.
    #[test]
    fn any_numbers(
        algorithm in select(ALL.to_vec()),
        limit in number(),
        period_ns in number(),
        burst in proptest::option::of(number()),
        hits in proptest::collection::vec((number(), number(), 0..5u8), 1..20),
    ) {
        let config = Config { algorithm, memory: 4096, ..Config::of(Rule { limit, period_ns, burst }) };
        let Ok(limiter) = Limiter::new(config) else { return Ok(()) };
        let key = KeyHash::of([9, 9], b"key");
        let mut admitted = (0, 0_u128);
        for (cost, now, what) in hits {
            let verdict = match what {
                0 => {
                    limiter.refund(key, cost, now);
                    admitted = (now, 0);
                    continue;
                }
                1 => limiter.peek(key, cost, now),
                _ => limiter.hit(key, cost, now),
            };
            prop_assert!(verdict.remaining <= burst.unwrap_or(limit));
            if what > 1 && verdict.is_allowed() {
                let before = if admitted.0 == now { admitted.1 } else { 0 };
                admitted = (now, before + u128::from(cost));
                prop_assert!(admitted.1 <= u128::from(burst.unwrap_or(limit)), "{verdict:?}");
            }
        }
    }
}

#[test]
fn time_that_stands_at_its_end_admits_a_burst_and_no_more() {
    for algorithm in ALL {
        let limiter = Limiter::new(Config { algorithm, ..Config::of(rule(10, SECOND)) }).unwrap();
        let key = KeyHash::of([9, 9], b"key");
        let admitted = (0..100).filter(|n| limiter.hit(key, 1, u64::MAX - n).is_allowed()).count();
        assert_eq!(admitted, 10, "{algorithm}");
    }
}

#[test]
fn impossible_rules_are_refused() {
    for algorithm in ALL {
        let check = |limit, period_ns, burst| Rule { limit, period_ns, burst }.check(algorithm).err();
        assert_eq!(check(0, SECOND, None), Some(Error::Zero { what: "limit" }));
        assert_eq!(check(1, 0, None), Some(Error::Zero { what: "period" }));
        assert_eq!(check(1, SECOND, Some(0)), Some(Error::Zero { what: "burst" }));
        assert_eq!(check(1, u64::MAX, None), Some(Error::TooLong));
    }
    let check = |algorithm, limit, period_ns| rule(limit, period_ns).check(algorithm).err();
    assert_eq!(check(Algorithm::Gcra, u64::MAX, SECOND), Some(Error::TooFast));
    let long = Rule { limit: 1, period_ns: 86_400 * SECOND, burst: Some(u64::MAX) };
    assert_eq!(long.check(Algorithm::LeakyBucket).err(), Some(Error::TooLong));
    assert!(matches!(
        check(Algorithm::FixedWindow, 1 << 40, SECOND),
        Some(Error::TooLarge { max: 0xff_ffff_ffff, .. })
    ));
    assert!(matches!(
        check(Algorithm::SlidingWindow, 1 << 20, SECOND),
        Some(Error::TooLarge { max: 0xf_ffff, .. })
    ));
    assert!(matches!(check(Algorithm::SlidingLog, 1 << 32, SECOND), Some(Error::TooLarge { .. })));
    for algorithm in [Algorithm::FixedWindow, Algorithm::OwnWindow, Algorithm::SlidingWindow] {
        assert_eq!(
            check(algorithm, 1, MILLI + 1),
            Some(Error::NotMillis { period_ns: MILLI + 1, algorithm })
        );
        let burst = Rule { burst: Some(2), ..rule(1, SECOND) };
        assert_eq!(burst.check(algorithm).err(), Some(Error::NoBurst { algorithm }));
    }
}

#[test]
fn impossible_limiters_are_refused() {
    let config = Config::of(rule(1, SECOND));
    let error = |config| Limiter::new(config).err();
    assert_eq!(error(Config { memory: 0, ..config }), Some(Error::MemoryTooSmall { memory: 0, min: 128 }));
    assert!(matches!(error(Config { memory: usize::MAX, ..config }), Some(Error::MemoryTooLarge { .. })));
    let log = Config { algorithm: Algorithm::SlidingLog, memory: 10, ..config };
    assert!(matches!(error(log), Some(Error::MemoryTooSmall { .. })));
    let ban = |denials, within_ns, for_ns| Config { ban: Some(Ban { denials, within_ns, for_ns }), ..config };
    for zero in [ban(0, 1, 1), ban(1, 0, 1), ban(1, 1, 0)] {
        assert!(matches!(error(zero), Some(Error::Zero { .. })));
    }
    assert!(matches!(error(ban(u32::MAX, 1, 1)), Some(Error::TooLarge { .. })));
    assert_eq!(error(ban(1, 1, u64::MAX)), Some(Error::TooLong));
}

/// 200 times as many keys as there is room for, all of them denied: the denied ones stay denied.
#[test]
fn a_flood_of_keys_evicts_no_denied_key() {
    for algorithm in ALL {
        let memory = if algorithm == Algorithm::SlidingLog { 12_000 } else { 1_024 };
        let ban = Some(Ban { denials: 1_000, within_ns: SECOND, for_ns: SECOND });
        let limiter =
            Limiter::new(Config { algorithm, memory, ban, ..Config::of(rule(1, 10 * SECOND)) }).unwrap();
        let key = |n: u32| KeyHash::of([9, 9], &n.to_le_bytes());
        let now = 20 * SECOND;
        let known: Vec<_> =
            (0..200).map(key).filter(|key| limiter.hit(*key, 1, now).outcome == Outcome::Allowed).collect();
        assert!(known.len() >= 40, "{algorithm}: {}", known.len());
        for n in 0..10_000 {
            let flood = limiter.hit(key(1_000 + n), 1, now + u64::from(n)).outcome;
            assert!(flood != Outcome::Allowed, "{algorithm}: there was room for another one");
        }
        for key in &known {
            assert_eq!(limiter.hit(*key, 1, now + 10_000).outcome, Outcome::Denied, "{algorithm}");
        }
        assert_eq!(limiter.stats().evicted, 0, "{algorithm}");
        // When they are as new, they make room.
        assert_eq!(limiter.hit(key(1 << 20), 1, now + 40 * SECOND).outcome, Outcome::Allowed, "{algorithm}");
        assert!(limiter.stats().evicted > 0, "{algorithm}");
    }
}

/// Keys make room at the nanosecond at which they are as new, and not before.
#[test]
fn a_key_makes_room_when_it_is_as_new() {
    for algorithm in ALL {
        let memory = if algorithm == Algorithm::SlidingLog { 8 * (160 + 16) } else { 128 };
        for (limit, cost) in [(1, 1), (3, 1), (10, 7)] {
            let config = Config { algorithm, memory, ..Config::of(rule(limit, SECOND)) };
            let limiter = Limiter::new(config).unwrap();
            let key = |n: u8| KeyHash::of([9, 9], &[n]);
            let now = 20 * SECOND + 300 * MILLI;
            let reset =
                (0..8).map(|n| limiter.hit(key(n), cost, now)).inspect(|hit| assert!(hit.is_allowed()));
            let reset = now + reset.map(|hit| hit.reset_ns).max().unwrap();
            let early = limiter.hit(key(8), cost, reset - 1).outcome;
            assert_eq!(early, Outcome::Full(WhenFull::Deny), "{algorithm}, {cost} of {limit}");
            let late = limiter.hit(key(8), cost, reset).outcome;
            assert_eq!(late, Outcome::Allowed, "{algorithm}, {cost} of {limit}");
        }
    }
}

/// More parts of a nanosecond than there are: a hundred million hits take at least as long as they should, and no
/// longer than a tenth of a millisecond more.
#[test]
fn an_interval_that_is_rounded_admits_no_more() {
    for limit in [1_048_577, 5_000_011, 999_999_937] {
        let limiter =
            Limiter::new(Config::of(Rule { burst: Some(1_000_000), ..rule(limit, SECOND) })).unwrap();
        let key = KeyHash::of([9, 9], b"key");
        let mut now = SECOND;
        for _ in 0..101 {
            let wait = limiter.peek(key, 1_000_000, now).retry_after_ns.unwrap();
            now += wait;
            assert!(limiter.hit(key, 1_000_000, now).is_allowed());
        }
        let ideal = u128::from(SECOND) * 100_000_000 / u128::from(limit);
        let took = u128::from(now - SECOND);
        assert!(took >= ideal && took < ideal + 100_000, "{limit}: {took} instead of {ideal}");
    }
}

/// The budget holds, and a key takes at most 32 bytes of it: at half of the places in use all keys find room.
#[test]
fn a_key_takes_at_most_32_bytes() {
    const KEYS: u64 = 200_000;
    let memory = KEYS as usize * 32;
    let config = Config { memory, when_full: WhenFull::Deny, ..Config::of(rule(1, 86_400 * SECOND)) };
    let limiter = Limiter::new(config).unwrap();
    for n in 0..KEYS {
        let hit = limiter.hit(KeyHash::of([9, n / 100], &n.to_le_bytes()), 1, SECOND);
        assert_eq!(hit.outcome, Outcome::Allowed, "key {n}");
    }
    let stats = limiter.stats();
    assert_eq!((stats.entries, stats.full, stats.evicted), (KEYS, 0, 0));
    assert!(stats.capacity * 16 <= memory as u64 && stats.bytes == memory as u64);
    // How far it goes: eight tenths of all places are taken before the first key is refused, nine tenths before one in a
    // thousand is.
    let mut more = (KEYS..).map(|n| limiter.hit(KeyHash::of([8, 8], &n.to_le_bytes()), 1, SECOND).outcome);
    assert!(more.any(|outcome| outcome != Outcome::Allowed));
    let share = |stats: outrigger_limit::Stats| stats.entries as f64 / stats.capacity as f64;
    assert!(share(limiter.stats()) > 0.79, "{:?}", limiter.stats());
    while limiter.stats().full < limiter.stats().entries / 1_000 {
        more.next();
    }
    assert!(share(limiter.stats()) > 0.90, "{:?}", limiter.stats());
}
