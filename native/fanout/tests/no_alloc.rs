//! Forwarding allocates nothing: neither when it forwards nor when it drops.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use outrigger_fanout::{PeerId, RouteKey, Router, RouterConfig};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are those of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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

    let before = ALLOCATIONS.get();
    let mut copies = 0;
    for _ in 0..1_000 {
        let _ = router.route(change.route, PeerId(9), |targets| copies += targets.iter().count());
        let _ = router.route(member, PeerId(9), |targets| copies += targets.iter().count());
        let _ = router.route(unknown, PeerId(9), |_| ());
        let _ = router.route(change.route, PeerId(77), |_| ());
        let _ = router.route_many(change.route, PeerId(9), 5, |_| ());
    }
    let allocations = ALLOCATIONS.get() - before;
    assert_eq!((allocations, copies), (0, 9_000));
}
