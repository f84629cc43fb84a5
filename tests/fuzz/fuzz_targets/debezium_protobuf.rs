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
use outrigger_events::debezium::Writer;
use outrigger_events::protobuf::Schema;
use outrigger_fuzz::framed;

fuzz_target!(|input: &[u8]| {
    let Some((choice, text, message)) = framed::parts(input) else { return };
    // A file goes wrong in ways of its own, which `proto_file` tries.
    let Ok(schema) = Schema::parse(text) else { return };
    framed::decode_twice(choice, framed::writer(text, || Writer::protobuf(&schema)), message);
});
