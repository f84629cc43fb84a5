//! Forwarding allocates nothing: neither when it forwards nor when it drops.

#[path = "../../../tests/support/allocations.rs"]
mod allocations;

use outrigger_fanout::{PeerId, RouteKey, Router, RouterConfig};

#[test]
fn route_does_not_allocate() {
    let router = Router::new(RouterConfig::default());
    for peer in 1..=8 {
        router.attach(PeerId(peer), &format!("n{peer}@h"), "chat").unwrap();
    }
    let change = router.attach(PeerId(9), "n9@h", "chat").unwrap();
    let member = change.members[0].key;
    let unknown = RouteKey::new(RouteKey::END - 1).unwrap();
    // The first use of a sharded lock on a thread registers the thread.
    let _ = router.route(change.route, PeerId(9), |_| ());

    let before = allocations::made();
    let mut copies = 0;
    for _ in 0..1_000 {
        let _ = router.route(change.route, PeerId(9), |targets| copies += targets.iter().count());
        let _ = router.route(member, PeerId(9), |targets| copies += targets.iter().count());
        let _ = router.route(unknown, PeerId(9), |_| ());
        let _ = router.route(change.route, PeerId(77), |_| ());
        let _ = router.route_many(change.route, PeerId(9), 5, |_| 0);
    }
    let allocations = allocations::made() - before;
    assert_eq!((allocations, copies), (0, 9_000));
}
