//! What the tests share: frames of a server, and the parts of what they are told as.

use outrigger_events::pgoutput::{Decoder, Options};
use outrigger_events::{Error, Integer, Name, TreeSink, Value};

use crate::server::Server;
use crate::tagged::find;

/// The frames that a slot has, which stay there. `options` are those of the plug-in, as pairs in quotes.
pub(crate) fn peek(server: &Server, slot: &str, setup: &str, options: &str) -> Vec<Vec<u8>> {
    let sql = format!(
        "{setup}; select encode(data, 'hex') from pg_logical_slot_peek_binary_changes('{slot}', null, null, \
         'publication_names', 'everything', {options})"
    );
    server.query(&sql).iter().map(|line| bytes(line)).collect()
}

pub(crate) fn slot(server: &Server, name: &str, two_phase: bool) {
    server.query(&format!(
        "select pg_create_logical_replication_slot('{name}', 'pgoutput', false, {two_phase})"
    ));
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let byte = |place| u8::from_str_radix(&hex[place..place + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// One frame.
pub(crate) fn decode(decoder: &mut Decoder, frame: &[u8]) -> Result<Vec<Value>, Error> {
    let mut sink = TreeSink::default();
    let told = decoder.decode(frame, &mut sink)?;
    let Some(Value::List(records)) = sink.finish() else { panic!("a list") };
    assert_eq!(records.len(), told.records);
    Ok(records)
}

/// All records of frames.
pub(crate) fn records(options: Options, frames: &[Vec<u8>]) -> Vec<Value> {
    let mut decoder = Decoder::new(options);
    let mut records = Vec::new();
    for frame in frames {
        records.extend(decode(&mut decoder, frame).unwrap_or_else(|error| panic!("{error}: {frame:02x?}")));
    }
    records
}

/// What stands at a path of field names and columns: `after.id`.
pub(crate) fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(value, |value, step| {
        find(value, step).unwrap_or_else(|| panic!("nothing at {step} of {path} in {value:?}"))
    })
}

pub(crate) fn is(value: &Value, path: &str, name: &str) -> bool {
    matches!(at(value, path), Value::Name(found) if found.text() == name)
}

pub(crate) fn number(value: &Value, path: &str) -> i64 {
    match at(value, path) {
        Value::Integer(Integer::Small(number)) => *number,
        other => panic!("{path} is {other:?}"),
    }
}

pub(crate) fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    match at(value, path) {
        Value::Text(text) => text,
        other => panic!("{path} is {other:?}"),
    }
}

pub(crate) fn is_change(value: &Value) -> bool {
    at(value, "__struct__") == &Value::Name(Name::Change)
}

/// A row as text: `id=1 note="x"`.
pub(crate) fn row(value: &Value) -> String {
    let Value::Map(pairs) = value else { return format!("{value:?}") };
    let pairs = pairs.iter().map(|(key, value)| {
        let Value::Text(key) = key else { panic!("a column") };
        let value = match value {
            Value::Integer(number) => number.to_string(),
            Value::Text(text) => format!("{text:?}"),
            Value::Null => "null".to_owned(),
            Value::Name(name) => format!(":{}", name.text()),
            other => format!("{other:?}"),
        };
        format!("{key}={value}")
    });
    pairs.collect::<Vec<_>>().join(" ")
}
