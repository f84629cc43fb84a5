//! Counts what a piece of code allocates, so that a target can say "nothing" or "no more than the input warrants".
//!
//! The sanitizer's limits catch one huge allocation; this catches many small ones, and the first one where there should
//! be none. The targets run on one thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static CALLS: AtomicUsize = AtomicUsize::new(0);
static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Meter;

#[global_allocator]
static METER: Meter = Meter;

fn grown(bytes: usize) {
    CALLS.fetch_add(1, Relaxed);
    PEAK.fetch_max(HELD.fetch_add(bytes, Relaxed).wrapping_add(bytes), Relaxed);
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Meter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: `block` came from `System` above.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grown(size);
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(block, layout, size) }
    }
}

/// What a piece of code took.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Calls of the allocator.
    pub calls: usize,
    /// The most bytes held at once, above what was held before.
    pub peak: usize,
}

/// Runs `work` and says what it took.
pub fn measure<T>(work: impl FnOnce() -> T) -> (T, Usage) {
    let (calls, held) = (CALLS.load(Relaxed), HELD.load(Relaxed));
    PEAK.store(held, Relaxed);
    let value = work();
    let peak = PEAK.load(Relaxed).saturating_sub(held);
    (value, Usage { calls: CALLS.load(Relaxed) - calls, peak })
}

/// Runs `work`, which must not allocate.
#[track_caller]
pub fn without_allocating<T>(work: impl FnOnce() -> T) -> T {
    let (value, usage) = measure(work);
    assert_eq!(usage.calls, 0, "this must not allocate");
    value
}

/// Runs `work`, which may hold at most so many bytes at once.
#[track_caller]
pub fn within<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let (value, usage) = measure(work);
    assert!(usage.peak <= bytes, "held {} bytes at once, {bytes} were expected at most", usage.peak);
    value
}
