//! The hot path does not allocate: parsing the messages of a broadcast, and writing their frames into a
//! vector that is large enough.

#![allow(clippy::expect_used, reason = "helpers of tests panic like tests")]

#[path = "../../../tests/support/allocations.rs"]
mod allocations;

use std::hint::black_box;

use outrigger_proto::control::encode;
use outrigger_proto::frame::{self, Framing};
use outrigger_proto::message;
use outrigger_term::{Atom, Pid};

#[test]
fn parsing_and_building_messages_allocates_nothing() {
    let pid = |id| Pid { node: Atom::Utf8("a_long_enough_name@10.20.30.40"), id, serial: 1, creation: 9 };
    let (from, to) = (pid(1), pid(2));
    let payload = [109, 0, 0, 0, 2, 1, 2];
    let mut out = Vec::with_capacity(1024);
    let mut ends = Vec::with_capacity(3);

    let built = allocations::count(|| {
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

    let parsed = allocations::count(|| {
        let mut start = 0;
        for &end in &ends {
            let message = message::split(&out[start + 4..end], Framing::Header).expect("what was written");
            message.check_payload().expect("a binary");
            black_box(&message);
            start = end;
        }
    });
    assert_eq!(parsed, 0);
    assert!(allocations::count(|| drop(black_box(Box::new(1)))) > 0, "the counter counts");
}
