//! Messages that mean something more than their fields, both ways.

use outrigger_events::protobuf::{Options, Plan, Schema};
use outrigger_events::{Decimal, Error, Integer, Temporal, Value};

use crate::common::{SET, decode, encode, list, map};

const IMPORTS: [(&str, &str); 3] = [
    (
        "google/type/date.proto",
        "syntax = \"proto3\"; package google.type; message Date { int32 year = 1; int32 month = 2; int32 day = 3; }",
    ),
    (
        "google/type/timeofday.proto",
        "syntax = \"proto3\"; package google.type;
         message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }",
    ),
    (
        "confluent/type/decimal.proto",
        "syntax = \"proto3\"; package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }",
    ),
];

fn plan(fields: &str, options: Options) -> Plan {
    let mut text = String::from("syntax = \"proto3\";");
    for name in ["any", "duration", "struct", "timestamp", "wrappers"] {
        text += &format!("import \"google/protobuf/{name}.proto\";");
    }
    for (name, _) in IMPORTS {
        text += &format!("import \"{name}\";");
    }
    text += &format!("message M {{ {fields} }}");
    let schema = Schema::parse_with(&text, "m.proto", &IMPORTS).unwrap();
    Plan::named(&schema, "M", options).unwrap()
}

/// What a field of this type is, told; and written as it was read.
#[track_caller]
fn same(kind: &str, bytes: &[u8], value: Value) {
    let plan = plan(&format!("{kind} a = 1;"), SET);
    let message = [&[0x0a, bytes.len() as u8], bytes].concat();
    let expected = map(&[("a", value)]);
    assert_eq!(decode(&plan, &message), Ok(expected.clone()));
    assert_eq!(encode(&plan, &expected), Ok(message));
}

#[test]
fn times_and_spans() {
    let at = |nanos| Value::Temporal(Temporal::Instant(nanos, 9));
    same("google.protobuf.Timestamp", &[8, 1, 0x10, 2], at(1_000_000_002));
    same("google.protobuf.Timestamp", &[], at(0));
    let before = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0x10, 1];
    same("google.protobuf.Timestamp", &before, at(-999_999_999));
    let span = |nanos| Value::Temporal(Temporal::Duration { months: 0, days: 0, nanos });
    same("google.protobuf.Duration", &[8, 3, 0x10, 5], span(3_000_000_005));
    let negative = [0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    same("google.protobuf.Duration", &negative, span(-1));
    same("google.type.Date", &[8, 0xea, 0x0f, 0x10, 11, 0x18, 22], Value::Temporal(Temporal::Date(20_779)));
    same(
        "google.type.TimeOfDay",
        &[8, 23, 0x10, 1, 0x20, 9],
        Value::Temporal(Temporal::Time(82_860_000_000_009, 9)),
    );
    // What no calendar has stays the message that it is.
    same("google.type.Date", &[0x10, 2, 0x18, 30], map(&[("month", 2.into()), ("day", 30.into())]));
    same("google.type.TimeOfDay", &[8, 24, 0x10, 1], map(&[("hours", 24.into()), ("minutes", 1.into())]));
}

#[test]
fn times_that_are_none() {
    let plan = plan("google.protobuf.Timestamp a = 1; google.protobuf.Duration b = 2;", SET);
    let minus = [0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    for (tag, parts, path) in [(0x0a, &minus[..], "$.a"), (0x12, &[&[8, 1], &minus[..]].concat(), "$.b")] {
        match decode(&plan, &[&[tag, parts.len() as u8], parts].concat()) {
            Err(Error::Malformed { path: told, .. }) => assert_eq!(told, path),
            other => panic!("{other:?}"),
        }
    }
    let far = Value::Temporal(Temporal::Instant(i128::MAX, 9));
    let months = Value::Temporal(Temporal::Duration { months: 1, days: 0, nanos: 0 });
    for wrong in [map(&[("a", far)]), map(&[("b", months)]), map(&[("a", 1.into())])] {
        assert!(matches!(encode(&plan, &wrong), Err(Error::Value { .. })), "{wrong:?}");
    }
}

#[test]
fn decimals() {
    let of = |unscaled, scale| Value::Decimal(Decimal::new(Integer::Small(unscaled), scale));
    same("confluent.type.Decimal", &[0x0a, 2, 0x04, 0xe2, 0x10, 4, 0x18, 2], of(1_250, 2));
    same("confluent.type.Decimal", &[0x0a, 1, 0x80, 0x10, 3], of(-128, 0));
    let decimals = plan("confluent.type.Decimal a = 1;", SET);
    assert_eq!(decode(&decimals, &[0x0a, 0]), Ok(map(&[("a", of(0, 0))])));
    let long = [&[0x0a, 0xea, 0x07, 0x0a, 0xe7, 0x07][..], &[1; 999]].concat();
    assert!(matches!(decode(&decimals, &long), Err(Error::Limit { what: "digits", .. })));
    assert!(encode(&decimals, &map(&[("a", Value::Decimal(Decimal::NaN))])).is_err());
}

#[test]
fn wrappers_are_what_they_wrap() {
    same("google.protobuf.Int64Value", &[8, 7], 7.into());
    same("google.protobuf.Int64Value", &[], 0.into());
    same("google.protobuf.StringValue", &[0x0a, 1, b'x'], "x".into());
    same("google.protobuf.BoolValue", &[8, 1], Value::Boolean(true));
    let plan = plan("google.protobuf.Int64Value a = 1;", Options::default());
    assert_eq!(decode(&plan, &[]), Ok(map(&[("a", Value::Null)])));
}

#[test]
fn json_in_messages() {
    let one = [0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
    same("google.protobuf.Value", &one, Value::Float(1.0));
    same("google.protobuf.Value", &[0x1a, 1, b'x'], "x".into());
    same("google.protobuf.Value", &[0x20, 0], Value::Boolean(false));
    same(
        "google.protobuf.ListValue",
        &[0x0a, 2, 0x20, 1, 0x0a, 2, 8, 0],
        Value::List(vec![Value::Boolean(true), Value::Null]),
    );
    let inner = [0x0a, 7, 0x0a, 1, b'k', 0x12, 2, 0x2a, 0];
    same("google.protobuf.Struct", &inner, map(&[("k", map(&[]))]));
    let plan = plan("google.protobuf.Value a = 1;", SET);
    assert_eq!(decode(&plan, &[0x0a, 0]), Ok(map(&[("a", Value::Null)])));
    assert_eq!(decode(&plan, &[0x0a, 2, 8, 0]), Ok(map(&[("a", Value::Null)])));
    assert!(encode(&plan, &map(&[("a", i64::MAX.into())])).is_err(), "a double does not hold it");
    assert_eq!(encode(&plan, &map(&[("a", list(&[]))])), Ok(vec![0x0a, 2, 0x32, 0]));
}

#[test]
fn as_the_messages_that_they_are() {
    let plain = Options { well_known: false, ..SET };
    let told = decode(&plan("google.protobuf.Timestamp a = 1;", plain), &[0x0a, 2, 8, 1]);
    assert_eq!(told, Ok(map(&[("a", map(&[("seconds", 1.into())]))])));
    // And others of the same name.
    let text = "syntax = \"proto3\"; package google.protobuf; message Timestamp { string seconds = 1; }";
    let own = Plan::named(&Schema::parse(text).unwrap(), "Timestamp", SET).unwrap();
    assert_eq!(decode(&own, &[0x0a, 1, b'x']), Ok(map(&[("seconds", "x".into())])));
    let any = plan("google.protobuf.Any a = 1;", SET);
    let told = map(&[("a", map(&[("type_url", "t".into()), ("value", Value::Bytes(vec![8]))]))]);
    assert_eq!(decode(&any, &[0x0a, 6, 0x0a, 1, b't', 0x12, 1, 8]), Ok(told));
}
