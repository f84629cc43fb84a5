//! What comes with a stream's events: texts of schemas, and events behind their frames.
//!
//! - Whatever text is compiled, it takes no more memory than its bytes warrant.
//! - Whatever event comes: no panic, one message or one letter, which a reader of terms reads to its end, and the same once more.
//!
//! The first byte chooses the format; a schema's text follows, behind its length in two bytes; nothing takes one that is good. The rest is
//! an event's value, behind the schema's frame if that is a good one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_events::stream::{Event, Known, Schema, Work};
use outrigger_fuzz::meter::within;
use outrigger_term::Reader;

const PER_BYTE: usize = 4 << 10;
/// Types that are used twice are counted twice, and elements of no bytes are told, up to bounds of their own.
const FIXED: usize = 64 << 20;

const STREAMS: [&[u8]; 3] = [
    br#"{"name": "S", "format": "avro", "dead_letter": "d", "views": [{"name": "v", "topic": ["t"]}]}"#,
    br#"{"name": "S", "format": "protobuf", "dead_letter": "d", "views": [{"name": "v", "topic": ["t"]}]}"#,
    br#"{"name": "S", "format": "debezium", "framed": true, "dead_letter": "d", "views": [{"name": "v", "topic": ["t"]}]}"#,
];
const GOOD: [&[u8]; 3] = [
    b"\0\0\0\0\x07{\"for\": \"avro\", \"type\": \"avro\", \"text\": \"{\\\"type\\\": \\\"array\\\", \\\"items\\\": [\\\"null\\\", \\\"string\\\", \\\"double\\\"]}\"}",
    b"\0\0\0\0\x07{\"for\": \"protobuf\", \"type\": \"protobuf\", \"message\": [0], \"ways\": [true, true, true], \"text\": \"message M { map<int32, M> m = 1; repeated float f = 2; optional string s = 3; }\"}",
    b"\0\0\0\0\x07{\"for\": \"debezium\", \"type\": \"avro\", \"text\": \"{\\\"type\\\": \\\"record\\\", \\\"name\\\": \\\"R\\\", \\\"fields\\\": [{\\\"name\\\": \\\"id\\\", \\\"type\\\": \\\"long\\\"}]}\"}",
];

fuzz_target!(|input: &[u8]| {
    let Some(([choice, high, low], rest)) = input.split_first_chunk::<3>() else { return };
    let Some((text, event)) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low]))) else {
        return;
    };
    let place = usize::from(choice % 3);
    let mut value = Vec::new();
    let text = if text.is_empty() {
        value.extend([0, 0, 0, 0, 7]);
        GOOD[place]
    } else {
        text
    };
    value.extend(event);
    if within(FIXED + PER_BYTE * text.len(), || Schema::parse(text)).is_err() {
        return;
    }
    let (stream, schemas) = Known::default().open(&[STREAMS[place], text]).unwrap();
    let event = Event { key: None, value: Some(&value) };
    let mut told = [Vec::new(), Vec::new()];
    let decoded = told.each_mut().map(|told| {
        within(FIXED + PER_BYTE * input.len(), || {
            stream.take(&event, &schemas, &mut Work::default(), |topic, message| {
                assert!(told.is_empty() && matches!(topic, b"t" | b"d"));
                let mut reader = Reader::new(message);
                reader.skip().unwrap();
                reader.expect_end().unwrap();
                told.extend_from_slice(message);
            })
        })
    });
    assert!(decoded[0] == decoded[1] && told[0] == told[1] && !told[0].is_empty());
});
