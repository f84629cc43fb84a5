//! The golden corpus: `tests/vectors/events`, whose README says what is in a file.
#![allow(clippy::expect_used, clippy::unwrap_used)] // The helpers of tests are tests, too.

use std::path::Path;

use outrigger_events::avro::{Plan, Schema};
use outrigger_events::protobuf;
use outrigger_events::{Decimal, Error, Limits, Temporal, TreeSink, Value};
use serde_json::{Value as Json, json};

/// A value as the corpus has it.
fn tagged(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => json!(value),
        Value::Integer(value) => json!({"integer": value.to_string()}),
        Value::Float(value) => json!({"float": value.to_string()}),
        Value::Decimal(Decimal::Finite { coefficient, exponent, .. }) => {
            json!({"decimal": [coefficient.to_string(), exponent]})
        }
        Value::Decimal(Decimal::NaN) => json!({"decimal": ["NaN"]}),
        Value::Decimal(Decimal::Infinity(negative)) => {
            json!({"decimal": [if *negative { "-Infinity" } else { "Infinity" }]})
        }
        Value::Text(text) => json!(text),
        Value::Bytes(bytes) => json!({"bytes": hex(bytes)}),
        Value::Temporal(value) => temporal(*value),
        Value::Name(name) => json!({"name": name.text()}),
        Value::List(items) => items.iter().map(tagged).collect(),
        Value::Map(pairs) => {
            let pairs: Vec<_> =
                pairs.iter().map(|(key, value)| json!([tagged(key), tagged(value)])).collect();
            json!({"map": pairs})
        }
    }
}

fn temporal(value: Temporal) -> Json {
    match value {
        Temporal::Date(days) => json!({"date": days.to_string()}),
        Temporal::Time(nanos, digits) => json!({"time": [nanos.to_string(), digits]}),
        Temporal::Naive(nanos, digits) => json!({"naive": [nanos.to_string(), digits]}),
        Temporal::Instant(nanos, digits) => json!({"instant": [nanos.to_string(), digits]}),
        Temporal::Duration { months, days, nanos } => {
            json!({"duration": [months.to_string(), days.to_string(), nanos.to_string()]})
        }
        Temporal::Infinity => json!({"infinity": true}),
        Temporal::MinusInfinity => json!({"infinity": false}),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn input(case: &Json) -> Vec<u8> {
    if let Some(text) = case["input"]["text"].as_str() {
        return text.as_bytes().to_vec();
    }
    let digits = case["input"]["hex"].as_str().expect("hex or text");
    let byte = |place| u8::from_str_radix(&digits[place..place + 2], 16).expect("a byte");
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn error(error: &Error) -> Json {
    match error {
        Error::Malformed { at, path, .. } => json!({"kind": "malformed", "at": at, "path": path}),
        Error::Limit { .. } => json!({"kind": "limit"}),
        Error::NeedsOption { path, .. } => json!({"kind": "needs_option", "path": path}),
        Error::Schema { path, .. } => json!({"kind": "schema", "path": path}),
        Error::Resolution { path, .. } => json!({"kind": "resolution", "path": path}),
        other => panic!("{other}"),
    }
}

fn avro(case: &Json) -> Result<Value, Error> {
    let writer = Schema::parse(&case["schema"].to_string(), &[])?;
    let reader =
        case["options"].get("reader").map(|reader| Schema::parse(&reader.to_string(), &[])).transpose()?;
    let mut sink = TreeSink::default();
    Plan::new(&writer, reader.as_ref())?.decode(&input(case), &Limits::default(), &mut sink)?;
    Ok(sink.finish().expect("one whole value"))
}

fn protobuf(case: &Json) -> Result<Value, Error> {
    let schema = protobuf::Schema::parse(case["schema"].as_str().expect("a text"))?;
    let is = |option: &str, value: &str| case["options"][option] == value;
    let options = protobuf::Options {
        defaults: !is("defaults", "none"),
        unknown: is("unknown", "keep"),
        well_known: !is("well_known", "messages"),
    };
    let mut sink = TreeSink::default();
    protobuf::Plan::named(&schema, "M", options)?.decode(&input(case), &Limits::default(), &mut sink)?;
    Ok(sink.finish().expect("one whole value"))
}

/// Runs the cases of a format and says how many there were.
fn run(format: &str, decode: impl Fn(&Json) -> Result<Value, Error>) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/events");
    let mut count = 0;
    for file in std::fs::read_dir(folder).expect("the corpus") {
        let path = file.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let case: Json = serde_json::from_slice(&std::fs::read(&path).expect("a case")).expect("JSON");
        if case["format"] != format {
            continue;
        }
        count += 1;
        let expected =
            case.get("expect").map_or_else(|| Err(case["error"].clone()), |value| Ok(value.clone()));
        let decoded = decode(&case).map(|value| tagged(&value)).map_err(|wrong| error(&wrong));
        assert_eq!(decoded, expected, "{}", path.display());
    }
    count
}

#[test]
fn avro_cases() {
    assert!(run("avro", avro) >= 18);
}

#[test]
fn protobuf_cases() {
    assert!(run("protobuf", protobuf) >= 16);
}
