//! Records in Protobuf: the golden corpus in its form, what Protobuf does not keep, and what only it has.

use outrigger_events::debezium::{
    Absent, Meaning, Memory, Options, Record, Shape, Untyped, Writer, Writers, decode_framed,
};
use outrigger_events::frame::SchemaKey;
use outrigger_events::protobuf::Schema;
use outrigger_events::{Error, TreeSink, Value};
use serde_json::{Value as Json, json};

use crate::framed::taken_apart;
use crate::protobuf_form::{self, Nullables};
use crate::{avro_form, corpus};

/// A table of one schema, by the number 1.
pub(crate) fn writers(text: &str) -> Writers {
    let writers = Writers::default();
    writers.insert(SchemaKey::Id(1), Writer::protobuf(&Schema::parse(text).unwrap()));
    writers
}

/// The frame of the first message.
pub(crate) fn behind(message: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 0, 1, 0], message].concat()
}

pub(crate) fn decode(
    writers: &Writers,
    value: &[u8],
    key: Option<&[u8]>,
    options: &Options,
) -> Result<(Record, Value), Error> {
    let mut sink = TreeSink::default();
    let record = decode_framed(Some(writers), Some(value), key, options, &mut Memory::default(), &mut sink)?;
    Ok((record, sink.finish().unwrap()))
}

/// The documents of the corpus that Protobuf has room for: name, options, Connect schema, payload.
fn documents() -> Vec<(String, Options, Json, Json)> {
    let mut documents = Vec::new();
    for case in corpus::cases() {
        let (Some(text), true) = (case["value"].as_str(), case["schemas"].is_null()) else { continue };
        if !case["error"].is_null() || case["record"] == "tombstone" {
            continue;
        }
        let document = avro_form::completed(serde_json::from_str(text).unwrap());
        let (mut connect, payload) = taken_apart(&document);
        let mut payload = payload.clone();
        without_nothing_in_lists(&mut payload);
        same_sides(&mut connect, &payload);
        // A list of lists, and a whole number of more than 63 bits: the converter writes neither.
        for side in ["before", "after"] {
            for column in ["matrix", "unsigned"] {
                payload.get_mut(side).and_then(Json::as_object_mut).and_then(|row| row.remove(column));
                let fields = connect["fields"].as_array_mut().unwrap();
                let row = fields.iter_mut().find(|field| field["field"] == side);
                if let Some(columns) = row.and_then(|row| row["fields"].as_array_mut()) {
                    columns.retain(|field| field["field"] != column);
                }
            }
        }
        let name = case["name"].as_str().unwrap().to_owned();
        documents.push((name, corpus::options(&case["options"]), connect, payload));
    }
    documents
}

/// Lists in Protobuf have values only.
fn without_nothing_in_lists(payload: &mut Json) {
    match payload {
        Json::Array(items) => items.retain(|item| !item.is_null()),
        Json::Object(pairs) => pairs.values_mut().for_each(without_nothing_in_lists),
        _ => {}
    }
}

/// Structs of one name are one message: what is before has the schema of what is after.
fn same_sides(connect: &mut Json, payload: &Json) {
    let Some(fields) = connect["fields"].as_array_mut() else { return };
    let side = |fields: &[Json], name: &str| fields.iter().position(|field| field["field"] == name);
    let (Some(before), Some(after)) = (side(fields, "before"), side(fields, "after")) else { return };
    if fields[after]["type"] == "struct" {
        avro_form::complete(&mut fields[after], &payload["before"]);
        fields[before] = fields[after].clone();
        fields[before]["field"] = json!("before");
    }
}

/// Number 1 in the table, and its bytes.
fn framed(connect: &Json, payload: &Json, nullables: Nullables) -> Option<(Writers, Vec<u8>)> {
    let mut bytes = behind(&[]);
    protobuf_form::message(connect, payload, nullables, &mut bytes)?;
    // Protobuf does not take all names: `a_b` beside `aB`.
    let schema = Schema::parse(&protobuf_form::file(connect, nullables)?).ok()?;
    let writers = Writers::default();
    writers.insert(SchemaKey::Id(1), Writer::protobuf(&schema));
    Some((writers, bytes))
}

#[test]
fn the_corpus_in_protobuf_says_what_protobuf_keeps() {
    let (mut count, mut others) = (0, Vec::new());
    for (name, options, connect, payload) in documents() {
        let options = Options { untyped: Untyped::AsIs, absent: Absent::Null, ..options };
        for nullables in [Nullables::Optional, Nullables::Wrapped] {
            let Some((writers, value)) = framed(&connect, &payload, nullables) else {
                others.push(name.clone());
                continue;
            };
            let kept = protobuf_form::without_names(connect.clone(), true);
            let text = protobuf_form::payload(&connect, &payload);
            let document = format!("{{\"schema\":{kept},\"payload\":{text}}}");
            let expected = decode(&writers, document.as_bytes(), None, &options);
            assert_eq!(
                decode(&writers, &value, None, &options),
                expected,
                "{name} {nullables:?}\n{document}"
            );
            count += 1;
        }
    }
    // CloudEvents with attributes that differ in a capital.
    assert!(count >= 100 && others.len() <= 6, "{count} {others:?}");
}

/// What a column is, by its schema: what a user has to say of it. `None` for Debezium's own structs, which say it themselves.
fn meaning(connect: &Json) -> Option<Meaning> {
    let name = connect["name"].as_str().unwrap_or_default();
    let (kind, detail) = match name.rsplit('.').next().unwrap() {
        "Decimal" => ("decimal", 0),
        "Date" => ("date", 0),
        "Time" => ("time", 3),
        "MicroTime" => ("time", 6),
        "NanoTime" => ("time", 9),
        "Timestamp" => ("naive", 3),
        "MicroTimestamp" => ("naive", 6),
        "NanoTimestamp" => ("naive", 9),
        "MicroDuration" => ("duration", 6),
        "NanoDuration" => ("duration", 9),
        "ZonedTimestamp" => ("iso_instant", 0),
        "ZonedTime" | "IsoTime" => ("iso_time", 0),
        "IsoDate" => ("iso_date", 0),
        "IsoTimestamp" => ("iso_naive", 0),
        "Interval" => ("iso_duration", 0),
        "Bits" => ("bits", 0),
        "EnumSet" => ("enum_set", 0),
        _ => match connect["type"].as_str().unwrap() {
            "int8" | "int16" | "int32" | "int64" => ("integer", 0),
            "float" | "float32" | "double" | "float64" => ("float", 0),
            "boolean" => ("boolean", 0),
            "string" => ("string", 0),
            "bytes" => ("base64", 0),
            "array" => return meaning(&connect["items"]).map(|items| Meaning::List(Box::new(items))),
            "struct" if name.starts_with("io.debezium.") && !name.contains("Sparse") => return None,
            // Nothing else can be said of these.
            _ => ("as_is", 0),
        },
    };
    Meaning::named(kind, detail)
}

#[test]
fn columns_give_back_what_protobuf_does_not_keep() {
    let (mut columns, mut refused) = (0, 0);
    for (name, options, connect, payload) in documents() {
        let Some(Json::Array(row)) = connect["fields"]
            .as_array()
            .unwrap()
            .iter()
            .find(|field| field["field"] == "after")
            .map(|row| row["fields"].clone())
        else {
            continue;
        };
        if options.shape != Shape::Auto || !options.columns.is_empty() {
            continue;
        }
        let (writers, value) = framed(&connect, &payload, Nullables::Optional).unwrap();
        let strict = Options { absent: Absent::Null, ..options };
        let told = decode(&writers, &value, None, &strict);
        if let Err(error) = &told {
            assert!(
                matches!(error, Error::NeedsOption { option, .. } if option.starts_with("columns")),
                "{name}: {error}"
            );
            refused += 1;
        }
        let said = row.iter().fold(strict.clone(), |options, column| {
            let Some(meaning) = meaning(column) else { return options };
            columns += 1;
            options.column("*", column["field"].as_str().unwrap(), meaning)
        });
        let text = protobuf_form::payload(&connect, &payload);
        let document = format!("{{\"schema\":{connect},\"payload\":{text}}}");
        let expected = decode(&writers, document.as_bytes(), None, &strict);
        assert_eq!(decode(&writers, &value, None, &said), expected, "{name}\n{document}");
    }
    assert!(columns >= 60 && refused >= 12, "{columns} {refused}");
}

#[test]
fn bytes_that_nobody_writes_are_no_panic() {
    let mut memory = Memory::default();
    for (name, _, connect, payload) in documents() {
        let Some((writers, value)) = framed(&connect, &payload, Nullables::Lost) else { continue };
        let mut run = |bytes: &[u8], shape| {
            let options = Options { shape, untyped: Untyped::AsIs, expand: true, ..Options::default() };
            let sink = &mut TreeSink::default();
            decode_framed(Some(&writers), Some(bytes), Some(bytes), &options, &mut memory, sink)
        };
        for end in 1..6 {
            assert!(run(&value[..end], Shape::Auto).is_err(), "{name}");
        }
        for place in 5..value.len() {
            let _ = run(&value[..place], Shape::Auto);
            for byte in [0, 0x7f, 0xff] {
                let mut value = value.clone();
                value[place] = byte;
                let _ = run(&value, if place % 8 == 0 { Shape::Outbox } else { Shape::Auto });
            }
        }
    }
}
