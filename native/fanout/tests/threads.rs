//! Forwarding on several threads while lists change.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;

use outrigger_fanout::{PeerId, RouteKey, Router, RouterConfig};

const SENDER: PeerId = PeerId(0);

/// The promise a list rests on: when the call that removed a member has returned, nobody forwards to it any more.
#[test]
fn no_copy_after_the_change() {
    let router = Router::new(RouterConfig::default());
    let first = router.attach(SENDER, "sender@h", "chat").unwrap();
    let route = AtomicU64::new(first.route.number());
    // Links are numbered upwards, and all below this one are down.
    let down_below = AtomicU64::new(0);
    let done = AtomicBool::new(false);
    let forwarded = AtomicU64::new(0);

    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(SeqCst) {
                    let key = RouteKey::new(route.load(SeqCst)).unwrap();
                    let gone = down_below.load(SeqCst);
                    let _ = router.route(key, SENDER, |targets| {
                        for peer in targets.iter() {
                            assert!(peer.0 >= gone, "{peer:?} is down and got a copy");
                            forwarded.fetch_add(1, SeqCst);
                        }
                    });
                }
            });
        }
        let mut peer = 1;
        // A bound for the case that a forwarding thread has failed.
        while peer < 2_000 || (forwarded.load(SeqCst) < 1_000 && peer < 1_000_000) {
            let change = router.attach(PeerId(peer), &format!("n{}@h", peer % 3), "chat").unwrap();
            // Seldom, so that the route in use is mostly an old one, which names links that are gone.
            if peer % 8 == 0 {
                route.store(change.route.number(), SeqCst);
            }
            // Some links are lost, the others are replaced when their node comes round again.
            if peer % 2 == 0 {
                router.peer_down(PeerId(peer));
            }
            down_below.store(peer.saturating_sub(2), SeqCst);
            peer += 1;
        }
        done.store(true, SeqCst);
    });
    assert!(router.counters().copies >= 1_000);
}

/// Changes wait for each other for as long as one is being announced, and forwarding does not.
#[test]
fn announcing_keeps_the_order_of_versions() {
    let router = Router::new(RouterConfig::default());
    let mut announced = Vec::new();
    let log = parking_lot::Mutex::new(&mut announced);
    thread::scope(|scope| {
        for peer in 1..=4 {
            let (router, log) = (&router, &log);
            scope.spawn(move || {
                for _ in 0..200 {
                    let mut changes = router.changes();
                    let change = changes.attach(PeerId(peer), &format!("n{peer}@h"), "chat").unwrap();
                    let copies = router.route(change.route, PeerId(peer), |targets| targets.iter().count());
                    assert_eq!(copies, Ok(change.members.len() - 1));
                    log.lock().push(change.version);
                }
            });
        }
    });
    assert_eq!(announced, (1..=800).collect::<Vec<_>>());
}
