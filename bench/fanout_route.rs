//! What one message costs in the router engine: `cargo bench -p outrigger-testkit --bench fanout_route`.
//!
//! No socket and no encoding: the closure only adds the links up. `clone_set` is the naive rival, the set of links
//! behind a plain `RwLock`, copied out for each message.
#![allow(clippy::expect_used, missing_docs)] // criterion's macros document nothing.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::RwLock;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use outrigger_fanout::{PeerId, RouteKey, Router, RouterConfig};

/// A router with one group of so many members, and the route of its newest version.
fn router(members: u64) -> (Router, RouteKey) {
    let router = Router::new(RouterConfig::default());
    let attach =
        |peer| router.attach(PeerId(peer), &format!("n{peer}@host"), "chat").expect("within limits").route;
    let route = (1..=members).map(attach).last().expect("at least one member");
    (router, route)
}

fn route(c: &mut Criterion) {
    let mut group = c.benchmark_group("fanout_route");
    group.throughput(Throughput::Elements(1));
    for members in [2, 4, 8, 32, 128] {
        let (router, key) = router(members);
        group.bench_function(BenchmarkId::new("router", members), |b| {
            b.iter(|| {
                router.route(black_box(key), PeerId(1), |to| to.iter().map(|peer| peer.0).sum::<u64>())
            });
        });
        let sets: RwLock<HashMap<u64, Vec<u64>>> =
            RwLock::new(HashMap::from([(key.number(), (1..=members).collect())]));
        group.bench_function(BenchmarkId::new("clone_set", members), |b| {
            b.iter(|| {
                let to = sets
                    .read()
                    .expect("no writer")
                    .get(&black_box(key.number()))
                    .cloned()
                    .unwrap_or_default();
                to.iter().filter(|peer| **peer != 1).sum::<u64>()
            });
        });
    }
    group.finish();
}

fn change(c: &mut Criterion) {
    let mut group = c.benchmark_group("fanout_change");
    for members in [8, 128] {
        let (router, _) = router(members);
        group.bench_function(BenchmarkId::new("attach_again", members), |b| {
            b.iter(|| router.attach(PeerId(1), "n1@host", "chat"));
        });
    }
    group.finish();
}

criterion_group!(benches, route, change);
criterion_main!(benches);
