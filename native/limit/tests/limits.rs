//! What a caller relies on, by example.
#![allow(clippy::unwrap_used, clippy::expect_used)] // Tests.

use outrigger_limit::{Algorithm, Ban, Config, Error, KeyHash, Limiter, Outcome, Rule, WhenFull, hit_all};

const SECOND: u64 = 1_000_000_000;

fn rule(limit: u64, period_ns: u64) -> Rule {
    Rule { limit, period_ns, burst: None }
}

fn limiter(algorithm: Algorithm, rule: Rule) -> Limiter {
    Limiter::new(Config { algorithm, memory: 1 << 16, ..Config::of(rule) }).unwrap()
}

fn key(name: &str) -> KeyHash {
    KeyHash::of([1, 2], name.as_bytes())
}

const ALL: [Algorithm; 6] = [
    Algorithm::Gcra,
    Algorithm::LeakyBucket,
    Algorithm::FixedWindow,
    Algorithm::OwnWindow,
    Algorithm::SlidingWindow,
    Algorithm::SlidingLog,
];

#[test]
fn a_limit_is_kept_and_comes_back() {
    for algorithm in ALL {
        let limiter = limiter(algorithm, rule(3, SECOND));
        let now = 10 * SECOND;
        let remaining: Vec<_> = (0..3).map(|_| limiter.hit(key("a"), 1, now).remaining).collect();
        assert_eq!(remaining, [2, 1, 0], "{algorithm}");
        let denied = limiter.hit(key("a"), 1, now);
        assert_eq!((denied.outcome, denied.remaining), (Outcome::Denied, 0), "{algorithm}");
        let retry = denied.retry_after_ns.unwrap();
        assert!(!limiter.peek(key("a"), 1, now + retry - 1).is_allowed(), "{algorithm}");
        assert!(limiter.hit(key("a"), 1, now + retry).is_allowed(), "{algorithm}");
        assert!(limiter.hit(key("b"), 3, now).is_allowed(), "{algorithm}: another key");
        assert_eq!(limiter.hit(key("b"), 4, now).retry_after_ns, None, "{algorithm}: never");
        let stats = limiter.stats();
        assert_eq!((stats.allowed, stats.denied, stats.entries), (5, 2, 2), "{algorithm}");
    }
}

#[test]
fn refund_reset_and_peek() {
    for algorithm in ALL {
        let limiter = limiter(algorithm, rule(10, SECOND));
        let now = 10 * SECOND;
        assert!(limiter.hit(key("a"), 10, now).is_allowed());
        limiter.refund(key("a"), 4, now);
        assert_eq!(limiter.peek(key("a"), 5, now).remaining, 4, "{algorithm}");
        assert!(!limiter.peek(key("a"), 5, now).is_allowed(), "{algorithm}");
        assert!(limiter.hit(key("a"), 4, now).is_allowed(), "{algorithm}");
        limiter.refund(key("a"), u64::MAX, now);
        assert_eq!(limiter.peek(key("a"), 0, now).remaining, 10, "{algorithm}");
        assert!(limiter.hit(key("a"), 10, now).is_allowed(), "{algorithm}");
        limiter.reset(key("a"), now);
        assert_eq!(limiter.peek(key("a"), 0, now).remaining, 10, "{algorithm}");
        assert!(limiter.hit(key("a"), 10, now).is_allowed(), "{algorithm}");
    }
}

#[test]
fn all_or_nothing() {
    let (many, few) =
        (limiter(Algorithm::Gcra, rule(10, SECOND)), limiter(Algorithm::FixedWindow, rule(2, SECOND)));
    let both = [(&many, key("a"), 3), (&few, key("b"), 1)];
    assert_eq!(hit_all(&both, SECOND).unwrap().len(), 2);
    assert_eq!(hit_all(&both, SECOND).unwrap().len(), 2);
    let (at, verdict) = hit_all(&both, SECOND).unwrap_err();
    assert_eq!((at, verdict.outcome), (1, Outcome::Denied));
    assert_eq!(many.peek(key("a"), 0, SECOND).remaining, 4);
}

#[test]
fn who_goes_on_is_banned() {
    let ban = Some(Ban { denials: 3, within_ns: SECOND, for_ns: 60 * SECOND });
    let limiter =
        Limiter::new(Config { ban, memory: 1 << 16, ..Config::of(rule(1, SECOND)) }).expect("a limiter");
    let now = 5 * SECOND;
    assert!(limiter.hit(key("a"), 1, now).is_allowed());
    let began: Vec<_> = (0..3).map(|_| limiter.hit(key("a"), 1, now).ban_began).collect();
    assert_eq!(began, [false, false, true]);
    let banned = limiter.hit(key("a"), 1, now + 59 * SECOND);
    assert_eq!((banned.outcome, banned.retry_after_ns), (Outcome::Banned, Some(SECOND)));
    assert!(limiter.hit(key("a"), 1, now + 60 * SECOND).is_allowed());
    assert_eq!((limiter.stats().banned, limiter.stats().bans), (1, 1));
}

#[test]
fn a_full_table_keeps_its_policy() {
    for (when_full, allowed) in [(WhenFull::Deny, false), (WhenFull::Allow, true)] {
        let config = Config { when_full, memory: 128, ..Config::of(rule(1, SECOND)) };
        let limiter = Limiter::new(config).unwrap();
        let hits: Vec<_> = (0..9).map(|n| limiter.hit(key(&n.to_string()), 1, SECOND)).collect();
        assert!(hits[..8].iter().all(|hit| hit.outcome == Outcome::Allowed));
        assert_eq!((hits[8].outcome, hits[8].is_allowed()), (Outcome::Full(when_full), allowed));
        assert_eq!(limiter.stats().full, 1);
        assert_eq!(limiter.hit(key("9"), 1, 2 * SECOND).outcome, Outcome::Allowed, "all are as new");
        assert_eq!(limiter.stats().evicted, 1);
    }
}

#[test]
fn a_rule_can_change() {
    for algorithm in ALL {
        let limiter = limiter(algorithm, rule(10, SECOND));
        assert!(limiter.hit(key("a"), 4, SECOND).is_allowed());
        limiter.update(rule(5, SECOND)).unwrap();
        assert_eq!(limiter.rule().limit(), 5);
        assert!(limiter.peek(key("a"), 1, SECOND).remaining <= 4, "{algorithm}");
        assert_eq!(limiter.update(rule(0, SECOND)), Err(Error::Zero { what: "limit" }));
        let other = rule(100, SECOND).check(algorithm).unwrap();
        assert!(limiter.hit_with(key("a"), 50, &other, SECOND).unwrap().is_allowed(), "{algorithm}");
    }
    let gcra = limiter(Algorithm::Gcra, rule(10, SECOND));
    let other = rule(100, SECOND).check(Algorithm::FixedWindow).unwrap();
    assert!(matches!(gcra.hit_with(key("a"), 1, &other, SECOND), Err(Error::OtherAlgorithm { .. })));
}
