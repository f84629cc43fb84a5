//! Data behind a registry's frame: the golden corpus in Avro's form, and what only frames have.

use outrigger_events::avro::Schema;
use outrigger_events::debezium::{
    self, DOCUMENT, Memory, Options, Record, Shape, Untyped, Writer, Writers, decode_framed,
};
use outrigger_events::frame::SchemaKey;
use outrigger_events::{Error, Limits, TreeSink, Value};
use serde_json::{Value as Json, json};

use crate::{avro_form, corpus};

/// The Connect schema that a document has, or would have had, and its payload.
pub(crate) fn taken_apart(document: &Json) -> (Json, &Json) {
    match (document.get("schema"), document.get("payload")) {
        (Some(schema @ Json::Object(_)), Some(payload)) => (schema.clone(), payload),
        (Some(_), Some(payload)) => (avro_form::infer(payload), payload),
        _ => (avro_form::infer(document), document),
    }
}

/// The writer of documents like this one.
pub(crate) fn writer(document: &Json) -> Option<Writer> {
    let schema = avro_form::schema(&taken_apart(document).0)?.to_string();
    Some(Writer::avro(&Schema::parse(&schema, &[]).unwrap()).unwrap())
}

/// A document as Kafka Connect's Avro converter writes it.
pub(crate) fn avro(document: &Json, id: u32) -> Option<Vec<u8>> {
    let (connect, payload) = taken_apart(document);
    let mut bytes = Vec::new();
    SchemaKey::Id(id).write(&mut bytes);
    avro_form::datum(&connect, payload, &mut bytes)?;
    Some(bytes)
}

/// Both; `None` for one that is nothing in Avro.
fn framed(document: &Json, id: u32, writers: &Writers) -> Option<Vec<u8>> {
    let bytes = avro(document, id)?;
    writers.insert(SchemaKey::Id(id), writer(document)?);
    Some(bytes)
}

#[test]
fn the_corpus_in_avro_says_the_same() {
    let mut memory = Memory::default();
    let (mut typed, mut inferred, mut others) = (0, 0, Vec::new());
    for mut case in corpus::cases() {
        let Some(text) = case["value"].as_str().map(str::to_owned) else { continue };
        if case["schemas"].is_object() {
            continue;
        }
        let typed_case = text.starts_with("{\"schema\"");
        // What a schema has settled is no error any more, and in Avro a tombstone is no value.
        if case["error"]["reason"] == "needs_option" || case["record"] == "tombstone" {
            continue;
        }
        if let (Some(path), true) = (case["error"]["path"].as_str(), typed_case) {
            case["error"]["path"] = json!(path.replace("$.payload", "$"));
        }
        let writers = Writers::default();
        let document = match case["error"].is_null() {
            // The corpus has schemas that say the half of their documents.
            true => avro_form::completed(serde_json::from_str(&text).unwrap()),
            false => serde_json::from_str(&text).unwrap_or_default(),
        };
        let Some(value) = framed(&document, 1, &writers) else {
            others.push(case["name"].to_string());
            continue;
        };
        // A key that Avro does not have stays a document: each part says for itself what it is.
        let key = case["key"].as_str();
        let key = key.map(|text| {
            let document = serde_json::from_str(text).ok();
            document.and_then(|key| framed(&key, 2, &writers)).unwrap_or_else(|| text.as_bytes().to_vec())
        });
        corpus::check(&case, &writers, Some(&value), key.as_deref(), &mut memory);
        *(if typed_case { &mut typed } else { &mut inferred }) += 1;
    }
    // Numbers of two kinds in one list, a long of more than 64 bits, and documents that are wrong in JSON alone.
    assert_eq!(others.len(), 5, "{others:?}");
    assert!(typed >= 22 && inferred >= 30, "{typed} {inferred}");
}

pub(crate) fn writers(schema: &str) -> Writers {
    let writers = Writers::default();
    writers.insert(SchemaKey::Id(1), Writer::avro(&Schema::parse(schema, &[]).unwrap()).unwrap());
    writers
}

pub(crate) fn record(fields: &str) -> String {
    format!(r#"{{"type":"record","name":"s.t.Value","fields":[{fields}]}}"#)
}

pub(crate) fn behind(datum: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 0, 1], datum].concat()
}

pub(crate) fn decode(writers: &Writers, value: &[u8], options: &Options) -> Result<(Record, Value), Error> {
    let mut sink = TreeSink::default();
    let record = decode_framed(Some(writers), Some(value), None, options, &mut Memory::default(), &mut sink)?;
    Ok((record, sink.finish().unwrap()))
}

#[test]
fn a_frame_says_which_schema_or_that_a_registry_is_wanted() {
    let (options, empty) = (Options::default(), Writers::default());
    let value = behind(&[2]);
    assert_eq!(decode(&empty, &value, &options).unwrap_err(), Error::UnknownSchema { key: SchemaKey::Id(1) });
    let guid = [&[1][..], &[0xab; 16], b"{}"].concat();
    let error = decode(&empty, &guid, &options).unwrap_err();
    assert!(error.to_string().ends_with("GUID abababab-abab-abab-abab-abababababab"), "{error}");
    for cut in 1..5 {
        assert!(matches!(
            decode(&empty, &value[..cut], &options),
            Err(Error::Malformed { format: "registry frame", .. })
        ));
    }
    let mut memory = Memory::default();
    let told = debezium::decode(Some(&value), None, &options, &mut memory, &mut TreeSink::default());
    assert!(matches!(told, Err(Error::NeedsOption { option: "registry", .. })));
    let told = debezium::decode(None, Some(&value), &options, &mut memory, &mut TreeSink::default());
    assert!(matches!(told, Err(Error::NeedsOption { option: "registry", path, .. }) if path == "key $"));
}

#[test]
fn documents_may_have_a_frame_too() {
    let writers = Writers::default();
    writers.insert(SchemaKey::Id(1), Writer::json());
    let options = Options { untyped: Untyped::AsIs, ..Options::default() };
    let event = br#"{"after":{"id":7},"source":{"table":"orders"},"op":"c"}"#;
    assert_eq!(decode(&writers, &behind(event), &options), decode(&writers, event, &options));
    let error = decode(&writers, &behind(br#"{"after":x}"#), &options).unwrap_err();
    assert!(matches!(error, Error::Malformed { format: "JSON", at: 14, .. }), "{error:?}");
}

#[test]
fn errors_say_where_in_the_data() {
    let zoned = r#"{"type":"string","connect.name":"io.debezium.time.ZonedTimestamp"}"#;
    let schema = record(&format!(r#"{{"name":"id","type":"long"}},{{"name":"at","type":{zoned}}}"#));
    let writers = writers(&schema);
    let options = Options::default();
    let wrong = decode(&writers, &behind(&[14, 6, b'n', b'o', b'w']), &options).unwrap_err();
    let Error::Malformed { format: "Avro", at: 7, path, problem } = wrong else { panic!("{wrong:?}") };
    assert_eq!(
        (path.as_str(), problem.as_str()),
        ("$.at", "a date and time such as 2024-02-29T10:15:30Z has to stand here")
    );
    // In the datum itself.
    let wrong = decode(&writers, &behind(&[14, 6, b'n']), &options).unwrap_err();
    assert!(
        matches!(&wrong, Error::Malformed { format: "Avro", at: 7, path, .. } if path == "$.at"),
        "{wrong:?}"
    );
    let key = behind(&[14, 6, b'n', b'o', b'w']);
    let told = decode_framed(
        Some(&writers),
        None,
        Some(&key),
        &options,
        &mut Memory::default(),
        &mut TreeSink::default(),
    );
    assert!(matches!(&told, Err(Error::Malformed { at: 7, path, .. }) if path == "key $.at"), "{told:?}");
}

#[test]
fn names_that_are_longer_than_the_data_are_bounded() {
    let name = "n".repeat(1_000);
    let rows = format!(
        r#"{{"type":"array","items":{{"type":"record","name":"R","fields":[{{"name":"{name}","type":"boolean"}}]}}}}"#
    );
    let writers = writers(&record(&format!(r#"{{"name":"v","type":{rows}}}"#)));
    let mut datum = vec![0xa0, 0x9c, 1];
    datum.extend([1; 10_000]);
    datum.push(0);
    let limits = Limits { bytes: 1 << 20, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let limit = |limit| Error::Limit { what: DOCUMENT, limit, at: 5 };
    assert_eq!(decode(&writers, &behind(&datum), &options).unwrap_err(), limit(1 << 20));
    let mut memory = Memory::default();
    memory.set_room(1 << 15);
    let mut decode = |options: &Options, datum: &[u8]| {
        decode_framed(
            Some(&writers),
            Some(&behind(datum)),
            None,
            options,
            &mut memory,
            &mut TreeSink::default(),
        )
    };
    assert_eq!(decode(&Options::default(), &datum), Err(limit(1 << 15)));
    assert_eq!(decode(&options, &[6, 1, 1, 1, 0]), Ok(Record::Change));
    assert_eq!(memory.written(), "{'v':[]}".len() + 3 * (name.len() + "{'':true}".len()) + 2);
}

/// The first CloudEvent of the corpus, its data in Avro.
#[test]
fn the_data_of_a_cloud_event_may_be_avro() {
    let mut memory = Memory::default();
    let cases = corpus::cases();
    let case = cases.iter().find(|case| case["name"] == "Debezium's, data with a schema").unwrap();
    let mut event: Json = serde_json::from_str(case["value"].as_str().unwrap()).unwrap();
    let writers = Writers::default();
    let data = framed(&event["data"], 3, &writers).unwrap();
    event["data"] = json!(avro_form::to_base64(&data));
    event["datacontenttype"] = json!("application/avro");
    event["dataschema"] = json!("http://registry/schemas/ids/3");
    let json = event.to_string();
    corpus::check(case, &writers, Some(json.as_bytes()), None, &mut memory);

    // All of it in Avro.
    let mut connect = avro_form::infer(&event);
    for field in connect["fields"].as_array_mut().unwrap() {
        if field["field"] == "data" {
            field["type"] = json!("bytes");
        }
    }
    connect["name"] = json!("io.debezium.connector.postgresql.CloudEvents.Envelope");
    let document = json!({"schema": connect, "payload": event});
    let value = framed(&document, 4, &writers).unwrap();
    corpus::check(case, &writers, Some(&value), None, &mut memory);

    // What is wrong in it, and a schema that is not there.
    let options = Options::default();
    let wrong = json.replace("AAAAAAM", "AAAAAAU");
    assert_eq!(
        decode(&writers, wrong.as_bytes(), &options).unwrap_err(),
        Error::UnknownSchema { key: SchemaKey::Id(5) }
    );
    let cut = json.replace(&avro_form::to_base64(&data), &avro_form::to_base64(&data[..8]));
    let error = decode(&writers, cut.as_bytes(), &options).unwrap_err();
    assert!(
        matches!(&error, Error::Malformed { format: "Avro", path, .. } if path.starts_with("data $")),
        "{error:?}"
    );
}

#[test]
fn bytes_that_nobody_writes_are_no_panic() {
    let mut memory = Memory::default();
    for case in corpus::cases() {
        let Some(text) = case["value"].as_str() else { continue };
        let writers = Writers::default();
        let Ok(document) = serde_json::from_str(text) else { continue };
        let Some(value) = framed(&avro_form::completed(document), 1, &writers) else { continue };
        let mut run = |bytes: &[u8], shape| {
            let options = Options { shape, untyped: Untyped::AsIs, expand: true, ..Options::default() };
            decode_framed(
                Some(&writers),
                Some(bytes),
                Some(bytes),
                &options,
                &mut memory,
                &mut TreeSink::default(),
            )
        };
        for end in 1..value.len() {
            assert!(run(&value[..end], Shape::Auto).is_err(), "{}", case["name"]);
        }
        for place in 5..value.len() {
            for byte in [0, 1, 2, 0x7f, 0x80, 0xff] {
                let mut value = value.clone();
                value[place] = byte;
                for shape in [Shape::Auto, Shape::Outbox] {
                    let _ = run(&value, shape);
                }
            }
        }
    }
}
