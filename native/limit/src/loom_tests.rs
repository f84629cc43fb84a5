//! loom runs each of these in every order in which two threads' steps can fall (with at most three switches that no
//! lock asks for): `make loom`. The table has one group of two places.

use loom::sync::Arc;
use loom::thread;

use crate::rule_cell::RuleCell;
use crate::{Algorithm, Config, KeyHash, Limiter, Outcome, Rule, Verdict};

/// Nanoseconds for a hit of limit 1 to come back.
const PERIOD: u64 = 100;
const NOW: u64 = 1_000;

fn key(n: u64) -> KeyHash {
    KeyHash::new(n << 40, n << 20)
}

fn limiter(limit: u64) -> Limiter {
    let rule = Rule { limit, period_ns: PERIOD, burst: None };
    Limiter::new(Config { memory: 32, ..Config::of(rule) }).unwrap()
}

fn explore(test: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(test);
}

/// Both at once, one in another thread.
fn both<A: 'static, B>(
    limiter: &Arc<Limiter>,
    one: impl FnOnce(&Limiter) -> A + 'static,
    other: impl FnOnce(&Limiter) -> B,
) -> (A, B) {
    let theirs = Arc::clone(limiter);
    let thread = thread::spawn(move || one(&theirs));
    let other = other(limiter);
    (thread.join().unwrap(), other)
}

fn hit(key: KeyHash, now: u64) -> impl Fn(&Limiter) -> Verdict {
    move |limiter| limiter.hit(key, 1, now)
}

/// Two threads put the same new key in, or one of them finds it.
#[test]
fn two_inserts_of_one_key() {
    explore(|| {
        let limiter = Arc::new(limiter(1));
        let (a, b) = both(&limiter, hit(key(1), NOW), hit(key(1), NOW));
        assert!(a.is_allowed() != b.is_allowed(), "{a:?} {b:?}");
        assert_eq!(limiter.stats().entries, 1);
    });
}

#[test]
fn hit_against_hit() {
    explore(|| {
        let limiter = Arc::new(limiter(2));
        limiter.hit(key(1), 1, NOW);
        let (a, b) = both(&limiter, hit(key(1), NOW), hit(key(1), NOW));
        assert!(a.is_allowed() != b.is_allowed(), "{a:?} {b:?}");
        assert!(!limiter.peek(key(1), 1, NOW).is_allowed());
    });
}

#[test]
fn hit_against_refund() {
    explore(|| {
        let limiter = Arc::new(limiter(2));
        limiter.hit(key(1), 2, NOW);
        let (a, ()) = both(&limiter, hit(key(1), NOW), |limiter| limiter.refund(key(1), 1, NOW));
        assert_eq!(limiter.peek(key(1), 0, NOW).remaining, u64::from(!a.is_allowed()));
    });
}

/// A new key makes an idle one leave while that one is hit: what was admitted is known, or was never admitted.
#[test]
fn hit_against_eviction() {
    explore(|| {
        let limiter = Arc::new(limiter(1));
        limiter.hit(key(1), 1, NOW - PERIOD);
        limiter.hit(key(2), 1, NOW);
        let (idle, new) = both(&limiter, hit(key(1), NOW), hit(key(3), NOW));
        let admitted = [idle, new].map(|verdict| verdict.outcome == Outcome::Allowed);
        assert!(admitted[0] != admitted[1], "one place for one of both: {idle:?} {new:?}");
        for (key, admitted) in [(key(1), admitted[0]), (key(3), admitted[1])] {
            assert_eq!(limiter.peek(key, 1, NOW).is_allowed(), !admitted);
        }
        assert_eq!(limiter.stats().entries, 2);
    });
}

/// The same with a clock that lags: to the thread that is late, the evicted key was not as new yet. There is room for
/// both, because one more key is idle.
#[test]
fn late_hit_against_eviction() {
    explore(|| {
        let limiter = Arc::new(limiter(1));
        limiter.hit(key(1), 1, NOW - PERIOD);
        limiter.hit(key(2), 1, NOW - 2 * PERIOD);
        let (late, _) = both(&limiter, hit(key(1), NOW - 1), hit(key(3), NOW));
        if late.is_allowed() {
            assert!(
                !limiter.peek(key(1), 1, NOW + PERIOD - 1).is_allowed(),
                "counted from when it was as new"
            );
        }
    });
}

/// Two new keys and one free place.
#[test]
fn two_keys_for_one_place() {
    explore(|| {
        let limiter = Arc::new(limiter(1));
        limiter.hit(key(1), 1, NOW);
        let (a, b) = both(&limiter, hit(key(2), NOW), hit(key(3), NOW));
        assert!((a.outcome == Outcome::Allowed) != (b.outcome == Outcome::Allowed), "{a:?} {b:?}");
        assert_eq!(limiter.stats().entries, 2);
    });
}

#[test]
fn hit_against_reset() {
    explore(|| {
        let limiter = Arc::new(limiter(1));
        limiter.hit(key(1), 1, NOW);
        let (hit, ()) = both(&limiter, hit(key(1), NOW), |limiter| limiter.reset(key(1), NOW));
        assert_eq!(limiter.peek(key(1), 1, NOW).is_allowed(), !hit.is_allowed());
        assert_eq!(limiter.stats().entries, u64::from(hit.is_allowed()));
    });
}

/// A rule is read whole, though two changes go by.
#[test]
fn rule_against_changes() {
    explore(|| {
        let rule =
            |limit| Rule { limit, period_ns: limit, burst: Some(limit) }.check(Algorithm::Gcra).unwrap();
        let cell = Arc::new(RuleCell::new(&rule(1)));
        let writer = Arc::clone(&cell);
        let thread = thread::spawn(move || {
            writer.store(&rule(2));
            writer.store(&rule(3));
        });
        let seen = cell.load();
        assert_eq!(seen, rule(seen.limit()));
        thread.join().unwrap();
        assert_eq!(cell.load(), rule(3));
    });
}
