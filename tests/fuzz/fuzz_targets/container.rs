//! Avro's container files, and what a registry puts before a message.
//!
//! - A header and a block take no more memory than their bytes and the limit warrant, however much they inflate to.
//! - What is read of the front of a file does not depend on what follows it; less than that is "more bytes are wanted".
//! - Frames and indexes that are read are written as the same, but for a first message that is spelled out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_events::avro::container::Reader;
use outrigger_events::avro::{Plan, single_object};
use outrigger_events::frame::{Framed, Indexes};
use outrigger_events::{Limits, TreeSink};
use outrigger_fuzz::meter::within;

/// Of a block, and of what it inflates to.
const BYTES: usize = 64 << 10;
/// A vector grows to twice its length, and the inflater has its tables.
const MOST: usize = 4 * BYTES + (256 << 10);

fuzz_target!(|input: &[u8]| {
    frames(input);
    let limits = Limits { bytes: BYTES, depth: 32, items: 64, ..Limits::default() };
    // An entry of the metadata is two bytes at least, and two vectors.
    let opened = within(MOST + 128 * input.len(), || Reader::open(input, &limits));
    let Ok(Some((reader, mut at))) = opened else { return };
    assert!(matches!(Reader::open(&input[..at], &limits), Ok(Some((_, end))) if end == at));
    assert!(matches!(Reader::open(&input[..at - 1], &limits), Ok(None)));
    let Ok(plan) = reader.schema().and_then(|schema| Plan::new(&schema, None)) else { return };
    while let Ok(Some((mut block, length))) = within(MOST, || reader.block(&input[at..], &limits)) {
        assert!(matches!(reader.block(&input[at..at + length - 1], &limits), Ok(None)));
        at += length;
        let (mut left, mut tree) = (block.left(), TreeSink::default());
        while let Ok(true) = block.next(&plan, &limits, &mut tree) {
            left -= 1;
            assert_eq!(block.left(), left);
            assert!(std::mem::take(&mut tree).finish().is_some());
        }
    }
});

fn frames(input: &[u8]) {
    if let Ok(framed) = Framed::read(input) {
        let mut out = Vec::new();
        framed.schema.write(&mut out);
        out.extend_from_slice(framed.body);
        assert_eq!(out, input);
    }
    if let Ok((indexes, length)) = Indexes::read(input) {
        let mut out = Vec::new();
        indexes.write(&mut out);
        let again = Indexes::read(&out).unwrap();
        assert_eq!(again, (indexes, out.len()));
        assert!(out.len() <= length);
    }
    if let Ok((fingerprint, datum)) = single_object::split(input) {
        let mut out = Vec::new();
        single_object::begin(fingerprint, &mut out);
        out.extend_from_slice(datum);
        assert_eq!(out, input);
    }
}
