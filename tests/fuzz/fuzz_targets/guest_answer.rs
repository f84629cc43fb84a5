//! What the guest on a node that is watched answers, if that node is hostile.
//!
//! - Nothing that it says ends the watch, and what is kept of one answer is bounded by its bytes, beside a fixed amount for what it is
//!   compared with.
//! - What was recorded is a window that is written and read again as the same.
//!
//! The input is a row of answers, each behind a byte that says which part of an answer it is and its length in two bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_fuzz::meter::within;
use outrigger_probe::Fed;
use outrigger_watch::Window;
use outrigger_watch::window::Limits;

/// A figure with its labels in two maps, for the two bytes that an element of a list takes at least; what was kept before is copied.
const PER_BYTE: usize = 4096;
const FIXED: usize = 16 << 20;

fuzz_target!(|input: &[u8]| {
    let mut fed = Fed::default();
    let mut rest = input;
    while let Some(([which, high, low], behind)) = rest.split_first_chunk::<3>() {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(behind.len());
        let (bytes, next) = behind.split_at(length);
        rest = next;
        let _ = within(PER_BYTE * input.len() + FIXED, || fed.take(*which, bytes));
    }
    for window in fed.windows() {
        let json = window.to_json();
        if let Ok(again) = Window::from_json(json.as_bytes(), &Limits::default()) {
            assert_eq!(again.to_json(), json);
        }
    }
});
