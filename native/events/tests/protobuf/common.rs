//! Short ways.

use outrigger_events::protobuf::{Options, Plan, Schema};
use outrigger_events::{Error, Limits, TreeSink, Value};

/// Fields that are not there are not told.
pub(crate) const SET: Options = Options { defaults: false, unknown: false, well_known: true };

/// A plan of the message `M`.
#[track_caller]
pub(crate) fn plan(text: &str, options: Options) -> Plan {
    let schema = Schema::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    Plan::named(&schema, "M", options).unwrap()
}

pub(crate) fn decode(plan: &Plan, bytes: &[u8]) -> Result<Value, Error> {
    decode_within(plan, bytes, &Limits::default())
}

pub(crate) fn decode_within(plan: &Plan, bytes: &[u8], limits: &Limits) -> Result<Value, Error> {
    let mut sink = TreeSink::default();
    plan.decode(bytes, limits, &mut sink)?;
    Ok(sink.finish().expect("one whole value"))
}

pub(crate) fn encode(plan: &Plan, value: &Value) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    plan.encode(value, &Limits::default(), &mut out).map(|()| out)
}

/// Reads bytes of a message `M` of `proto3` fields, and tells what is set.
pub(crate) fn read(fields: &str, bytes: &[u8]) -> Result<Value, Error> {
    decode(&plan(&format!("syntax = \"proto3\"; message M {{ {fields} }}"), SET), bytes)
}

/// The same of `proto2`.
pub(crate) fn read2(fields: &str, bytes: &[u8]) -> Result<Value, Error> {
    decode(&plan(&format!("syntax = \"proto2\"; message M {{ {fields} }}"), SET), bytes)
}

pub(crate) fn map(pairs: &[(&str, Value)]) -> Value {
    Value::Map(pairs.iter().map(|(key, value)| (Value::from(*key), value.clone())).collect())
}

pub(crate) fn list(items: &[i64]) -> Value {
    Value::List(items.iter().map(|item| Value::from(*item)).collect())
}
