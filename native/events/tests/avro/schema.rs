//! Schemas: what is one, what its form and fingerprint are, what its references bring.

use outrigger_events::Error;
use outrigger_events::avro::{Kind, Logical, Schema, Unit};

use crate::common::{record, schema};

#[track_caller]
fn refused(text: &str, at: &str, says: &str) {
    match Schema::parse(text, &[]) {
        Err(Error::Schema { path, problem }) => {
            assert!(path == at && problem.contains(says), "{path}: {problem}\n{text}");
        }
        other => panic!("{other:?}\n{text}"),
    }
}

/// Fingerprints as the tests of the Java implementation have them: `share/test/data/schema-tests.txt`.
#[test]
fn fingerprints_are_those_of_the_reference() {
    for (text, form, fingerprint) in [
        (r#""null""#, r#""null""#, 7_195_948_357_588_979_594_i64),
        (r#"{"type": "boolean"}"#, r#""boolean""#, -6_970_731_678_124_411_036),
        (r#""int""#, r#""int""#, 8_247_732_601_305_521_295),
        (r#""long""#, r#""long""#, -3_434_872_931_120_570_953),
        (r#""string""#, r#""string""#, -8_142_146_995_180_207_161),
        (r#"["int"]"#, r#"["int"]"#, -5_232_228_896_498_058_493),
        (
            r#"{"fields":[], "type":"record", "name":"foo", "namespace":"x.y", "doc": "a"}"#,
            r#"{"name":"x.y.foo","type":"record","fields":[]}"#,
            5_916_914_534_497_305_771,
        ),
    ] {
        let schema = schema(text);
        assert_eq!(schema.canonical_form(), form);
        assert_eq!(schema.fingerprint() as i64, fingerprint, "{form}");
    }
    let sha = schema(r#""int""#).sha256().map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(sha, "3f2b87a9fe7cc9b13835598c3981cd45e3e355309e5090aa0933d7becb6fba45");
}

#[test]
fn canonical_form_names_what_was_defined() {
    let text = r#"{"type": "record", "name": "a.Tree", "doc": "d", "aliases": ["T"], "fields": [
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["LEAF", "NODE"], "default": "LEAF"}},
        {"name": "other", "type": ["null", "Kind", {"type": "fixed", "name": "b.Hash", "size": 16}], "default": null},
        {"name": "below", "type": {"type": "array", "items": {"type": "map", "values": "Tree"}}, "order": "ignore"}]}"#;
    assert_eq!(
        schema(text).canonical_form(),
        concat!(
            r#"{"name":"a.Tree","type":"record","fields":["#,
            r#"{"name":"kind","type":{"name":"a.Kind","type":"enum","symbols":["LEAF","NODE"]}},"#,
            r#"{"name":"other","type":["null","a.Kind",{"name":"b.Hash","type":"fixed","size":16}]},"#,
            r#"{"name":"below","type":{"type":"array","items":{"type":"map","values":"a.Tree"}}}]}"#
        )
    );
}

#[test]
fn says_where_a_schema_is_wrong() {
    refused("", "$", "not JSON");
    refused("int", "$", "in quotes");
    refused(r#""Foo""#, "$", "Foo is no type");
    refused(r#"{"type": "array"}"#, "$", "no `items`");
    refused(r#"["int", {"type": "long"}, "long"]"#, "$[2]", "no two of a kind");
    refused(r#"["int", ["long"]]"#, "$[1]", "no union");
    refused(
        &record(&[r#"{"name": "a", "type": "int"}"#, r#"{"name": "a", "type": "int"}"#]),
        "$.fields[1]",
        "a second field",
    );
    refused(
        &record(&[r#"{"name": "a", "type": {"type": "map", "values": "strin"}}"#]),
        "$.fields[0].type.values",
        "strin",
    );
    refused(&record(&[r#"{"name": "a-b", "type": "int"}"#]), "$.fields[0]", "no name of a field");
    refused(r#"{"type": "enum", "name": "E", "symbols": ["A", "A"]}"#, "$", "twice");
    refused(r#"{"type": "enum", "name": "E", "symbols": ["A"], "default": "B"}"#, "$", "default");
    refused(r#"{"type": "enum", "name": "int", "symbols": ["A"]}"#, "$", "no name of a type");
    refused(r#"{"type": "fixed", "name": "F", "size": -1}"#, "$", "`size`");
    refused(
        r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": "fixed", "name": "R", "size": 1}}]}"#,
        "$.fields[0].type",
        "second time",
    );
    // Names are defined before they are used.
    refused(r#"["F", {"type": "fixed", "name": "F", "size": 1}]"#, "$[0]", "defined before");
}

#[test]
fn names_belong_to_namespaces() {
    let text = r#"{"type": "record", "name": "Outer", "namespace": "a.b", "fields": [
        {"name": "x", "type": {"type": "fixed", "name": "c.F", "namespace": "ignored", "size": 1}},
        {"name": "y", "type": {"type": "record", "name": "Inner", "namespace": "", "aliases": ["Old", "z.Older"], "fields": [
            {"name": "i", "type": ["null", "Inner", "a.b.Outer", "c.F"]}]}},
        {"name": "z", "type": "Outer"}]}"#;
    let schema = schema(text);
    for name in ["a.b.Outer", "c.F", "Inner"] {
        assert!(schema.named(name).is_some(), "{name}");
    }
    let (_, aliases) = schema.node(schema.named("Inner").unwrap()).kind.name().unwrap();
    assert_eq!(aliases, ["Old", "z.Older"]);
    let Kind::Record(record) = &schema.root().kind else { panic!() };
    assert_eq!(Some(record.fields[2].of), schema.named("a.b.Outer"));
}

#[test]
fn logical_types_stand_where_they_may() {
    let logical = |text: &str| schema(text).root().logical;
    let decimal = |precision, scale| Some(Logical::Decimal { precision, scale });
    for (text, expected) in [
        (r#"{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}"#, decimal(9, 2)),
        (r#"{"type": "bytes", "logicalType": "decimal", "precision": 9}"#, decimal(9, 0)),
        (r#"{"type": "bytes", "logicalType": "decimal", "precision": 2, "scale": 3}"#, None),
        (r#"{"type": "bytes", "logicalType": "decimal"}"#, None),
        (
            r#"{"type": "fixed", "name": "F", "size": 4, "logicalType": "decimal", "precision": 9}"#,
            decimal(9, 0),
        ),
        (r#"{"type": "fixed", "name": "F", "size": 4, "logicalType": "decimal", "precision": 10}"#, None),
        (r#"{"type": "bytes", "logicalType": "big-decimal"}"#, Some(Logical::BigDecimal)),
        (r#"{"type": "string", "logicalType": "uuid"}"#, Some(Logical::Uuid)),
        (r#"{"type": "fixed", "name": "F", "size": 16, "logicalType": "uuid"}"#, Some(Logical::Uuid)),
        (r#"{"type": "fixed", "name": "F", "size": 15, "logicalType": "uuid"}"#, None),
        (r#"{"type": "int", "logicalType": "date"}"#, Some(Logical::Date)),
        (r#"{"type": "long", "logicalType": "date"}"#, None),
        (r#"{"type": "int", "logicalType": "time-millis"}"#, Some(Logical::Time(Unit::Millis))),
        (r#"{"type": "int", "logicalType": "time-micros"}"#, None),
        (r#"{"type": "long", "logicalType": "timestamp-nanos"}"#, Some(Logical::Timestamp(Unit::Nanos))),
        (
            r#"{"type": "long", "logicalType": "local-timestamp-micros"}"#,
            Some(Logical::LocalTimestamp(Unit::Micros)),
        ),
        (r#"{"type": "fixed", "name": "F", "size": 12, "logicalType": "duration"}"#, Some(Logical::Duration)),
        (r#"{"type": "string", "logicalType": "no-such-thing"}"#, None),
        (r#"{"type": "int", "logicalType": 7}"#, None),
    ] {
        assert_eq!(logical(text), expected, "{text}");
    }
    let node = schema(r#"{"type": "long", "connect.name": "io.debezium.time.MicroTimestamp"}"#);
    assert_eq!(node.root().properties["connect.name"], "io.debezium.time.MicroTimestamp");
}

#[test]
fn references_bring_their_names() {
    let money =
        schema(r#"{"type": "record", "name": "acme.Money", "fields": [{"name": "cents", "type": "long"}]}"#);
    let item = r#"{"type": "record", "name": "acme.Item", "fields": [{"name": "price", "type": "Money"}]}"#;
    let item = Schema::parse(item, &[&money]).unwrap();
    // Both bring acme.Money, and it is the same.
    let text = r#"{"type": "record", "name": "acme.Order", "fields": [
        {"name": "items", "type": {"type": "array", "items": "Item"}}, {"name": "total", "type": "acme.Money"}]}"#;
    let order = Schema::parse(text, &[&money, &item]).unwrap();
    assert_eq!(
        order.canonical_form(),
        concat!(
            r#"{"name":"acme.Order","type":"record","fields":[{"name":"items","type":{"type":"array","items":"#,
            r#"{"name":"acme.Item","type":"record","fields":[{"name":"price","type":"#,
            r#"{"name":"acme.Money","type":"record","fields":[{"name":"cents","type":"long"}]}}]}}},"#,
            r#"{"name":"total","type":"acme.Money"}]}"#
        )
    );
    assert!(Schema::parse(text, &[&item]).is_ok());
    assert!(Schema::parse(text, &[&money]).is_err());

    let other =
        schema(r#"{"type": "record", "name": "acme.Money", "fields": [{"name": "cents", "type": "int"}]}"#);
    let clash = Schema::parse(text, &[&other, &item]).unwrap_err().to_string();
    assert!(clash.contains("two references define acme.Money"), "{clash}");
}

#[test]
fn hostile_schemas_are_refused() {
    let deep = format!("{}\"int\"{}", r#"{"type":"array","items":"#.repeat(500), "}".repeat(500));
    refused(&deep, "$", "recursion limit");
    let many = format!("[{}]", vec![r#"{"type":"array","items":["int"]}"#; 70_000].join(","));
    assert!(Schema::parse(&many, &[]).is_err());
    let wide: Vec<_> = (0..40_000)
        .map(|n| format!(r#"{{"type":"array","items":{{"type":"fixed","name":"F{n}","size":1}}}}"#))
        .collect();
    let wide: Vec<_> =
        wide.iter().enumerate().map(|(n, of)| format!(r#"{{"name":"f{n}","type":{of}}}"#)).collect();
    let wide = record(&wide.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(matches!(Schema::parse(&wide, &[]), Err(Error::Limit { what: "types of a schema", .. })));
    assert!(matches!(Schema::parse(&" ".repeat(5 << 20), &[]), Err(Error::Limit { .. })));
}
