//! What one hit costs in the limit engine: `cargo bench -p outrigger-testkit --bench limit_hit`.
//!
//! A key is a `u64` that both hash in each call. Time is an argument, and `governor` gets a clock that only loads a
//! number. Limits are never reached, but for `denied`. With two threads the time is that of
//! all hits divided by their number: one thread alone does not get slower by a second one on the same key if it is at
//! most the time of one.
#![allow(clippy::expect_used, missing_docs)] // criterion's macros document nothing.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use governor::clock::FakeRelativeClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use outrigger_limit::{Algorithm, Config, KeyHash, Limiter, Rule};

const SECOND: u64 = 1_000_000_000;
type Governor = RateLimiter<u64, DashMapStateStore<u64>, FakeRelativeClock, NoOpMiddleware<Nanos>>;

fn limiter(algorithm: Algorithm, limit: u64, memory: usize) -> Limiter {
    let rule = Rule { limit, period_ns: SECOND, burst: None };
    Limiter::new(Config { algorithm, memory, ..Config::of(rule) }).expect("a limiter")
}

fn governor() -> Governor {
    let most = NonZeroU32::MAX;
    RateLimiter::new(
        Quota::per_second(most).allow_burst(most),
        DashMapStateStore::default(),
        FakeRelativeClock::default(),
    )
}

fn key(n: u64) -> KeyHash {
    KeyHash::of([1, 2], &n.to_le_bytes())
}

/// Numbers below `end` in no order, a few instructions each.
struct Scattered(u64);

impl Scattered {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) * end as u64) >> 32) as usize
    }
}

fn one_key(c: &mut Criterion) {
    let mut group = c.benchmark_group("limit_one_key");
    group.throughput(Throughput::Elements(1));
    let algorithms = [
        (Algorithm::Gcra, 1 << 30),
        (Algorithm::LeakyBucket, 1 << 30),
        (Algorithm::FixedWindow, 1 << 39),
        (Algorithm::SlidingWindow, (1 << 20) - 1),
    ];
    for (algorithm, limit) in algorithms {
        let limiter = limiter(algorithm, limit, 1 << 20);
        // A microsecond goes by with every hit: a sliding window then holds a million of them.
        let mut now = SECOND;
        group.bench_function(algorithm.to_string(), |b| {
            b.iter(|| {
                now += 1_000;
                limiter.hit(key(black_box(1)), 1, now).is_allowed()
            });
        });
    }
    let denied = limiter(Algorithm::Gcra, 1, 1 << 20);
    denied.hit(key(1), 1, SECOND);
    group.bench_function("gcra_denied", |b| b.iter(|| denied.hit(key(black_box(1)), 1, SECOND).is_allowed()));
    let governor = governor();
    group.bench_function("governor", |b| b.iter(|| governor.check_key(&black_box(1)).is_ok()));
    group.finish();
}

fn many_keys(c: &mut Criterion) {
    let mut group = c.benchmark_group("limit_many_keys");
    group.throughput(Throughput::Elements(1));
    for count in [100_000_usize, 1_000_000] {
        let limiter = limiter(Algorithm::Gcra, 1 << 20, count * 32);
        (0..count as u64).for_each(|n| assert!(limiter.hit(key(n), 1 << 19, SECOND).is_allowed()));
        let mut scattered = Scattered(1);
        group.bench_function(BenchmarkId::new("gcra", count), |b| {
            b.iter(|| limiter.hit(key(scattered.below(count) as u64), 1, SECOND).is_allowed());
        });
        let governor = governor();
        (0..count as u64).for_each(|key| assert!(governor.check_key(&key).is_ok()));
        group.bench_function(BenchmarkId::new("governor", count), |b| {
            b.iter(|| governor.check_key(&(scattered.below(count) as u64)).is_ok());
        });
    }
    group.finish();
}

/// Time per hit of so many threads that hit one key at once.
fn threads(count: u64, iterations: u64, hit: impl Fn(u64) -> bool + Sync) -> Duration {
    let begin = Instant::now();
    thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(|| (0..iterations).filter(|n| hit(*n)).count());
        }
    });
    begin.elapsed() / count as u32
}

fn one_key_many_threads(c: &mut Criterion) {
    let mut group = c.benchmark_group("limit_hot_key");
    group.throughput(Throughput::Elements(1));
    for count in [1, 2] {
        let limiter = limiter(Algorithm::Gcra, 1 << 30, 1 << 20);
        group.bench_function(BenchmarkId::new("gcra", count), |b| {
            b.iter_custom(|n| {
                threads(count, n, |at| limiter.hit(key(black_box(1)), 1, SECOND + at * 50).is_allowed())
            });
        });
        let denied = self::limiter(Algorithm::Gcra, 1, 1 << 20);
        group.bench_function(BenchmarkId::new("gcra_denied", count), |b| {
            b.iter_custom(|n| threads(count, n, |_| denied.hit(key(black_box(1)), 1, SECOND).is_allowed()));
        });
        let governor = governor();
        group.bench_function(BenchmarkId::new("governor", count), |b| {
            b.iter_custom(|n| threads(count, n, |_| governor.check_key(&black_box(1)).is_ok()));
        });
    }
    group.finish();
}

criterion_group!(benches, one_key, many_keys, one_key_many_threads);
criterion_main!(benches);
