//! Debezium's records behind a registry's frame, of whatever format their writer is.

use outrigger_events::debezium::{Absent, Memory, Options, Shape, Untyped, Writer, Writers, decode_framed};
use outrigger_events::frame::SchemaKey;
use outrigger_events::{Error, Limits, TreeSink};

use crate::meter::within;

/// What making a writer of a schema may take for each byte of its text, and beside that: a type that is used twice is counted twice, up to a
/// bound of its own.
const PER_BYTE: usize = 4 << 10;
const REPEATED: usize = 32 << 20;
/// What one document may have, whatever it is written out of.
const DOCUMENT: usize = 64 << 10;
/// A value is 32 bytes in a vector that may have grown to twice its length.
const PER_BYTE_OF_DOCUMENT: usize = 128;
const FIXED: usize = 256 << 10;

/// The byte that chooses options, a schema's text behind its length in two bytes, and data.
pub fn parts(input: &[u8]) -> Option<(u8, &str, &[u8])> {
    let ([choice, high, low], rest) = input.split_first_chunk::<3>()?;
    let (text, data) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
    Some((*choice, std::str::from_utf8(text).ok()?, data))
}

/// Makes a writer of a schema, within what its text warrants.
pub fn writer<T>(text: &str, make: impl FnOnce() -> T) -> T {
    within(FIXED + PER_BYTE * text.len() + REPEATED, make)
}

/// Decodes the data as a record's value and, by choice, its key: within what the document warrants, and the same once more.
pub fn decode_twice(choice: u8, writer: Writer, data: &[u8]) {
    let writers = Writers::default();
    writers.insert(SchemaKey::Id(1), writer);
    let framed = [&[0, 0, 0, 0, 1], data].concat();
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
}
