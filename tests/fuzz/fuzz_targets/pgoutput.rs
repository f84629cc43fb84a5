//! Frames of PostgreSQL's logical replication, one after the other.
//!
//! - Decoding takes no more memory than its bytes and the tables before warrant.
//! - A decoder is a value: a clone of it says the same, and what a frame says does not depend on what its clones have read.
//!
//! The first byte chooses options and the version. Each frame is a length in two bytes, and what it says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_events::json::Floats;
use outrigger_events::pgoutput::{Decoder, Json, Options, Type};
use outrigger_events::{Error, TreeSink};
use outrigger_fuzz::meter::within;

/// A value is 32 bytes in a vector that may have grown to twice its length, and its name stands beside it; names come from the
/// frames before. A table of a truncate is four bytes, and a change.
const BYTES_PER_BYTE: usize = 2_048;
const FIXED: usize = 512 << 10;

fuzz_target!(|input: &[u8]| {
    let Some((choice, mut rest)) = input.split_first() else { return };
    let mut options = Options { version: 1 + (choice & 3), ..Options::default() };
    if choice & 4 != 0 {
        options.json = Json::Decoded(if choice & 8 != 0 { Floats::Decimals } else { Floats::Binary });
    }
    options.types.extend(Type::of_name("_numeric").map(|kind| ("s.n".into(), kind)));
    let mut decoder = Decoder::new(options.key("s.t", &["k"]));
    let mut read = 0;
    while let Some(([high, low], after)) = rest.split_first_chunk::<2>() {
        let (frame, after) = after.split_at(usize::from(u16::from_be_bytes([*high, *low])).min(after.len()));
        rest = after;
        read += frame.len();
        let before = decoder.clone();
        let mut tree = TreeSink::default();
        let told = within(FIXED + BYTES_PER_BYTE * read, || decoder.decode(frame, &mut tree));
        let tree = tree.finish();
        let mut again = TreeSink::default();
        assert_eq!(before.clone().decode(frame, &mut again), told);
        match told {
            Ok(_) => {
                assert_eq!(format!("{tree:?}"), format!("{:?}", again.finish()));
                assert!(tree.is_some());
            }
            Err(Error::Malformed { at, .. }) => assert!(at <= frame.len()),
            Err(_) => {}
        }
    }
});
