//! Streams of formats that need schemas: given, or with the events that were written with them.

use outrigger_events::frame::{Indexes, SchemaKey};
use outrigger_events::stream::{Event, Known, Schema, Stream, Work};
use outrigger_events::{Error, Limits, TreeSink, Value, avro};
use proptest::prelude::*;

const ORDER: &str = r#"{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "Id"}, {"name": "n", "type": "int"}]}"#;
const ID: &str = r#"{"type": "record", "name": "Id", "fields": [{"name": "id", "type": "long"}]}"#;
const FILE: &str = r#"syntax = "proto3"; package shop; import "id.proto";
    message Other { int32 n = 2; } message Order { shop.Id id = 1; int32 n = 2; message In { string s = 1; } }"#;
const FILE_ID: &str =
    r#"syntax = "proto3"; package shop; message Id { int64 id = 1; map<int32, string> of = 2; }"#;

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

fn stream(head: &str) -> String {
    format!(
        r#"{{"name": "S", "dead_letter": "dead", {head},
            "views": [{{"name": "v", "topic": ["id:", {{"path": "id.id"}}], "fields": [["n", "n"]]}}]}}"#
    )
}

/// A registry's schema, in front of which its frame stands.
fn schema(key: SchemaKey, rest: &str) -> Vec<u8> {
    let mut text = Vec::new();
    key.write(&mut text);
    text.extend(format!("{{{rest}}}").as_bytes());
    text
}

fn framed(key: SchemaKey, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    key.write(&mut bytes);
    bytes.extend(body);
    bytes
}

fn avro_schema(key: SchemaKey) -> Vec<u8> {
    let (order, id) = (quoted(ORDER), quoted(ID));
    schema(key, &format!(r#""for": "avro", "type": "avro", "text": {order}, "references": [["Id", {id}]]"#))
}

fn protobuf_schema(key: SchemaKey, message: &str) -> Vec<u8> {
    let (order, id) = (quoted(FILE), quoted(FILE_ID));
    schema(
        key,
        &format!(
            r#""for": "protobuf", "type": "protobuf", "text": {order}, "references": [["id.proto", {id}]],
               "message": {message}, "ways": [true, false, true]"#
        ),
    )
}

/// The topic, and the reason of a dead letter as a part of its text.
fn take(known: &mut Known, texts: &[&[u8]], value: Option<&[u8]>) -> (String, String) {
    let (stream, schemas) = known.open(texts).unwrap();
    let mut told = Vec::new();
    let decoded =
        stream.take(&Event { key: None, value }, &schemas, &mut Work::default(), |topic, message| {
            told.push((
                String::from_utf8_lossy(topic).into_owned(),
                String::from_utf8_lossy(message).into_owned(),
            ));
        });
    assert_eq!(told.len(), 1);
    assert_eq!(decoded, told[0].0 != "dead");
    told.remove(0)
}

#[test]
fn a_given_schema_reads_what_has_no_frame() {
    let mut known = Known::default();
    let (order, id, file, file_id) = (quoted(ORDER), quoted(ID), quoted(FILE), quoted(FILE_ID));
    let avro =
        stream(&format!(r#""format": "avro", "schema": {{"text": {order}, "references": [["Id", {id}]]}}"#));
    assert_eq!(take(&mut known, &[avro.as_bytes()], Some(&[14, 2])).0, "id:7");
    let (topic, letter) = take(&mut known, &[avro.as_bytes()], Some(&[14]));
    assert!(topic == "dead" && letter.contains("malformed") && letter.contains("$.n"), "{letter}");
    let protobuf = stream(&format!(
        r#""format": "protobuf", "schema": {{"text": {file}, "references": [["id.proto", {file_id}]],
            "message": "shop.Order", "ways": [true, false, true]}}"#
    ));
    assert_eq!(take(&mut known, &[protobuf.as_bytes()], Some(&[10, 2, 8, 9])).0, "id:9");
    for text in [avro, protobuf] {
        let (topic, letter) = take(&mut known, &[text.as_bytes()], None);
        assert!(topic == "dead" && letter.contains("tombstone"), "{letter}");
    }
}

#[test]
fn frames_find_their_schemas() {
    let mut known = Known::default();
    let avro = stream(r#""format": "avro""#);
    let keys = [SchemaKey::Id(7), SchemaKey::Guid([9; 16])];
    let texts: Vec<Vec<u8>> = keys.iter().map(|key| avro_schema(*key)).collect();
    let texts = [avro.as_bytes(), &texts[0], &texts[1]];
    for key in keys {
        assert_eq!(take(&mut known, &texts, Some(&framed(key, &[16, 2]))).0, "id:8");
    }
    let (topic, letter) = take(&mut known, &texts, Some(&framed(SchemaKey::Id(8), &[16, 2])));
    assert!(topic == "dead" && letter.contains("unknown_schema") && letter.contains("id 8"), "{letter}");
    assert!(take(&mut known, &texts, Some(b"{}")).1.contains("without a registry"));

    let protobuf = stream(r#""format": "protobuf""#);
    let texts = [protobuf_schema(keys[0], "[1]"), protobuf_schema(keys[0], "[0]")];
    let texts = [protobuf.as_bytes(), &texts[0], &texts[1]];
    let message = |place: &[u32]| {
        let mut body = Vec::new();
        Indexes::new(place).unwrap().write(&mut body);
        body.extend([10, 2, 8, 5]);
        framed(keys[0], &body)
    };
    assert_eq!(take(&mut known, &texts, Some(&message(&[1]))).0, "id:5");
    let (stream, schemas) = known.open(&texts).unwrap();
    let other = message(&[0]);
    let mut none = 0;
    let event = Event { key: None, value: Some(&other) };
    assert!(stream.take(&event, &schemas, &mut Work::default(), |_, _| none += 1));
    assert_eq!(none, 0, "a message without an id goes nowhere");
    assert!(take(&mut known, &texts, Some(&message(&[1, 0]))).1.contains("unknown_schema"));
}

#[test]
fn the_reader_of_a_schema_says_what_is_told() {
    let reader = quoted(
        r#"{"type": "record", "name": "Order", "fields": [{"name": "id", "type": {"type": "record", "name": "Id", "fields": [
            {"name": "id", "type": "long"}]}}, {"name": "n", "type": "long"}, {"name": "m", "type": "int", "default": 3}]}"#,
    );
    let (order, id) = (quoted(ORDER), quoted(ID));
    let text = schema(
        SchemaKey::Id(7),
        &format!(
            r#""for": "avro", "type": "avro", "text": {order}, "references": [["Id", {id}]], "reader": {{"text": {reader}}}"#
        ),
    );
    let stream = r#"{"name": "S", "dead_letter": "dead", "format": "avro",
        "views": [{"name": "v", "topic": ["m:", {"path": "m"}]}]}"#;
    let texts = [stream.as_bytes(), &text];
    assert_eq!(take(&mut Known::default(), &texts, Some(&framed(SchemaKey::Id(7), &[16, 2]))).0, "m:3");
}

#[test]
fn debezium_takes_documents_and_frames() {
    let text = r#"{"name": "S", "dead_letter": "dead", "format": "debezium", "framed": true, "debezium": {"as_is": true},
        "views": [{"name": "v", "topic": ["id:", {"path": "after.id"}]}]}"#;
    let row = r#"["null", {"type": "record", "name": "Value", "fields": [{"name": "id", "type": "long"}]}]"#;
    let envelope = quoted(&format!(
        r#"{{"type": "record", "name": "Envelope", "fields": [{{"name": "after", "type": {row}}},
            {{"name": "source", "type": {{"type": "record", "name": "Source", "fields": [{{"name": "table", "type": "string"}}]}}}},
            {{"name": "op", "type": "string"}}]}}"#
    ));
    let one = SchemaKey::Id(1);
    let schema = schema(one, &format!(r#""for": "debezium", "type": "avro", "text": {envelope}"#));
    let mut known = Known::default();
    let value = framed(one, b"\x02\x54\x02t\x02c");
    assert_eq!(take(&mut known, &[text.as_bytes(), &schema], Some(&value)).0, "id:42");
    let document = br#"{"after": {"id": 6}, "source": {"table": "t"}, "op": "c"}"#;
    assert_eq!(take(&mut known, &[text.as_bytes()], Some(document)).0, "id:6");
    assert!(take(&mut known, &[text.as_bytes()], Some(&value)).1.contains("unknown_schema"));
}

#[test]
fn a_schema_that_cannot_be_used_makes_letters_that_say_why() {
    let key = SchemaKey::Id(7);
    for (format, rest, reason) in [
        ("avro", r#""type": "avro", "text": "{}""#, "bad_schema"),
        ("avro", r#""type": "avro", "text": "\"long\"", "reader": {"text": "\"string\""}"#, "incompatible"),
        ("avro", r#""type": "json", "text": "{}""#, "unsupported"),
        (
            "protobuf",
            r#""type": "avro", "text": "\"long\"", "message": [0], "ways": [true, false, true]"#,
            "unsupported",
        ),
        (
            "protobuf",
            r#""type": "protobuf", "text": "nonsense", "message": [0], "ways": [true, false, true]"#,
            "bad_schema",
        ),
        ("debezium", r#""type": "avro", "text": "[\"int\", \"string\"]""#, "unsupported"),
        ("debezium", r#""type": "protobuf", "text": "nonsense""#, "bad_schema"),
        (
            "debezium",
            r#""type": "protobuf", "text": "message A { oneof o { int32 a = 1; } }""#,
            "unsupported",
        ),
    ] {
        let stream = stream(&format!(r#""format": "{format}", "framed": true"#));
        let schema = schema(key, &format!(r#""for": "{format}", {rest}"#));
        let (topic, letter) =
            take(&mut Known::default(), &[stream.as_bytes(), &schema], Some(&framed(key, &[0, 0])));
        assert!(topic == "dead" && letter.contains(reason), "{format} {rest}: {letter}");
    }
}

#[test]
fn texts_that_are_no_schemas_are_not_understood() {
    for (text, why) in [
        (&b"{}"[..], "without a registry"),
        (&[0, 0, 0], "ends inside"),
        (&schema(SchemaKey::Id(1), ""), "for has to be"),
        (&schema(SchemaKey::Id(1), r#""for": "csv", "type": "avro", "text": """#), "not known"),
        (&schema(SchemaKey::Id(1), r#""for": "avro", "type": "thrift", "text": """#), "not known"),
        (&schema(SchemaKey::Id(1), r#""for": "avro", "type": "avro""#), "a schema has to be"),
        (
            &schema(
                SchemaKey::Id(1),
                r#""for": "protobuf", "type": "protobuf", "text": "", "message": [0], "ways": [true]"#,
            ),
            "ways are",
        ),
        (
            &schema(
                SchemaKey::Id(1),
                r#""for": "protobuf", "type": "protobuf", "text": "", "ways": [true, true, true], "message": []"#,
            ),
            "a place",
        ),
    ] {
        let error = Schema::parse(text).unwrap_err();
        assert!(matches!(error, Error::Plan { .. }) && error.to_string().contains(why), "{why}: {error}");
    }
    assert!(Known::default().open(&[]).is_err());
}

#[test]
fn keys_of_a_map_that_are_numbers_are_all_there() {
    let (file, id) = (quoted(FILE), quoted(FILE_ID));
    let text = format!(
        r#"{{"name": "S", "dead_letter": "dead", "format": "protobuf", "views": [{{"name": "v", "topic": ["t"], "fields": [["m", "id.of"]]}}],
            "schema": {{"text": {file}, "references": [["id.proto", {id}]], "message": "Order", "ways": [true, false, true]}}}}"#
    );
    let stream = Stream::parse(text.as_bytes()).unwrap();
    // 40 entries, and the first one once more.
    let entries: Vec<u8> = (0..40).chain([0]).flat_map(|key| [0x12, 5, 8, key, 0x12, 1, b'x']).collect();
    let mut message = vec![10, 0x80 | (entries.len() & 0x7f) as u8, (entries.len() >> 7) as u8];
    message.extend(entries);
    let event = Event { key: None, value: Some(&message) };
    let (known, mut work) = (Known::default().open(&[text.as_bytes()]).unwrap().1, Work::default());
    let decoded = stream.take(&event, &known, &mut work, |_, message| {
        assert!(
            message.windows(5).any(|bytes| bytes == [116, 0, 0, 0, 40]),
            "a map of 40 pairs: {message:?}"
        );
    });
    assert!(decoded);
}

proptest! {
    /// What stands behind a frame is told as its plan tells it.
    #[test]
    fn a_datum_goes_where_its_schema_says(id: i64, n: i32, cut in 0_usize..12) {
        let parts = avro::Schema::parse(ID, &[]).unwrap();
        let schema = avro::Schema::parse(ORDER, &[&parts]).unwrap();
        let value = Value::Map(vec![
            ("id".into(), Value::Map(vec![("id".into(), id.into())])),
            ("n".into(), i64::from(n).into()),
        ]);
        let mut datum = Vec::new();
        schema.encode(&value, &Limits::default(), &mut datum).unwrap();
        let mut sink = TreeSink::default();
        avro::Plan::new(&schema, None).unwrap().decode(&datum, &Limits::default(), &mut sink).unwrap();
        prop_assert_eq!(sink.finish(), Some(value));
        let key = SchemaKey::Id(7);
        let stream = stream(r#""format": "avro""#);
        let (texts, mut known) = ([stream.as_bytes(), &avro_schema(key)], Known::default());
        prop_assert_eq!(take(&mut known, &texts, Some(&framed(key, &datum))).0, format!("id:{id}"));
        let cut = cut.min(datum.len() - 1);
        prop_assert_eq!(take(&mut known, &texts, Some(&framed(key, &datum[..cut]))).0, "dead");
    }
}
