//! Values to bytes.

use outrigger_events::{Decimal, Error, Integer, Temporal, Value};

use crate::common::{map, read_own, record, write};

#[track_caller]
fn refused(schema: &str, value: &Value, place: &str, says: &str) {
    match write(schema, value) {
        Err(Error::Value { path, problem }) => {
            assert!(path == place && problem.contains(says), "{path}: {problem}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_written_is_read() {
    let decimal = |text| Value::Decimal(Decimal::parse(text).unwrap());
    let fixed_decimal =
        r#"{"type": "fixed", "name": "F", "size": 9, "logicalType": "decimal", "precision": 20, "scale": 3}"#;
    let duration = Temporal::Duration { months: 14, days: 3, nanos: 5_000_000 };
    for (schema, value) in [
        (r#""null""#, Value::Null),
        (r#""boolean""#, Value::Boolean(true)),
        (r#""int""#, Value::from(i64::from(i32::MIN))),
        (r#""long""#, Value::from(i64::MAX)),
        (r#""float""#, Value::Float(0.25)),
        (r#""double""#, Value::Float(0.1)),
        (r#""bytes""#, Value::Bytes(vec![0, 255])),
        (r#""string""#, Value::from("grüß")),
        (r#"{"type": "map", "values": "int"}"#, map(&[("a", 1.into()), ("b", 2.into())])),
        (r#"{"type": "map", "values": "int"}"#, map(&[])),
        (
            r#"{"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 2}"#,
            decimal("-12345678901234567890123.45"),
        ),
        (fixed_decimal, decimal("-12345678901234567.890")),
        (r#"{"type": "bytes", "logicalType": "big-decimal"}"#, decimal("1.50")),
        (r#"{"type": "int", "logicalType": "date"}"#, Value::Temporal(Temporal::Date(-719_162))),
        (
            r#"{"type": "int", "logicalType": "time-millis"}"#,
            Value::Temporal(Temporal::Time(86_399_999_000_000, 3)),
        ),
        (
            r#"{"type": "long", "logicalType": "timestamp-micros"}"#,
            Value::Temporal(Temporal::Instant(-1_000, 6)),
        ),
        (
            r#"{"type": "long", "logicalType": "local-timestamp-nanos"}"#,
            Value::Temporal(Temporal::Naive(-1, 9)),
        ),
        (
            r#"{"type": "fixed", "name": "D", "size": 12, "logicalType": "duration"}"#,
            Value::Temporal(duration),
        ),
        (
            r#"{"type": "fixed", "name": "U", "size": 16, "logicalType": "uuid"}"#,
            "00112233-4455-6677-8899-aabbccddeeff".into(),
        ),
        (r#"{"type": "string", "logicalType": "uuid"}"#, "00112233-4455-6677-8899-aabbccddeeff".into()),
    ] {
        let bytes = write(schema, &value).unwrap_or_else(|error| panic!("{error}: {schema}"));
        assert_eq!(read_own(schema, &bytes), Ok(value), "{schema}");
    }
}

#[test]
fn unions_take_what_fits_best() {
    let branch = |schema: &str, value: Value| write(schema, &value).map(|bytes| bytes[0] / 2);
    assert_eq!(branch(r#"["null", "double", "int"]"#, 1.into()), Ok(2));
    assert_eq!(branch(r#"["null", "double"]"#, 1.into()), Ok(1));
    assert_eq!(branch(r#"["int", "long"]"#, (1 << 40).into()), Ok(1));
    assert_eq!(branch(r#"["float", "double"]"#, Value::Float(0.5)), Ok(0));
    assert_eq!(branch(r#"["float", "double"]"#, Value::Float(0.1)), Ok(1));
    let symbols = r#"[{"type": "enum", "name": "E", "symbols": ["A"]}, "string"]"#;
    assert_eq!(branch(symbols, "A".into()), Ok(0));
    assert_eq!(branch(symbols, "B".into()), Ok(1));
    let records = r#"[{"type": "map", "values": "int"},
        {"type": "record", "name": "A", "fields": [{"name": "a", "type": "int"}]},
        {"type": "record", "name": "B", "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": "int", "default": 7}]}]"#;
    assert_eq!(branch(records, map(&[("a", 1.into())])), Ok(1));
    assert_eq!(branch(records, map(&[("a", 1.into()), ("b", 1.into())])), Ok(2));
    assert_eq!(branch(records, map(&[("c", 1.into())])), Ok(0));
    refused(r#"["null", "int"]"#, &"x".into(), "$", "text fits none");
}

#[test]
fn defaults_fill_in_and_strange_keys_do_not() {
    let schema = record(&[
        r#"{"name": "a", "type": "int"}"#,
        r#"{"name": "b", "type": ["null", "string"], "default": null}"#,
        r#"{"name": "c", "type": {"type": "array", "items": "int"}, "default": [1]}"#,
    ]);
    assert_eq!(write(&schema, &map(&[("a", 1.into())])), Ok(vec![2, 0, 2, 2, 0]));
    refused(&schema, &map(&[("b", Value::Null)]), "$.a", "is missing");
    refused(&schema, &map(&[("a", 1.into()), ("d", 1.into())]), "$", "no field d");
    refused(
        &schema,
        &map(&[("a", 1.into()), ("c", Value::List(vec![1.into(), "x".into()]))]),
        "$.c[1]",
        "text is no int",
    );
}

#[test]
fn nothing_is_rounded() {
    let decimal = r#"{"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}"#;
    let value = |text| Value::Decimal(Decimal::parse(text).unwrap());
    assert_eq!(write(decimal, &value("1.5")), Ok(vec![4, 0, 150]));
    assert_eq!(write(decimal, &value("15e-1")), Ok(vec![4, 0, 150]));
    assert_eq!(write(decimal, &value("1.5000")), Ok(vec![4, 0, 150]));
    assert_eq!(write(decimal, &1.into()), Ok(vec![2, 100]));
    assert_eq!(write(decimal, &value("99.99")).map(|bytes| bytes.len()), Ok(3));
    refused(decimal, &value("1.005"), "$", "rounded");
    refused(decimal, &value("100.00"), "$", "more than 4 digits");
    refused(decimal, &value("1e2000000000"), "$", "more than 4 digits");
    refused(decimal, &value("1e-2000000000"), "$", "more than 4 digits");
    refused(decimal, &value("NaN"), "$", "NaN");
    let millis = r#"{"type": "long", "logicalType": "timestamp-millis"}"#;
    refused(millis, &Value::Temporal(Temporal::Instant(1_500_000, 6)), "$", "rounded");
    refused(millis, &Value::Temporal(Temporal::Naive(0, 6)), "$", "a time is no long");
    refused(r#""int""#, &(1_i64 << 31).into(), "$", "does not fit an int");
    refused(r#""double""#, &((1_i64 << 53) + 1).into(), "$", "an integer is no double");
    let big = Value::Integer(Integer::from_digits(b"99999999999999999999").unwrap());
    refused(r#""long""#, &big, "$", "an integer is no long");
    refused(r#"{"type": "fixed", "name": "F", "size": 2}"#, &Value::Bytes(vec![1]), "$", "1 bytes are no");
    refused(
        r#"{"type": "fixed", "name": "U", "size": 16, "logicalType": "uuid"}"#,
        &"no".into(),
        "$",
        "no UUID",
    );
}

#[test]
fn after_an_error_the_output_is_as_it_was() {
    let schema = crate::common::schema(r#"{"type": "array", "items": "int"}"#);
    let mut out = vec![9];
    let list = Value::List(vec![1.into(), "x".into()]);
    assert!(schema.encode(&list, &Default::default(), &mut out).is_err());
    assert_eq!(out, [9]);
}
