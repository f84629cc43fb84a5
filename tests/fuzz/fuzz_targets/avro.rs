//! Avro: the text of a writer's schema, of a reader's, and bytes of data.
//!
//! - Reading a schema and making a plan take no more memory than the texts warrant.
//! - The canonical form is a schema, and its own canonical form.
//! - Decoding to nothing allocates nothing unless it fails or meets a long decimal; a tree is what the bytes warrant.
//! - What the checker allows does not fail by the schemas. A schema is compatible with itself, and a plan of it can be made.
//! - What is decoded with the writer's schema alone is written as data that decodes to the same.
//!
//! The input is two texts, each behind its length in two bytes, and data.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_events::avro::{Plan, Schema};
use outrigger_events::compat::avro::check;
use outrigger_events::{Error, Limits, TreeSink, Value};
use outrigger_fuzz::meter::within;

/// A type is some hundred bytes in a table that may have grown to twice its length, and `""` is the text of a name.
const PER_BYTE: usize = 4 << 10;
const ERROR: usize = 64 << 10;

fn text<'a>(input: &mut &'a [u8]) -> Option<&'a str> {
    let (length, rest) = input.split_first_chunk::<2>()?;
    let (text, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    *input = rest;
    std::str::from_utf8(text).ok()
}

fn schema(text: &str) -> Option<Schema> {
    let schema = within(ERROR + PER_BYTE * text.len(), || Schema::parse(text, &[])).ok()?;
    let form = schema.canonical_form();
    let again = Schema::parse(&form, &[]).unwrap();
    assert_eq!(again.canonical_form(), form);
    assert_eq!(again.fingerprint(), schema.fingerprint());
    assert!(check(&again, &schema).is_empty() && check(&schema, &again).is_empty());
    Some(schema)
}

fn decode(plan: &Plan, data: &[u8]) -> Result<Value, Error> {
    // Elements of no bytes may be records with many defaults: few of them will do.
    let limits = Limits { depth: 64, items: 64, ..Limits::default() };
    let mut tree = TreeSink::default();
    plan.decode(data, &limits, &mut tree)?;
    Ok(tree.finish().unwrap())
}

fuzz_target!(|input: &[u8]| {
    let mut input = input;
    let (Some(writer), Some(reader)) = (text(&mut input), text(&mut input)) else { return };
    let Some(writer) = schema(writer) else { return };
    let own = Plan::new(&writer, None);
    if let Ok(own) = &own
        && let Ok(value) = decode(own, input)
    {
        let mut out = Vec::new();
        // A union of records takes the first of equal fields, and a text may be a symbol: then it is another branch.
        if writer.encode(&value, &Limits::default(), &mut out).is_ok() {
            let again = decode(own, &out).unwrap();
            let mut second = Vec::new();
            writer.encode(&again, &Limits::default(), &mut second).unwrap();
            assert_eq!(second, out);
        }
    }
    let Some(reader) = schema(reader) else { return };
    let allowed = check(&reader, &writer).is_empty();
    match Plan::new(&writer, Some(&reader)) {
        Ok(plan) => {
            let decoded = decode(&plan, input);
            assert!(!allowed || !matches!(decoded, Err(Error::Resolution { .. })), "{decoded:?}");
        }
        Err(error) => assert!(!allowed, "{error}"),
    }
});
