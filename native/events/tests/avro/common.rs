//! Short ways.

use outrigger_events::avro::{Plan, Schema};
use outrigger_events::{Error, Limits, TreeSink, Value};

#[track_caller]
pub(crate) fn schema(text: &str) -> Schema {
    Schema::parse(text, &[]).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

pub(crate) fn decode(plan: &Plan, bytes: &[u8]) -> Result<Value, Error> {
    let mut sink = TreeSink::default();
    plan.decode(bytes, &Limits::default(), &mut sink)?;
    Ok(sink.finish().expect("one whole value"))
}

/// Reads bytes of one schema as another.
pub(crate) fn read(writer: &str, reader: &str, bytes: &[u8]) -> Result<Value, Error> {
    decode(&Plan::new(&schema(writer), Some(&schema(reader)))?, bytes)
}

/// Reads bytes of a schema.
pub(crate) fn read_own(writer: &str, bytes: &[u8]) -> Result<Value, Error> {
    decode(&Plan::new(&schema(writer), None)?, bytes)
}

pub(crate) fn write(schema_text: &str, value: &Value) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    schema(schema_text).encode(value, &Limits::default(), &mut out).map(|()| out)
}

pub(crate) fn map(pairs: &[(&str, Value)]) -> Value {
    Value::Map(pairs.iter().map(|(key, value)| (Value::from(*key), value.clone())).collect())
}

/// A record named `R` of fields, each as JSON.
pub(crate) fn record(fields: &[&str]) -> String {
    format!(r#"{{"type": "record", "name": "R", "fields": [{}]}}"#, fields.join(", "))
}
