//! Values in Avro, one by one, and the schemas that Kafka Connect does not write.

use outrigger_events::avro::Schema;
use outrigger_events::debezium::{Options, Record, Writer};
use outrigger_events::{Error, Value};

use crate::framed::{behind, decode, record, writers};

fn field<'v>(value: &'v Value, name: &str) -> &'v Value {
    let Value::Map(pairs) = value else { panic!("{value:?}") };
    let named = |key: &Value| match key {
        Value::Text(text) => text == name,
        Value::Name(own) => own.text() == name,
        _ => false,
    };
    &pairs.iter().find(|(key, _)| named(key)).unwrap_or_else(|| panic!("no {name} in {value:?}")).1
}

/// The one column `v` of a flattened row with this type, of this datum.
fn column(kind: &str, datum: &[u8]) -> Value {
    let writers = writers(&record(&format!(r#"{{"name":"v","type":{kind}}}"#)));
    let (told, change) = decode(&writers, &behind(datum), &Options::default()).unwrap();
    assert_eq!(told, Record::Change);
    field(field(&change, "after"), "v").clone()
}

#[test]
fn every_number_is_what_it_was() {
    for value in [0, -1, i64::MAX, i64::MIN, 1 << 53, (1 << 53) + 1] {
        let zigzag = (value << 1 ^ value >> 63).cast_unsigned();
        let bytes: Vec<u8> =
            (0..10).map(|place| (zigzag.checked_shr(7 * place).unwrap_or(0) & 0x7f) as u8 | 0x80).collect();
        let mut bytes = bytes;
        bytes[9] &= 0x7f;
        assert_eq!(column(r#""long""#, &bytes), Value::from(value));
    }
    for value in [0.1, -0.0, 1e300, 5e-324, f64::MAX, 1e16, 123_456_789.0] {
        let Value::Float(found) = column(r#""double""#, &value.to_le_bytes()) else { panic!("a float") };
        assert_eq!(found.to_bits(), value.to_bits());
    }
    // As JSON has it: the shortest text of 32 bits, not their exact value in 64.
    for (value, same) in [(0.1_f32, 0.1), (f32::MAX, 3.402_823_5e38), (-0.0, -0.0), (1.5, 1.5)] {
        assert_eq!(column(r#""float""#, &value.to_le_bytes()), Value::Float(same));
    }
    for (value, text) in [(f64::NAN, "NaN"), (f64::INFINITY, "Infinity"), (f64::NEG_INFINITY, "-Infinity")] {
        let decimal = Value::Decimal(outrigger_events::Decimal::parse(text).unwrap());
        assert_eq!(column(r#""double""#, &value.to_le_bytes()), decimal);
        assert_eq!(column(r#""float""#, &(value as f32).to_le_bytes()), decimal);
    }
}

#[test]
fn text_and_bytes_are_what_they_were() {
    let text = "\u{0}\u{1f}\"\\/\u{7f}é\u{2028}😀";
    let mut datum = vec![2 * text.len() as u8];
    datum.extend(text.as_bytes());
    assert_eq!(column(r#""string""#, &datum), Value::from(text));
    let bytes: Vec<u8> = (0..=63).chain(192..=254).collect();
    let mut datum = vec![0xfe, 1];
    datum.extend(&bytes);
    assert_eq!(column(r#""bytes""#, &datum), Value::Bytes(bytes));
    assert_eq!(column(r#"{"type":"fixed","name":"F","size":2}"#, &[7, 0]), Value::Bytes(vec![7, 0]));
    assert_eq!(column(r#"{"type":"enum","name":"E","symbols":["A","B"]}"#, &[2]), Value::from("B"));
}

#[test]
fn logical_types_without_a_name_of_connect_mean_what_avro_says() {
    use outrigger_events::Temporal::{Date, Instant, Naive, Time};
    for (kind, temporal) in [
        (r#"{"type":"int","logicalType":"date"}"#, Date(1)),
        (r#"{"type":"int","logicalType":"time-millis"}"#, Time(1_000_000, 3)),
        (r#"{"type":"long","logicalType":"time-micros"}"#, Time(1_000, 6)),
        (r#"{"type":"long","logicalType":"timestamp-millis"}"#, Instant(1_000_000, 3)),
        (r#"{"type":"long","logicalType":"timestamp-nanos"}"#, Instant(1, 9)),
        (r#"{"type":"long","logicalType":"local-timestamp-micros"}"#, Naive(1_000, 6)),
        // Connect's own has no zone.
        (
            r#"{"type":"long","logicalType":"timestamp-millis","connect.name":"org.apache.kafka.connect.data.Timestamp"}"#,
            Naive(1_000_000, 3),
        ),
        (r#"["null",{"type":"int","connect.name":"io.debezium.time.Date"}]"#, Date(1)),
    ] {
        let datum: &[u8] = if kind.starts_with('[') { &[2, 2] } else { &[2] };
        assert_eq!(column(kind, datum), Value::Temporal(temporal), "{kind}");
    }
    let decimal = Value::Decimal(outrigger_events::Decimal::parse("2.58").unwrap());
    for kind in [
        r#"{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}"#,
        r#"{"type":"bytes","connect.name":"org.apache.kafka.connect.data.Decimal","connect.parameters":{"scale":"2"}}"#,
    ] {
        assert_eq!(column(kind, &[4, 1, 2]), decimal);
    }
}

#[test]
fn maps_are_entries_if_their_keys_are_no_text() {
    let entries = |name: &str, key: &str| {
        format!(
            r#"{{"type":"array","items":{{"type":"record","name":"{name}","connect.internal.type":"MapEntry","fields":[
            {{"name":"key","type":{key}}},{{"name":"value","type":"long"}}]}}}}"#
        )
    };
    let pair = |key: Value| Value::List(vec![Value::List(vec![key, Value::from(2)])]);
    assert_eq!(column(&entries("M", r#""int""#), &[2, 2, 4, 0]), pair(Value::from(1)));
    let text = column(&entries("M", r#"["null","string"]"#), &[2, 2, 2, b'a', 4, 0]);
    assert_eq!(text, Value::Map(vec![("a".into(), Value::from(2))]));
    assert_eq!(column(&entries("M", r#""string""#), &[0]), Value::Map(vec![]));
    // Another record with these names is a struct.
    let plain = entries("M", r#""int""#).replace("MapEntry", "Other");
    let one = Value::Map(vec![("key".into(), Value::from(1)), ("value".into(), Value::from(2))]);
    assert_eq!(column(&plain, &[2, 2, 4, 0]), Value::List(vec![one]));
}

#[test]
fn schemas_that_connect_does_not_write_are_refused() {
    let writer = |schema: &str| Writer::avro(&Schema::parse(schema, &[]).unwrap()).map(drop);
    for (kind, at) in [
        (r#"["int","string"]"#, "union of several types at $.v"),
        (r#"["null",{"type":"array","items":["int","null","long"]}]"#, "union of several types at $.v[]"),
        (r#"["null","s.t.Value"]"#, "types that hold themselves"),
    ] {
        let error = writer(&record(&format!(r#"{{"name":"v","type":{kind}}}"#))).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains(at), "{error}");
    }
    let decimal = r#"{"type":"bytes","connect.name":"org.apache.kafka.connect.data.Decimal"}"#;
    let error = writer(&record(&format!(r#"{{"name":"v","type":{decimal}}}"#))).unwrap_err();
    assert!(error.to_string().contains("$.v: this decimal has no scale"), "{error}");
    // Each record holds the next one twice: small texts, and more types than there is memory for.
    let last = r#"{"type":"record","name":"R0","fields":[]}"#.to_owned();
    let bomb = (1..40).fold(last, |inner, n| {
        let m = n - 1;
        format!(r#"{{"type":"record","name":"R{n}","fields":[{{"name":"a","type":{inner}}},{{"name":"b","type":"R{m}"}}]}}"#)
    });
    assert!(writer(&bomb).unwrap_err().to_string().contains("65,536 types"));
}
