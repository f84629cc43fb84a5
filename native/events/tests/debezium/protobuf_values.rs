//! Values in Protobuf, one by one: what is there, what is not, and what the frame says.

use outrigger_events::debezium::{
    Absent, DOCUMENT, Meaning, Memory, Options, Record, Untyped, Writer, Writers, decode_framed,
};
use outrigger_events::frame::SchemaKey;
use outrigger_events::protobuf::Schema;
use outrigger_events::{Decimal, Error, Limits, Temporal, TreeSink, Value};

use crate::protobuf::{behind, decode, writers};
use crate::tagged::find;

const IMPORTS: &str = r#"import "google/type/date.proto"; import "google/type/timeofday.proto"; import "google/protobuf/timestamp.proto";
    import "google/protobuf/wrappers.proto"; import "google/protobuf/duration.proto"; import "confluent/type/decimal.proto";
    import "confluent/meta.proto";"#;

/// A file with the flattened row of these fields as its first message.
fn row(fields: &str) -> String {
    format!("syntax = \"proto3\"; package s.t; {IMPORTS} message Value {{ {fields} }}")
}

fn as_is() -> Options {
    Options { untyped: Untyped::AsIs, ..Options::default() }
}

/// The row of a message of these fields.
fn told(fields: &str, message: &[u8], options: &Options) -> Result<Value, Error> {
    let (record, change) = decode(&writers(&row(fields)), &behind(message), None, options)?;
    assert_eq!(record, Record::Change);
    Ok(find(&change, "after").unwrap().clone())
}

/// The field `v`, alone in its row.
fn column(field: &str, message: &[u8]) -> Result<Value, Error> {
    told(field, message, &as_is()).map(|row| find(&row, "v").unwrap().clone())
}

fn wants(told: Result<Value, Error>, wanted: &str) -> String {
    match told {
        Err(Error::NeedsOption { path, option, .. }) if option.starts_with(wanted) => path,
        other => panic!("{other:?}"),
    }
}

#[test]
fn connects_own_types_are_what_they_were() {
    let decimal = |text: &str| Ok(Value::Decimal(Decimal::parse(text).unwrap()));
    // The scale of the value counts, whatever is said beside the field.
    let price = "confluent.type.Decimal v = 1 [(confluent.field_meta) = { params: [ { value: \"38\", key: \"precision\" },
        { value: \"2\", key: \"scale\" } ] }];";
    assert_eq!(column(price, &[10, 6, 10, 2, 0xfb, 0x1e, 24, 2]), decimal("-12.50"));
    assert_eq!(column(price, &[10, 3, 10, 1, 7]), decimal("7"));
    assert_eq!(
        column(price, &[10, 14, 10, 1, 7, 24, 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        decimal("7e3")
    );
    assert_eq!(column(price, &[]), Ok(Value::Null));
    let temporal = |temporal| Ok(Value::Temporal(temporal));
    let date = "google.type.Date v = 1;";
    assert_eq!(column(date, &[10, 7, 8, 0xb2, 15, 16, 1, 24, 2]), temporal(Temporal::Date(1)));
    let time = "google.type.TimeOfDay v = 1;";
    assert_eq!(
        column(time, &[10, 6, 32, 0xc0, 0x84, 0x3d, 24, 1]),
        temporal(Temporal::Time(1_001_000_000, 3))
    );
    let timestamp = "google.protobuf.Timestamp v = 1;";
    assert_eq!(
        column(timestamp, &[10, 6, 8, 1, 16, 0xc0, 0x84, 0x3d]),
        temporal(Temporal::Naive(1_001_000_000, 3))
    );
    // No month, and no whole millisecond: Connect has neither, and nothing is rounded.
    for (kind, wrong) in
        [(date, &[10, 3, 8, 0xb2, 15][..]), (timestamp, &[10, 2, 16, 1]), (time, &[10, 2, 32, 1])]
    {
        let Err(Error::Malformed { format: "Protobuf", path, .. }) = column(kind, wrong) else {
            panic!("{kind}")
        };
        assert_eq!(path, "$.v");
    }
}

#[test]
fn what_has_no_name_to_lose_needs_no_option() {
    let short =
        "int32 v = 1 [(confluent.field_meta) = { params: [ { key: \"connect.type\", value: \"int16\" } ] }];";
    let strict = Options { absent: Absent::Zero, ..Options::default() };
    let strictly = |field: &str, message: &[u8]| {
        told(field, message, &strict).map(|row| find(&row, "v").unwrap().clone())
    };
    assert_eq!(strictly(short, &[8, 7]), Ok(7.into()));
    assert_eq!(strictly("bool v = 1;", &[8, 1]), Ok(Value::Boolean(true)));
    assert_eq!(strictly("float v = 1;", &[13, 0xcd, 0xcc, 0xcc, 0x3d]), Ok(Value::Float(0.1)));
    for field in
        ["int32", "int64", "string", "bytes", "google.protobuf.Int64Value", "google.protobuf.StringValue"]
    {
        let field = format!("{field} v = 1;");
        let bytes: &[u8] =
            if field.contains("int") && !field.contains("google") { &[8, 1] } else { &[10, 0] };
        assert_eq!(wants(strictly(&field, bytes), "columns"), "$.v", "{field}");
        assert!(column(&field, bytes).is_ok(), "{field}");
    }
    // A list of them, a struct, an entry.
    assert_eq!(wants(strictly("repeated int32 v = 1;", &[8, 1]), "columns"), "$.v[0]");
    assert_eq!(
        wants(strictly("M v = 1; message M { string s = 1; }", &[10, 3, 10, 1, 65]), "columns"),
        "$.v.s"
    );
    assert_eq!(strictly("E v = 1; enum E { A = 0; B = 1; }", &[8, 1]), Ok("B".into()));
    assert_eq!(strictly("E v = 1; enum E { A = 0; B = 1; }", &[8, 2]), Ok(2.into()));
    // Bytes stay bytes where a column is taken as it is.
    let said = strict.column("*", "v", Meaning::Raw);
    let told = told("bytes v = 1; int64 w = 2;", &[10, 2, 0, 0xff], &said).unwrap_err();
    assert!(matches!(&told, Error::NeedsOption { path, .. } if path == "$.w"), "{told:?}");
    let told = self::told("bytes v = 1;", &[10, 2, 0, 0xff], &said).unwrap();
    assert_eq!(find(&told, "v"), Some(&Value::Bytes(vec![0, 0xff])));
}

#[test]
fn a_file_of_the_name_of_another_one_is_no_panic() {
    let meta = r#"syntax = "proto3"; package confluent; import "google/protobuf/descriptor.proto";
        extend google.protobuf.MessageOptions { int32 field_meta = 1088; }"#;
    let file =
        r#"syntax = "proto3"; package s; import "confluent/meta.proto"; message Value { int32 id = 1; }"#;
    let schema = Schema::parse_with(file, "main.proto", &[("confluent/meta.proto", meta)]).unwrap();
    let writers = Writers::default();
    writers.insert(SchemaKey::Id(1), Writer::protobuf(&schema));
    assert!(decode(&writers, &behind(&[8, 7]), None, &as_is()).is_ok());
}

#[test]
fn what_is_not_there_is_null_or_zero_by_what_is_said() {
    let fields =
        "int32 id = 1; string note = 2; repeated string tags = 3; bool ok = 4; google.type.Date day = 5;";
    let refused = told(fields, &[8, 7], &as_is());
    assert_eq!(wants(refused, "absent"), "$.note");
    let values = |options: &Options, fields: &str| {
        let row = told(fields, &[8, 7], options).unwrap();
        ["id", "note", "tags", "ok", "day"].map(|name| find(&row, name).unwrap().clone())
    };
    let nothing = [7.into(), Value::Null, Value::Null, Value::Null, Value::Null];
    assert_eq!(values(&Options { absent: Absent::Null, ..as_is() }, fields), nothing);
    let zeros = [7.into(), "".into(), Value::List(vec![]), Value::Boolean(false), Value::Null];
    assert_eq!(values(&Options { absent: Absent::Zero, ..as_is() }, fields), zeros);
    // A file that marks what may be null says with it that nothing else can be. Lists it cannot mark.
    for mark in ["optional int64 other = 9;", "google.protobuf.StringValue other = 9;"] {
        let marked = format!("{fields} {mark}");
        assert_eq!(wants(told(&marked, &[8, 7], &as_is()), "absent"), "$.tags");
        let known = [7.into(), "".into(), Value::Null, Value::Boolean(false), Value::Null];
        assert_eq!(values(&Options { absent: Absent::Null, ..as_is() }, &marked), known);
    }
    // A type that is said settles what a value is, not whether there is one.
    let said = as_is().column("*", "note", Meaning::Text);
    assert_eq!(wants(told(fields, &[8, 7], &said), "absent"), "$.note");
}

#[test]
fn times_in_parts_are_times_where_no_part_is_in_doubt() {
    let fields = |label: &str| {
        format!(
            "StructuredTime v = 1; message StructuredTime {{ {label} int32 hour = 1; {label} int32 minute = 2; {label} int32 second = 3; }}"
        )
    };
    let options = Options::default();
    let known = told(&fields("optional"), &[10, 6, 8, 1, 16, 0, 24, 2], &options).unwrap();
    assert_eq!(find(&known, "v"), Some(&Value::Temporal(Temporal::Time(3_602_000_000_000, 9))));
    assert_eq!(wants(told(&fields(""), &[10, 4, 8, 1, 24, 2], &as_is()), "absent"), "$.v.minute");
}

#[test]
fn what_is_no_column_is_nothing_if_it_is_not_there() {
    let file = "syntax = \"proto3\"; package s.t; message Envelope { Value before = 1; Value after = 2; Source source = 3; string op = 4;
        int64 ts_ms = 5; int64 ts_ns = 6; message Value { bool ok = 1; }
        message Source { string table = 1; int64 ts_ms = 2; int64 ts_us = 3; int64 lsn = 4; string gtid = 5; } }";
    let message = [18, 2, 8, 1, 26, 5, 10, 1, b't', 16, 1, 34, 1, b'c', 40, 2];
    let (_, change) = decode(&writers(file), &behind(&message), None, &Options::default()).unwrap();
    let at = |path: &str| path.split('.').try_fold(&change, |value, step| find(value, step)).unwrap().clone();
    assert_eq!(at("source_ts"), Value::Temporal(Temporal::Instant(1_000_000, 3)));
    assert_eq!(at("ts"), Value::Temporal(Temporal::Instant(2_000_000, 3)));
    assert_eq!(
        (at("position.lsn"), at("position.gtid"), at("before")),
        (Value::Null, Value::Null, Value::Null)
    );
    assert_eq!((at("after.ok"), at("table")), (Value::Boolean(true), "t".into()));
}

#[test]
fn maps_are_entries_or_what_protobuf_has() {
    let options = Options { absent: Absent::Null, ..as_is() };
    let pairs = |message: &[u8], field: &str| {
        let row = told(field, message, &options).unwrap();
        find(&row, "v").unwrap().clone()
    };
    let map = Value::Map(vec![("a".into(), "b".into()), ("c".into(), Value::Null)]);
    let message = [10, 6, 10, 1, b'a', 18, 1, b'b', 10, 3, 10, 1, b'c'];
    assert_eq!(
        pairs(&message, "repeated TagsEntry v = 1; message TagsEntry { string key = 1; string value = 2; }"),
        map
    );
    let Value::Map(told) = pairs(&message, "map<string, string> v = 1;") else { panic!("a map") };
    assert_eq!(told[0], ("a".into(), "b".into()));
    let list = Value::List(vec![Value::List(vec![0.into(), Value::Float(1.5)])]);
    let message = [10, 9, 17, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f];
    assert_eq!(
        pairs(&message, "repeated VEntry v = 1; message VEntry { int32 key = 1; double value = 2; }"),
        list
    );
}

#[test]
fn what_the_converter_does_not_write_is_refused() {
    for (field, what) in [
        ("oneof one { int32 v = 1; string w = 2; }", "a oneof"),
        ("map<int32, string> v = 1;", "a map whose keys are no text"),
        ("Value v = 1;", "types that hold themselves"),
        ("google.protobuf.Duration v = 1;", "google.protobuf.Duration"),
    ] {
        let Err(Error::Unsupported { what: told, .. }) = column(field, &[]) else { panic!("{field}") };
        assert!(told.contains(what) && told.contains("$."), "{told}");
    }
    // Messages that nobody sends harm no others, and each is found by its place.
    let file = "syntax = \"proto3\"; package s; message A { A a = 1; } message Value { int32 id = 1; message Inner { } }";
    let writers = writers(file);
    let at =
        |indexes: &[u8]| decode(&writers, &[&[0, 0, 0, 0, 1], indexes, &[8, 7]].concat(), None, &as_is());
    assert!(at(&[2, 2]).is_ok());
    for indexes in [&[0][..], &[2, 4], &[4, 2, 0]] {
        assert!(matches!(at(indexes), Err(Error::Unsupported { .. })), "{indexes:?}");
    }
    let error = decode(&writers, &[0, 0, 0, 0, 1, 2], None, &as_is());
    assert!(matches!(error, Err(Error::Malformed { format: "registry frame", at: 6, .. })), "{error:?}");
}

#[test]
fn keys_are_messages_of_a_file_of_their_own_or_wrappers() {
    let file =
        "syntax = \"proto3\"; package s.t; message Value { bool ok = 1; } message Key { int64 id = 1; }";
    let writers = writers(file);
    let guid = SchemaKey::Guid([7; 16]);
    let wrappers = "syntax = \"proto3\"; package google.protobuf; message Int32Value { int32 value = 1; }";
    let schema = Schema::parse(wrappers).unwrap();
    writers.insert(guid, Writer::protobuf(&schema));
    let mut wrapped = Vec::new();
    guid.write(&mut wrapped);
    wrapped.extend([0, 8, 42]);
    let value = behind(&[8, 1]);
    let key = |key: &[u8], options: &Options| {
        decode(&writers, &value, Some(key), options).map(|(_, change)| find(&change, "key").unwrap().clone())
    };
    let message = [0, 0, 0, 0, 1, 2, 2, 8, 7];
    assert_eq!(key(&message, &as_is()), Ok(Value::Map(vec![("id".into(), 7.into())])));
    assert_eq!(key(&wrapped, &as_is()), Ok(42.into()));
    assert_eq!(wants(key(&message, &Options::default()), "columns"), "key $.id");
    assert_eq!(wants(key(&wrapped, &Options::default()), "columns"), "key $");
    assert_eq!(wants(key(&message[..7], &as_is()), "absent"), "key $.id");
}

#[test]
fn errors_say_where_in_the_message() {
    let fields = "int64 id = 1; string at = 2;";
    let said = as_is().column("*", "at", Meaning::IsoInstant);
    let wrong = told(fields, &[8, 7, 18, 3, b'n', b'o', b'w'], &said).unwrap_err();
    assert!(
        matches!(&wrong, Error::Malformed { format: "Protobuf", at: 10, path, .. } if path == "$.at"),
        "{wrong:?}"
    );
    // In the message itself.
    let wrong = told(fields, &[8, 7, 18, 3, b'n'], &said).unwrap_err();
    assert!(
        matches!(&wrong, Error::Malformed { format: "Protobuf", at, path, .. } if *at >= 9 && path == "$.at"),
        "{wrong:?}"
    );
}

#[test]
fn fields_that_are_not_there_are_bounded() {
    let columns: String = (1..=1_000).map(|number| format!("bool f{number} = {number};")).collect();
    let fields = format!("repeated M v = 1; message M {{ {columns} }}");
    let writers = writers(&row(&fields));
    let message = |count: usize| behind(&[10, 0].repeat(count));
    let mut memory = Memory::default();
    memory.set_room(1 << 15);
    let mut run = |value: &[u8], options: &Options| {
        decode_framed(Some(&writers), Some(value), None, options, &mut memory, &mut TreeSink::default())
    };
    let options = Options { absent: Absent::Zero, ..as_is() };
    // 1,000 of them are 11,000 bytes.
    assert_eq!(run(&message(2), &options), Ok(Record::Change));
    assert_eq!(run(&message(60), &options), Err(Error::Limit { what: DOCUMENT, limit: 1 << 15, at: 6 }));
    let few = Options { limits: Limits { items: 100, ..Limits::default() }, ..options };
    assert!(matches!(run(&message(1), &few), Err(Error::Limit { what: "absent fields", limit: 100, .. })));
}

#[test]
fn a_message_takes_some_of_the_room() {
    let writers = writers(&row("repeated M v = 1; message M { }"));
    let mut memory = Memory::default();
    memory.set_room(1 << 15);
    let mut run = |count: usize| {
        let value = behind(&[10, 0].repeat(count));
        decode_framed(Some(&writers), Some(&value), None, &as_is(), &mut memory, &mut TreeSink::default())
    };
    assert_eq!(run(6_000), Ok(Record::Change));
    // 16,000 bytes, and 24,000 of a document.
    assert_eq!(run(8_000), Err(Error::Limit { what: DOCUMENT, limit: 1 << 15, at: 6 }));
}
