//! Debezium's records behind a registry's frame: a schema that Kafka Connect may have written, and bytes of data.
//!
//! - Making a writer of a schema takes no more memory than its text warrants.
//! - Decoding takes no more than the data warrants, and the document that it stands for, which has a bound of its own.
//! - What is decoded once is decoded again.
//!
//! The first byte chooses the options; a schema's text follows, behind its length in two bytes; the rest is a datum, of value and key
//! alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_events::avro::Schema;
use outrigger_events::debezium::Writer;
use outrigger_fuzz::framed;

fuzz_target!(|input: &[u8]| {
    let Some((choice, text, datum)) = framed::parts(input) else { return };
    let Ok(schema) = Schema::parse(text, &[]) else { return };
    let Ok(writer) = framed::writer(text, || Writer::avro(&schema)) else { return };
    framed::decode_twice(choice, writer, datum);
});
