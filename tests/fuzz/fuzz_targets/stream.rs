//! Streams: a text, and events of it.
//!
//! - Whatever text is compiled, and whatever event comes: no panic, at most one message a view or one letter, and a message that a reader of terms reads
//!   to its end.
//! - The messages of an event take no more memory than its bytes and the number of views warrant.
//!
//! The first two bytes say where the text ends; nothing for a text takes one that is good.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_events::stream::{Event, Schemas, Stream, Work};
use outrigger_fuzz::meter::within;
use outrigger_term::Reader;

/// The tree of an event, as in `debezium`, and its messages; a field may take a part of the event once more each.
const BYTES_PER_BYTE: usize = 4_096;
const FIXED: usize = 1 << 20;

const GOOD: &[u8] = br#"{"name": "S", "format": "debezium", "dead_letter": "d", "debezium": {"as_is": true}, "views": [
    {"name": "a", "topic": ["t:", {"path": "table"}], "where": [["op", "not_in", ["x"]], ["after.id", ">", -5]]},
    {"name": "b", "topic": ["b"], "fields": [["i", "after.id"], ["k", "key"], ["r", "before"], ["s", "source.db"]]}]}"#;

fuzz_target!(|input: &[u8]| {
    let Some(([high, low], rest)) = input.split_first_chunk::<2>() else {
        return;
    };
    let end = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
    let (text, event) = rest.split_at(end);
    let text = if text.is_empty() { GOOD } else { text };
    let Ok(stream) = Stream::parse(text) else { return };
    let (key, value) = event.split_at(event.iter().position(|byte| *byte == 0).unwrap_or(0));
    let event = Event { key: (!key.is_empty()).then_some(key), value: (!value.is_empty()).then_some(value) };
    let mut told = 0;
    let decoded = within(FIXED + BYTES_PER_BYTE * rest.len(), || {
        stream.take(&event, &Schemas::default(), &mut Work::default(), |topic, message| {
            told += 1;
            assert!(topic.len() <= 64 << 10);
            let mut reader = Reader::new(message);
            reader.skip().unwrap();
            reader.expect_end().unwrap();
        })
    });
    assert!(if decoded { told <= 64 } else { told == 1 });
});
