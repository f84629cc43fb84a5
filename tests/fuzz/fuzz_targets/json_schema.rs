//! Two JSON Schemas, and whether one reads the other.
//!
//! - Reading a schema takes no more memory than its bytes warrant.
//! - A schema that can be read, reads itself.
//! - What is found is compatible in the lenient policy if it is in the strict one.
//!
//! The first two bytes are the length of the first schema.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_events::compat::json_schema::{Policy, Schema, check};
use outrigger_fuzz::meter::within;

/// An empty schema in a list is three bytes, and a node of about 1 KB in a list that may have grown to twice its length.
const BYTES_PER_BYTE: usize = 2_048;
/// What an error says, and the tables of a document.
const FIXED: usize = 256 << 10;

fuzz_target!(|input: &[u8]| {
    let Some((length, rest)) = input.split_first_chunk::<2>() else { return };
    let (first, second) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
    let read = |text: &[u8]| within(FIXED + BYTES_PER_BYTE * text.len(), || Schema::parse(text)).ok();
    let (Some(old), Some(new)) = (read(first), read(second)) else { return };
    assert!(check(&old, &old, Policy::Strict).is_empty());
    for (reader, writer) in [(&new, &old), (&old, &new)] {
        if check(reader, writer, Policy::Strict).is_empty() {
            assert!(check(reader, writer, Policy::Lenient).is_empty());
        }
    }
});
