//! Two Protobuf files, as text or as descriptor sets, and whether one reads the other.
//!
//! - A file that can be read, reads itself, and without any difference.
//! - What it comes to is the same when it is read from the descriptor set that it was made into.
//!
//! The first two bytes are the length of the first file; without a first file the rest is a descriptor set.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_events::compat::protobuf::{Schema, check, differences};

fuzz_target!(|input: &[u8]| {
    let Some((length, rest)) = input.split_first_chunk::<2>() else { return };
    let (first, second) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
    if first.is_empty() {
        if let Ok(schema) = Schema::of_descriptor_set(second, None) {
            assert!(differences(&schema, &schema).is_empty());
        }
        return;
    }
    let read = |text: &[u8]| Schema::parse(std::str::from_utf8(text).ok()?).ok();
    let (Some(old), Some(new)) = (read(first), read(second)) else { return };
    assert!(differences(&old, &old).is_empty());
    let set = old.file().parent_pool().encode_to_vec();
    let again = Schema::of_descriptor_set(&set, Some("schema.proto")).expect("it was one");
    assert_eq!(check(&new, &old), check(&new, &again));
});
