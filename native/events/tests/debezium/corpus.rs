//! The golden corpus, which the Elixir tests read as well: `tests/vectors/events/README.md`.

use std::path::Path;

use outrigger_events::avro::Schema;
use outrigger_events::debezium::{
    self, Absent, Encoding, Meaning, Memory, Options, Record, Shape, Unavailable, Untyped, Writer, Writers,
};
use outrigger_events::frame::SchemaKey;
use outrigger_events::{Error, TreeSink, protobuf};
use serde_json::Value as Json;

use crate::tagged::{find, same};

/// All cases there are.
pub(crate) fn cases() -> Vec<Json> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/events");
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("debezium-") {
            let mut file: Json = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            cases.append(file["cases"].as_array_mut().unwrap());
        }
    }
    assert!(cases.len() >= 60, "{}", cases.len());
    cases
}

#[test]
fn every_case_decodes_as_it_says() {
    // One for all: what one document leaves behind harms no other.
    let mut memory = Memory::default();
    for case in cases() {
        // Twice: the second time the schema is known.
        for _ in 0..2 {
            let writers = Writers::default();
            for (id, schema) in case["schemas"].as_object().into_iter().flatten() {
                let writer = match schema {
                    // The text of a file.
                    Json::String(text) => Writer::protobuf(&protobuf::Schema::parse(text).unwrap()),
                    avro => Writer::avro(&Schema::parse(&avro.to_string(), &[]).unwrap()).unwrap(),
                };
                writers.insert(SchemaKey::Id(id.parse().unwrap()), writer);
            }
            let [value, key] = ["value", "key"].map(|part| bytes(&case[part]));
            check(&case, &writers, value.as_deref(), key.as_deref(), &mut memory);
        }
    }
    let (known, new) = memory.schemas();
    assert!(known > new, "{known} {new}");
}

/// Text, or bytes in hexadecimal; a tombstone is neither.
fn bytes(part: &Json) -> Option<Vec<u8>> {
    let digits = part["hex"].as_str();
    let pair = |place: usize| u8::from_str_radix(&digits.unwrap_or_default()[place..place + 2], 16).unwrap();
    match digits {
        Some(digits) => Some((0..digits.len()).step_by(2).map(pair).collect()),
        None => part.as_str().map(|text| text.as_bytes().to_vec()),
    }
}

/// Decodes a case's value and key, in whatever form, and looks at what it says.
pub(crate) fn check(
    case: &Json,
    writers: &Writers,
    value: Option<&[u8]>,
    key: Option<&[u8]>,
    memory: &mut Memory,
) {
    let name = case["name"].as_str().unwrap();
    let mut sink = TreeSink::default();
    let options = options(&case["options"]);
    let told = debezium::decode_framed(Some(writers), value, key, &options, memory, &mut sink);
    if let Some(error) = case.get("error") {
        let (reason, path, option) = match told {
            Err(Error::Malformed { path, .. }) => ("malformed", path, None),
            Err(Error::NeedsOption { path, option, .. }) => ("needs_option", path, Some(option)),
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(
            (error["reason"].as_str(), error["path"].as_str()),
            (Some(reason), Some(&*path)),
            "{name}"
        );
        assert_eq!(error["option"].as_str(), option, "{name}");
        return;
    }
    let record = told.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(case["record"].as_str(), Some(text(record)), "{name}");
    let tree = sink.finish().unwrap();
    for (path, expected) in case["expect"].as_object().unwrap() {
        let found = path.split('.').try_fold(&tree, |value, step| find(value, step));
        let found = found.unwrap_or_else(|| panic!("{name}: nothing at {path} in {tree:?}"));
        assert!(same(found, expected), "{name}: {path} is {found:?}, not {expected}");
    }
}

fn text(record: Record) -> &'static str {
    match record {
        Record::Change => "change",
        Record::Tombstone => "tombstone",
        Record::Heartbeat => "heartbeat",
        Record::Transaction => "transaction",
        Record::SchemaChange => "schema_change",
        Record::Notification => "notification",
        Record::Signal => "signal",
        Record::Outbox => "outbox",
        Record::CloudEvent => "cloud_event",
        _ => "unknown",
    }
}

pub(crate) fn options(json: &Json) -> Options {
    let mut options = Options {
        shape: match json["shape"].as_str() {
            Some("row") => Shape::Row,
            Some("outbox") => Shape::Outbox,
            Some("cloud_event") => Shape::CloudEvent,
            Some("envelope") => Shape::Envelope,
            _ => Shape::Auto,
        },
        absent: json["absent"].as_str().map_or(Absent::Refuse, |name| Absent::named(name).unwrap()),
        untyped: if json["untyped"] == "as_is" { Untyped::AsIs } else { Untyped::Refuse },
        binary: json["binary"].as_str().map(encoding),
        prefix: json["prefix"].as_str().unwrap_or("__").into(),
        expand: json["expand_payload"] == true,
        ..Options::default()
    };
    if let Some(placeholder) = json["placeholder"].as_str() {
        options.unavailable = Unavailable::new(placeholder);
    }
    for (name, kind) in json["columns"].as_object().into_iter().flatten() {
        let (table, column) = name.rsplit_once('.').unwrap();
        let meaning = meaning(kind);
        options = options.column(table, column, meaning);
    }
    options
}

/// `"date"`, `{"decimal": 2}`, `{"naive": "microsecond"}`, `{"list": "date"}`.
fn meaning(json: &Json) -> Meaning {
    let Some(object) = json.as_object() else { return Meaning::named(json.as_str().unwrap(), 0).unwrap() };
    let (kind, of) = object.iter().next().unwrap();
    match (kind.as_str(), of.as_str()) {
        ("decimal", _) => Meaning::Decimal(of.as_i64().unwrap().try_into().unwrap()),
        ("list", _) => Meaning::List(Box::new(meaning(of))),
        (kind, unit) => {
            let digits = ["second", "millisecond", "microsecond", "nanosecond"]
                .iter()
                .position(|name| Some(*name) == unit);
            Meaning::named(kind, 3 * i32::try_from(digits.unwrap()).unwrap()).unwrap()
        }
    }
}

fn encoding(name: &str) -> Encoding {
    match name {
        "base64" => Encoding::Base64,
        "base64_url" => Encoding::Base64Url,
        "hex" => Encoding::Hex,
        other => panic!("no such encoding: {other}"),
    }
}
