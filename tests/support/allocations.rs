//! An allocator that counts, for tests and benches that say how much is allocated. `mod` it once in a binary: it takes the
//! place of the system's.
#![allow(unsafe_code, reason = "a counting allocator cannot be written without it")]
#![allow(dead_code, unreachable_pub, reason = "shared by tests and benches, which want one or the other")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static MADE: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends has no counter any more.
        let _ = MADE.try_with(|made| made.set(made.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: `block` came from `System.alloc` above.
        unsafe { System.dealloc(block, layout) }
    }
}

/// How many allocations this thread has made.
pub fn made() -> usize {
    MADE.get()
}

/// How many it makes in `run`.
pub fn count(run: impl FnOnce()) -> usize {
    let before = made();
    run();
    made() - before
}
