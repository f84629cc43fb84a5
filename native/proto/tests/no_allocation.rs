//! The hot path does not allocate: parsing the messages of a broadcast, and writing their frames into a
//! vector that is large enough.

#![allow(clippy::expect_used, reason = "helpers of tests panic like tests")]
#![allow(unsafe_code, reason = "a counting allocator cannot be written without it")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use outrigger_proto::control::encode;
use outrigger_proto::frame::{self, Framing};
use outrigger_proto::message;
use outrigger_term::{Atom, Pid};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: `block` came from `System.alloc` above.
        unsafe { System.dealloc(block, layout) }
    }
}

fn allocations(run: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    run();
    ALLOCATIONS.get() - before
}

#[test]
fn parsing_and_building_messages_allocates_nothing() {
    let pid = |id| Pid { node: Atom::Utf8("a_long_enough_name@10.20.30.40"), id, serial: 1, creation: 9 };
    let (from, to) = (pid(1), pid(2));
    let payload = [109, 0, 0, 0, 2, 1, 2];
    let mut out = Vec::with_capacity(1024);
    let mut ends = Vec::with_capacity(3);

    let built = allocations(|| {
        frame::append(&mut out, Framing::Header, Some(&payload), |w| encode::send(w, &to))
            .expect("encodable");
        ends.push(out.len());
        frame::append(&mut out, Framing::Header, Some(&payload), |w| encode::send_sender(w, &from, &to))
            .expect("encodable");
        ends.push(out.len());
        frame::append(&mut out, Framing::Header, Some(&payload), |w| encode::reg_send(w, &from, "sink"))
            .expect("encodable");
        ends.push(out.len());
    });
    assert_eq!(built, 0);

    let parsed = allocations(|| {
        let mut start = 0;
        for &end in &ends {
            let message = message::split(&out[start + 4..end], Framing::Header).expect("what was written");
            message.check_payload().expect("a binary");
            black_box(&message);
            start = end;
        }
    });
    assert_eq!(parsed, 0);
    assert!(allocations(|| drop(black_box(Box::new(1)))) > 0, "the counter counts");
}
