//! Debezium's records behind a registry's frame: a file that Kafka Connect may have written, and bytes of a message.
//!
//! - Making a writer of a file takes no more memory than its text warrants.
//! - Decoding takes no more than the data warrants, and the document that it stands for, which has a bound of its own.
//! - What is decoded once is decoded again.
//!
//! The first byte chooses the options; a file's text follows, behind its length in two bytes; the rest is the place of a message in it and
//! that message, of value and key alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_events::debezium::{Absent, Memory, Options, Shape, Untyped, Writer, Writers, decode_framed};
use outrigger_events::frame::SchemaKey;
use outrigger_events::protobuf::Schema;
use outrigger_events::{Error, Limits, TreeSink};
use outrigger_fuzz::meter::within;

const PER_BYTE: usize = 4 << 10;
/// What one document may have, whatever it is written out of.
const DOCUMENT: usize = 64 << 10;
/// A value is 32 bytes in a vector that may have grown to twice its length.
const PER_BYTE_OF_DOCUMENT: usize = 128;
const FIXED: usize = 256 << 10;

fuzz_target!(|input: &[u8]| {
    let Some(([choice, high, low], rest)) = input.split_first_chunk::<3>() else { return };
    let Some((text, message)) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low]))) else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else { return };
    // A file goes wrong in ways of its own, which `proto_file` tries.
    let Ok(schema) = Schema::parse(text) else { return };
    // A type that is used twice is counted twice, up to a bound of its own.
    let writer = within(FIXED + PER_BYTE * text.len() + (32 << 20), || Writer::protobuf(&schema));
    let writers = Writers::default();
    writers.insert(SchemaKey::Id(1), writer);
    let framed = [&[0, 0, 0, 0, 1], message].concat();
    let shape =
        [Shape::Auto, Shape::Envelope, Shape::Row, Shape::Outbox, Shape::CloudEvent][usize::from(choice % 5)];
    let limits = Limits { bytes: DOCUMENT, items: 256, ..Limits::default() };
    let absent = if choice & 32 != 0 { Absent::Null } else { Absent::Zero };
    let expand = choice & 64 != 0;
    let options = Options { shape, limits, untyped: Untyped::AsIs, absent, expand, ..Options::default() };
    let key = (choice & 128 != 0).then_some(framed.as_slice());
    let mut memory = Memory::default();
    let mut decode = || {
        let mut tree = TreeSink::default();
        let told = within(FIXED + PER_BYTE_OF_DOCUMENT * DOCUMENT, || {
            decode_framed(Some(&writers), Some(&framed), key, &options, &mut memory, &mut tree)
        });
        told.map(|record| (record, format!("{:?}", tree.finish())))
    };
    let first = decode();
    assert_eq!(first, decode());
    match first {
        Ok((_, tree)) => assert_ne!(tree, "None"),
        Err(Error::Malformed { at, .. }) => assert!(at <= framed.len()),
        Err(_) => {}
    }
});
