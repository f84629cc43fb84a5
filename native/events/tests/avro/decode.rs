//! Bytes to values: the specification's examples, resolution, and hostile bytes.

use outrigger_events::avro::Plan;
use outrigger_events::{Decimal, Error, Integer, Limits, Temporal, TreeSink, Value};

use crate::common::{decode, map, read, read_own, record, schema};

#[track_caller]
fn malformed(result: Result<Value, Error>, byte: usize, place: &str, says: &str) {
    match result {
        Err(Error::Malformed { at, path, problem, .. }) => {
            assert!((at, &*path) == (byte, place) && problem.contains(says), "byte {at}, {path}: {problem}");
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn unresolved(result: Result<Value, Error>, place: &str, says: &str) {
    match result {
        Err(Error::Resolution { path, problem }) => {
            assert!(path == place && problem.contains(says), "{path}: {problem}");
        }
        other => panic!("{other:?}"),
    }
}

/// The examples of "Binary encoding" in the specification.
#[test]
fn reads_the_examples_of_the_specification() {
    for (number, bytes) in
        [(0, &[0][..]), (-1, &[1]), (1, &[2]), (-2, &[3]), (2, &[4]), (-64, &[0x7f]), (64, &[0x80, 0x01])]
    {
        assert_eq!(read_own(r#""int""#, bytes), Ok(Value::from(number)));
        assert_eq!(read_own(r#""long""#, bytes), Ok(Value::from(number)));
    }
    assert_eq!(read_own(r#""string""#, &[6, 0x66, 0x6f, 0x6f]), Ok(Value::from("foo")));
    let test = record(&[r#"{"name": "a", "type": "long"}"#, r#"{"name": "b", "type": "string"}"#]);
    let read = read_own(&test, &[0x36, 6, 0x66, 0x6f, 0x6f]);
    assert_eq!(read, Ok(map(&[("a", 27.into()), ("b", "foo".into())])));
    let list = read_own(r#"{"type": "array", "items": "long"}"#, &[4, 6, 0x36, 0]);
    assert_eq!(list, Ok(Value::List(vec![3.into(), 27.into()])));
    let union = r#"["null", "string"]"#;
    assert_eq!(read_own(union, &[0]), Ok(Value::Null));
    assert_eq!(read_own(union, &[2, 2, 0x61]), Ok(Value::from("a")));
}

#[test]
fn reads_blocks_that_say_their_size() {
    let list = r#"{"type": "array", "items": "long"}"#;
    let three = || Value::List(vec![3.into(), 27.into(), 1.into()]);
    assert_eq!(read_own(list, &[3, 4, 6, 0x36, 2, 2, 0]), Ok(three()));
    malformed(read_own(list, &[3, 2, 6, 0x36, 2, 2, 0]), 4, "$", "was to end at byte 3");
    malformed(read_own(list, &[3, 80, 6, 0x36, 0]), 1, "$", "a block of 40 bytes");
    let counts = r#"{"type": "map", "values": "int"}"#;
    let read = read_own(counts, &[1, 8, 2, b'a', 2, 2, 2, b'b', 4, 0]);
    malformed(read, 5, "$", "was to end at byte 6");
    let read = read_own(counts, &[1, 6, 2, b'a', 2, 2, 2, b'b', 4, 0]);
    assert_eq!(read, Ok(map(&[("a", 1.into()), ("b", 2.into())])));
}

#[test]
fn logical_types_are_exact() {
    let decimal = |unscaled: i64, scale| Ok(Value::Decimal(Decimal::new(Integer::Small(unscaled), scale)));
    let money = r#"{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}"#;
    assert_eq!(read_own(money, &[4, 0xff, 0x38]), decimal(-200, 2));
    let fixed =
        r#"{"type": "fixed", "name": "F", "size": 4, "logicalType": "decimal", "precision": 9, "scale": 9}"#;
    assert_eq!(read_own(fixed, &[0, 0, 1, 0]), decimal(256, 9));
    let big = r#"{"type": "bytes", "logicalType": "big-decimal"}"#;
    assert_eq!(read_own(big, &[6, 2, 0x80, 3]), decimal(-128, -2));
    malformed(read_own(big, &[6, 2, 0x80, 0x80]), 1, "$", "big-decimal");
    let temporal = |value| Ok(Value::Temporal(value));
    for (text, bytes, expected) in [
        (r#"{"type": "int", "logicalType": "date"}"#, &[3][..], Temporal::Date(-2)),
        (r#"{"type": "int", "logicalType": "time-millis"}"#, &[2], Temporal::Time(1_000_000, 3)),
        (r#"{"type": "long", "logicalType": "time-micros"}"#, &[2], Temporal::Time(1_000, 6)),
        (r#"{"type": "long", "logicalType": "timestamp-millis"}"#, &[1], Temporal::Instant(-1_000_000, 3)),
        (r#"{"type": "long", "logicalType": "timestamp-nanos"}"#, &[2], Temporal::Instant(1, 9)),
        (r#"{"type": "long", "logicalType": "local-timestamp-micros"}"#, &[2], Temporal::Naive(1_000, 6)),
        (
            r#"{"type": "fixed", "name": "D", "size": 12, "logicalType": "duration"}"#,
            &[1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0],
            Temporal::Duration { months: 1, days: 2, nanos: 3_000_000 },
        ),
    ] {
        assert_eq!(read_own(text, bytes), temporal(expected), "{text}");
    }
    malformed(read_own(r#"{"type": "int", "logicalType": "time-millis"}"#, &[1]), 0, "$", "no time of day");
    let uuid = r#"{"type": "fixed", "name": "U", "size": 16, "logicalType": "uuid"}"#;
    let bytes: Vec<u8> = (0..16).map(|n| n * 17).collect();
    assert_eq!(read_own(uuid, &bytes), Ok(Value::from("00112233-4455-6677-8899-aabbccddeeff")));
    // The unit and the scale are those of the writer: the value stays what it was.
    let millis = r#"{"type": "long", "logicalType": "timestamp-millis"}"#;
    let micros = r#"{"type": "long", "logicalType": "timestamp-micros"}"#;
    assert_eq!(read(millis, micros, &[2]), temporal(Temporal::Instant(1_000_000, 3)));
    let other = r#"{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 4}"#;
    assert_eq!(read(money, other, &[2, 1]), decimal(1, 2));
    assert_eq!(read(money, r#""bytes""#, &[2, 1]), Ok(Value::Bytes(vec![1])));
    assert_eq!(read(r#""bytes""#, money, &[2, 1]), decimal(1, 2));
}

#[test]
fn promotes() {
    let float = |value| Ok(Value::Float(value));
    assert_eq!(read(r#""int""#, r#""long""#, &[2]), Ok(Value::from(1)));
    assert_eq!(read(r#""int""#, r#""float""#, &[2]), float(1.0));
    assert_eq!(read(r#""long""#, r#""double""#, &[2]), float(1.0));
    assert_eq!(read(r#""float""#, r#""double""#, &0.5_f32.to_le_bytes()), float(0.5));
    assert_eq!(read(r#""string""#, r#""bytes""#, &[2, 65]), Ok(Value::Bytes(vec![65])));
    assert_eq!(read(r#""bytes""#, r#""string""#, &[2, 65]), Ok(Value::from("A")));
    malformed(read(r#""bytes""#, r#""string""#, &[2, 0xff]), 1, "$", "UTF-8");
    unresolved(read(r#""long""#, r#""int""#, &[2]), "$", "the writer's long cannot be read as int");
}

#[test]
fn fields_are_reordered_skipped_and_filled_in() {
    let writer = record(&[
        r#"{"name": "gone", "type": {"type": "map", "values": ["null", {"type": "array", "items": "R"}]}}"#,
        r#"{"name": "a", "type": "int"}"#,
        r#"{"name": "old", "type": "string"}"#,
    ]);
    let reader = record(&[
        r#"{"name": "tags", "type": {"type": "array", "items": "string"}, "default": ["x", "y"]}"#,
        r#"{"name": "new", "type": "string", "aliases": ["older", "old"]}"#,
        r#"{"name": "a", "type": "long"}"#,
        r#"{"name": "b", "type": "bytes", "default": "\u00ff"}"#,
        r#"{"name": "nested", "default": {"at": 5}, "type": {"type": "record", "name": "N", "fields": [
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "note", "type": ["null", "string"], "default": "n"}]}}"#,
        r#"{"name": "amount", "default": "\u0001", "type": {"type": "bytes", "logicalType": "decimal", "precision": 3, "scale": 1}}"#,
    ]);
    // One pair whose value is an array of two records: one by a count, the other in a block that says its size.
    let inner = [0, 2, 2, b'i'];
    let mut bytes = vec![2, 2, b'k', 2, 2];
    bytes.extend(inner);
    bytes.extend([1, 8]);
    bytes.extend(inner);
    bytes.extend([0, 0, 14, 2, b's']);
    let expected = map(&[
        ("a", 7.into()),
        ("new", "s".into()),
        ("tags", Value::List(vec!["x".into(), "y".into()])),
        ("b", Value::Bytes(vec![0xff])),
        ("nested", map(&[("at", Value::Temporal(Temporal::Instant(5_000_000, 3))), ("note", "n".into())])),
        ("amount", Value::Decimal(Decimal::new(Integer::Small(1), 1))),
    ]);
    assert_eq!(read(&writer, &reader, &bytes), Ok(expected));
    malformed(read(&writer, &reader, &bytes[..7]), 7, "$.gone", "1 bytes are wanted, 0 are left");
    unresolved(
        read(&writer, &record(&[r#"{"name": "c", "type": "int"}"#]), &bytes),
        "$.c",
        "is not written and has no default",
    );
    unresolved(
        read(&writer, &record(&[r#"{"name": "c", "type": "int", "default": "1"}"#]), &bytes),
        "$.c",
        "its default is wrong",
    );
}

#[test]
fn unions_go_both_ways() {
    // Written without, read with one: the writer's own type goes before a promotion.
    assert_eq!(read(r#""int""#, r#"["null", "double", "int"]"#, &[2]), Ok(Value::from(1)));
    assert_eq!(read(r#""int""#, r#"["null", "double", "long"]"#, &[2]), Ok(Value::Float(1.0)));
    unresolved(read(r#""int""#, r#"["null", "string"]"#, &[2]), "$", "no branch of the reader's union");
    // Written with, read without: an error only if it comes.
    assert_eq!(read(r#"["null", "int"]"#, r#""long""#, &[2, 2]), Ok(Value::from(1)));
    unresolved(
        read(r#"["null", "int"]"#, r#""long""#, &[0]),
        "$",
        "the writer's null cannot be read as long",
    );
    unresolved(read(r#"["null", "string"]"#, r#""long""#, &[0]), "$<null>", "the writer's null");
    assert_eq!(read(r#"["null", "int"]"#, r#"["string", "float", "null"]"#, &[2, 2]), Ok(Value::Float(1.0)));
    malformed(read_own(r#"["null", "int"]"#, &[4]), 0, "$", "branch 2 of 2");
    malformed(read_own(r#"["null", "int"]"#, &[1]), 0, "$", "branch -1 of 2");
    // Of two records that might do, the one that reads all data.
    let writer = r#"{"type": "record", "name": "W", "fields": [{"name": "x", "type": ["int", "string"]}]}"#;
    let reader = r#"[
        {"type": "record", "name": "A", "aliases": ["W"], "fields": [{"name": "x", "type": "int"}]},
        {"type": "record", "name": "B", "aliases": ["W"], "fields": [{"name": "x", "type": ["long", "bytes"]}]}]"#;
    assert_eq!(read(writer, reader, &[2, 2, b'a']), Ok(map(&[("x", Value::Bytes(b"a".to_vec()))])));
}

#[test]
fn enums_and_fixed() {
    let writer = r#"{"type": "enum", "name": "a.E", "symbols": ["A", "B", "C"]}"#;
    assert_eq!(read_own(writer, &[2]), Ok(Value::from("B")));
    malformed(read_own(writer, &[6]), 0, "$", "symbol 3 of 3");
    let fewer = r#"{"type": "enum", "name": "b.E", "symbols": ["C", "A"]}"#;
    assert_eq!(read(writer, fewer, &[4]), Ok(Value::from("C")));
    unresolved(read(writer, fewer, &[2]), "$", "a symbol of the writer's enum");
    let other =
        r#"{"type": "enum", "name": "b.Other", "aliases": ["a.E"], "symbols": ["C", "X"], "default": "X"}"#;
    assert_eq!(read(writer, other, &[2]), Ok(Value::from("X")));
    let stranger = r#"{"type": "enum", "name": "b.Other", "symbols": ["A", "B", "C"]}"#;
    unresolved(read(writer, stranger, &[2]), "$", "neither name nor alias");
    let four = r#"{"type": "fixed", "name": "F", "size": 4}"#;
    let five = r#"{"type": "fixed", "name": "F", "size": 5}"#;
    assert_eq!(read_own(four, b"abcd"), Ok(Value::Bytes(b"abcd".to_vec())));
    unresolved(read(four, five, b"abcd"), "$", "has 5 bytes, the writer's 4");
}

#[test]
fn recursion_is_read_and_bounded() {
    let list = record(&[r#"{"name": "v", "type": "int"}"#, r#"{"name": "next", "type": ["null", "R"]}"#]);
    let longer = record(&[
        r#"{"name": "next", "type": ["null", "R"]}"#,
        r#"{"name": "v", "type": "double"}"#,
        r#"{"name": "w", "type": "string", "default": ""}"#,
    ]);
    let last = map(&[("v", Value::Float(2.0)), ("next", Value::Null), ("w", "".into())]);
    let first = map(&[("v", Value::Float(1.0)), ("next", last), ("w", "".into())]);
    assert_eq!(read(&list, &longer, &[2, 2, 4, 0]), Ok(first));
    let deep = [2, 2].repeat(10_000);
    assert!(matches!(read_own(&list, &deep), Err(Error::Limit { what: "depth", limit: 512, at: 1024 })));
    // Takes no bytes at all.
    let endless = record(&[r#"{"name": "r", "type": "R"}"#]);
    assert!(matches!(read_own(&endless, &[]), Err(Error::Limit { what: "depth", .. })));
    assert!(matches!(read(&endless, &record(&[]), &[]), Err(Error::Limit { what: "depth", .. })));
}

/// The stack of a dirty scheduler of the BEAM is 40 kilowords. Code that is not optimised takes some times as much.
#[test]
fn the_deepest_data_fits_a_small_stack() {
    let fields = [
        r#"{"name": "next", "type": ["null", {"type": "array", "items": {"type": "map", "values": "R"}}]}"#,
        r#"{"name": "gone", "type": {"type": "array", "items": "R"}}"#,
    ];
    let (list, without) = (schema(&record(&fields)), schema(&record(&fields[..1])));
    let deeper: &[u8] = &[2, 2, 2, 2, b'k'];
    let skipped: &[u8] = &[0, 2];
    let work = move || {
        for reader in [&list, &without] {
            let plan = Plan::new(&list, Some(reader)).unwrap();
            for bytes in [deeper, skipped] {
                let result = plan.decode(&bytes.repeat(2_000), &Limits::default(), &mut TreeSink::default());
                assert!(matches!(result, Err(Error::Limit { what: "depth", .. })), "{result:?}");
            }
        }
    };
    let words = if cfg!(debug_assertions) { 160 } else { 40 };
    std::thread::Builder::new().stack_size(words << 13).spawn(work).unwrap().join().unwrap();
}

#[test]
fn hostile_bytes_are_refused() {
    let nulls = r#"{"type": "array", "items": "null"}"#;
    let huge = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0];
    assert!(matches!(read_own(nulls, &huge), Err(Error::Limit { what: "elements without bytes", .. })));
    let skipped = record(&[r#"{"name": "x", "type": {"type": "array", "items": "null"}}"#]);
    assert!(matches!(read(&skipped, &record(&[]), &huge), Err(Error::Limit { .. })));
    malformed(
        read_own(r#"{"type": "array", "items": "int"}"#, &huge),
        10,
        "$[1]",
        "1 bytes are wanted, 0 are left",
    );
    malformed(read_own(r#""bytes""#, &huge[..9]), 9, "$", "are wanted, 0 are left");
    malformed(read_own(r#""bytes""#, &[1]), 0, "$", "a length of -1");
    malformed(read_own(r#""long""#, &[0xff; 10]), 0, "$", "more than 64 bits");
    malformed(read_own(r#""long""#, &[0xff; 9]), 0, "$", "10 bytes are wanted, 9 are left");
    assert_eq!(
        read_own(r#""long""#, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        Ok(Value::from(i64::MIN))
    );
    malformed(read_own(r#""int""#, &[0x80, 0x80, 0x80, 0x80, 0x10]), 0, "$", "is no int");
    malformed(read_own(r#""boolean""#, &[2]), 0, "$", "no boolean");
    malformed(read_own(r#""int""#, &[2, 2]), 1, "$", "1 bytes follow");
    malformed(read_own(r#""string""#, &[4, b'a', 0xff]), 2, "$", "UTF-8");
    let nested = record(&[
        r#"{"name": "m", "type": {"type": "map", "values": {"type": "array", "items": "boolean"}}}"#,
    ]);
    malformed(read_own(&nested, &[2, 2, b'k', 4, 1, 7]), 5, r#"$.m{"k"}[1]"#, "7 is no boolean");
    let plan = Plan::new(&schema(r#""bytes""#), None).unwrap();
    let limits = Limits { bytes: 3, ..Limits::default() };
    let result = plan.decode(&[6, 1, 2, 3], &limits, &mut TreeSink::default());
    assert!(matches!(result, Err(Error::Limit { what: "bytes", .. })));
    let decimal = r#"{"type": "bytes", "logicalType": "decimal", "precision": 9}"#;
    let mut long = vec![0x80, 0x20];
    long.extend([1; 2048]);
    assert!(matches!(read_own(decimal, &long), Err(Error::Limit { what: "digits", .. })));
}

#[test]
fn says_the_keys_of_records_before_there_is_data() {
    let writer = record(&[
        r#"{"name": "id", "type": "int"}"#,
        r#"{"name": "gone", "type": "int"}"#,
        r#"{"name": "at", "type": {"type": "record", "name": "P", "fields": [{"name": "id", "type": "int"}]}}"#,
    ]);
    let reader = record(&[
        r#"{"name": "note", "type": "string", "default": "n"}"#,
        r#"{"name": "at", "type": {"type": "record", "name": "P", "fields": [{"name": "id", "type": "int"}]}}"#,
        r#"{"name": "id", "type": "int"}"#,
    ]);
    let plan = Plan::new(&schema(&writer), Some(&schema(&reader))).unwrap();
    let names: Vec<_> = plan.names().collect();
    let keys: Vec<Vec<_>> =
        (0..plan.records()).map(|n| plan.record(n).map(|key| names[key]).collect()).collect();
    assert_eq!(keys, [vec!["id", "at", "note"], vec!["id"]]);
    let expected = map(&[("id", 1.into()), ("at", map(&[("id", 3.into())])), ("note", "n".into())]);
    assert_eq!(decode(&plan, &[2, 4, 6]), Ok(expected));
}
