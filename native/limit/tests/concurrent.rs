//! Threads on one key: exactly the limit is admitted, whoever is outrun.
#![allow(clippy::unwrap_used)] // Tests.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use outrigger_limit::{Algorithm, Config, KeyHash, Limiter, Outcome, Rule, hit_all};

const SECOND: u64 = 1_000_000_000;
const ALL: [Algorithm; 6] = [
    Algorithm::Gcra,
    Algorithm::LeakyBucket,
    Algorithm::FixedWindow,
    Algorithm::OwnWindow,
    Algorithm::SlidingWindow,
    Algorithm::SlidingLog,
];

fn limiter(algorithm: Algorithm, limit: u64, period_ns: u64) -> Limiter {
    let rule = Rule { limit, period_ns, burst: None };
    Limiter::new(Config { algorithm, ..Config::of(rule) }).unwrap()
}

fn key() -> KeyHash {
    KeyHash::of([7, 8], b"hot")
}

/// What so many threads that hit until they are denied get in sum.
fn hammer(threads: u64, hit: impl Fn(u64) -> bool + Sync) -> u64 {
    let admitted = AtomicU64::new(0);
    thread::scope(|scope| {
        for thread in 0..threads {
            let (hit, admitted) = (&hit, &admitted);
            scope.spawn(move || {
                let mine = (0..).take_while(|_| hit(thread)).count();
                admitted.fetch_add(mine as u64, Ordering::Relaxed);
            });
        }
    });
    admitted.into_inner()
}

#[test]
fn exactly_the_limit_without_refill() {
    for algorithm in ALL {
        for threads in [2, 4, 16] {
            let limiter = limiter(algorithm, 200_000, 86_400 * SECOND);
            let admitted = hammer(threads, |_| limiter.hit(key(), 1, SECOND).is_allowed());
            assert_eq!(admitted, 200_000, "{algorithm}, {threads} threads");
            let stats = limiter.stats();
            assert_eq!((stats.allowed, stats.denied), (200_000, threads), "{algorithm}, {threads} threads");
        }
    }
}

#[test]
fn exactly_the_limit_with_weights_and_refunds() {
    for algorithm in ALL {
        let limiter = limiter(algorithm, 100_000, 86_400 * SECOND);
        let held = hammer(4, |thread| {
            let hit = limiter.hit(key(), thread + 2, SECOND).is_allowed();
            if hit {
                limiter.refund(key(), thread + 1, SECOND);
            }
            hit
        });
        // Every hit kept 1 of what it took. At most the last ones of each thread were denied for what others held.
        assert_eq!(held, 100_000 - limiter.peek(key(), 0, SECOND).remaining, "{algorithm}");
        assert!(held > 100_000 - 4 * 5, "{algorithm}: {held}");
    }
}

/// The clock is one counter that all share, so it goes on while they hit, and some of them lag.
#[test]
fn within_one_interval_of_the_ideal_with_refill() {
    const LIMIT: u64 = 1_000;
    for algorithm in [Algorithm::Gcra, Algorithm::LeakyBucket] {
        for threads in [2, 4, 16] {
            let limiter = limiter(algorithm, LIMIT, SECOND);
            let clock = AtomicU64::new(SECOND);
            let end = 4 * SECOND;
            let admitted = AtomicU64::new(0);
            thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        loop {
                            let now = clock.fetch_add(9_000, Ordering::Relaxed);
                            if now > end {
                                return;
                            }
                            if limiter.hit(key(), 1, now).is_allowed() {
                                admitted.fetch_add(1, Ordering::Relaxed);
                            }
                        }
                    });
                }
            });
            let (admitted, ideal) = (admitted.into_inner(), LIMIT + 3 * LIMIT);
            assert!(
                admitted <= ideal && admitted + 1 >= ideal,
                "{algorithm}, {threads}: {admitted} of {ideal}"
            );
        }
    }
}

/// Windows go by while threads hit: none has more than its limit, and none less.
#[test]
fn every_fixed_window_has_its_limit() {
    const LIMIT: u64 = 500;
    const WINDOWS: usize = 40;
    let limiter = limiter(Algorithm::FixedWindow, LIMIT, SECOND);
    let clock = AtomicU64::new(0);
    let windows: Vec<_> = (0..WINDOWS).map(|_| AtomicU64::new(0)).collect();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let now = clock.fetch_add(SECOND / 4_000, Ordering::Relaxed);
                    let verdict = limiter.hit(key(), 1, now);
                    // A clock that lags may count into the window after its own: the verdict says when that ends.
                    let window = (now + verdict.reset_ns) / SECOND - 1;
                    let Some(admitted) = windows.get(window as usize) else { return };
                    if verdict.is_allowed() {
                        admitted.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let admitted: Vec<_> = windows.into_iter().map(AtomicU64::into_inner).collect();
    assert_eq!(admitted, [LIMIT; WINDOWS]);
}

/// A table in which keys come and go all the time: no key ever gets more than its bucket.
#[test]
fn keys_that_come_and_go_keep_their_limits() {
    const LIMIT: u64 = 20;
    let rule = Rule { limit: LIMIT, period_ns: SECOND, burst: None };
    let limiter = Limiter::new(Config { memory: 4 * 128, ..Config::of(rule) }).unwrap();
    let clock = AtomicU64::new(0);
    let keys: Vec<_> = (0..64_u8).map(|n| KeyHash::of([7, 8], &[n])).collect();
    let admitted: Vec<_> = keys.iter().map(|_| AtomicU64::new(0)).collect();
    let end = 20 * SECOND;
    thread::scope(|scope| {
        for thread in 0..4_usize {
            let (limiter, clock, keys, admitted) = (&limiter, &clock, &keys, &admitted);
            scope.spawn(move || {
                for turn in thread.. {
                    let now = clock.fetch_add(50_000, Ordering::Relaxed);
                    if now > end {
                        return;
                    }
                    // A few keys are in use at a time; the others become as new meanwhile.
                    let at = (now / (SECOND / 2) * 7) as usize + turn % 12;
                    let at = at % keys.len();
                    if limiter.hit(keys[at], 1, now).outcome == Outcome::Allowed {
                        admitted[at].fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert!(limiter.stats().evicted > 50, "{:?}", limiter.stats());
    for count in admitted {
        // A full bucket at the start and what comes back until the end.
        let (count, most) = (count.into_inner(), LIMIT + LIMIT * end / SECOND);
        assert!(count <= most && count > 0, "{count} of {most}");
    }
}

#[test]
fn a_rule_is_read_whole_while_it_changes() {
    let limiter = limiter(Algorithm::Gcra, 1, SECOND);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let rule = limiter.rule();
                    assert_eq!((rule.period_ns(), rule.burst()), (rule.limit() * SECOND, rule.limit()));
                }
            });
        }
        for limit in (1..200_000).map(|n| n % 1_000 + 1) {
            limiter.update(Rule { limit, period_ns: limit * SECOND, burst: Some(limit) }).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// Two limiters hit together by threads that take them in different orders: both end where one alone would.
#[test]
fn all_or_nothing_loses_nothing() {
    let (few, many) = (
        limiter(Algorithm::Gcra, 1_000, 86_400 * SECOND),
        limiter(Algorithm::FixedWindow, 5_000, 86_400 * SECOND),
    );
    let admitted = AtomicU64::new(0);
    thread::scope(|scope| {
        for thread in 0..4 {
            let (few, many, admitted) = (&few, &many, &admitted);
            scope.spawn(move || {
                let mut hits = [(few, key(), 1), (many, key(), 2)];
                if thread % 2 == 0 {
                    hits.reverse();
                }
                for _ in 0..3_000 {
                    if hit_all(&hits, SECOND).is_ok() {
                        admitted.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(admitted.into_inner(), 1_000);
    assert_eq!(few.peek(key(), 0, SECOND).remaining, 0);
    assert_eq!(many.peek(key(), 0, SECOND).remaining, 3_000);
}
