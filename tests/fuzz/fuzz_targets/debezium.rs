//! Debezium's records: keys and values, with schemas and without, in every shape.
//!
//! - Decoding takes no more memory than its bytes warrant: a tree of what is in them, and the plan of a schema.
//! - What a document says does not depend on the documents before it: schemas that are kept say what they said.
//!
//! The first byte chooses options, the next two where the key ends; the rest is key and value.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use outrigger_events::debezium::{self, Encoding, Meaning, Memory, Options, Shape, Untyped};
use outrigger_events::{Error, TreeSink};
use outrigger_fuzz::meter::within;

/// A value is 32 bytes in a vector that may have grown to twice its length; a row is noted beside it. What an error says is
/// bounded by itself.
const BYTES_PER_BYTE: usize = 512;
const FIXED: usize = 256 << 10;

thread_local! {
    static KEPT: RefCell<Memory> = RefCell::default();
}

fuzz_target!(|input: &[u8]| {
    let Some(([choice, high, low], rest)) = input.split_first_chunk::<3>() else {
        return;
    };
    let end = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
    let (key, value) = rest.split_at(end);
    let key = (choice & 16 != 0).then_some(key);
    let options = Options {
        shape: match choice & 3 {
            0 => Shape::Auto,
            1 => Shape::Envelope,
            2 => Shape::Row,
            _ => Shape::Outbox,
        },
        untyped: if choice & 4 == 0 { Untyped::AsIs } else { Untyped::Refuse },
        binary: (choice & 8 != 0).then_some(Encoding::Hex),
        expand: choice & 32 != 0,
        ..Options::default()
    };
    let options = options.column("*", "d", Meaning::Decimal(2)).column("t", "s", Meaning::IsoInstant);
    let decode = |memory: &mut Memory| {
        let mut tree = TreeSink::default();
        let told = within(FIXED + BYTES_PER_BYTE * rest.len(), || {
            debezium::decode(Some(value), key, &options, memory, &mut tree)
        });
        told.map(|record| (record, format!("{:?}", tree.finish())))
    };
    let fresh = decode(&mut Memory::default());
    let kept = KEPT.with_borrow_mut(|memory| decode(memory));
    assert_eq!(fresh, kept);
    match fresh {
        Ok((_, tree)) => assert_ne!(tree, "None"),
        Err(Error::Malformed { at, .. }) => assert!(at <= value.len().max(end)),
        Err(_) => {}
    }
});
