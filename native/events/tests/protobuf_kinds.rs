//! Every kind of difference between Protobuf files, found where it is, and what a reader makes of the writer's bytes.
#![allow(clippy::unwrap_used, missing_docs)] // A test.

use std::collections::HashSet;

use outrigger_events::compat::protobuf::{Kind, Schema, check, differences};
use prost_reflect::prost::Message;
use prost_reflect::{Cardinality, DynamicMessage};

/// Kind, syntax, old and new bodies of the file, path; then a message `M` as the writer has it and as the reader reads it,
/// `error` if it does not, and nothing where that says nothing.
type Row = (&'static str, u8, &'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("package_changed", 3, "package a; message M { }", "package b; message M { }", "#/", "", ""),
    ("message_added", 3, "message M { }", "message M { } message N { }", "#/N", "", ""),
    ("message_removed", 3, "message M { } message N { }", "message M { }", "#/N", "", ""),
    ("message_removed", 3, "message M { message N { } }", "message M { }", "#/M/N", "", ""),
    ("message_moved", 3, "message N { } message M { int32 a = 1; }", "message M { int32 a = 1; } message N { }", "#/M", "a: 1", "a:1"),
    ("enum_added", 3, "message M { }", "message M { } enum E { A = 0; }", "#/E", "", ""),
    ("enum_removed", 3, "message M { E e = 1; } enum E { A = 0; B = 1; }", "message M { int32 e = 1; }", "#/E", "e: B", "e:1"),
    ("enum_const_added", 3, "message M { } enum E { A = 0; }", "message M { } enum E { A = 0; B = 1; }", "#/E/1", "", ""),
    ("enum_const_changed", 3, "message M { E e = 1; } enum E { A = 0; B = 1; }", "message M { E e = 1; } enum E { A = 0; C = 1; }", "#/E/1", "e: B", "e:C"),
    ("enum_const_removed", 3, "message M { E e = 1; } enum E { A = 0; B = 1; }", "message M { E e = 1; } enum E { A = 0; }", "#/E/1", "e: B", "e:1"),
    ("field_added", 3, "message M { int32 a = 1; }", "message M { int32 a = 1; string b = 2; }", "#/M/2", "a: 1", "a:1"),
    ("field_removed", 3, "message M { int32 a = 1; string b = 2; }", "message M { int32 a = 1; }", "#/M/2", "a: 1, b: 'x'", "a:1"),
    ("field_name_changed", 3, "message M { int32 a = 1; }", "message M { int32 b = 1; }", "#/M/1", "a: 1", "b:1"),
    ("field_kind_changed", 3, "message M { string a = 1; } message N { int32 n = 1; }", "message M { N a = 1; } message N { int32 n = 1; }", "#/M/1", "a: 'xxx'", "error"),
    ("field_kind_changed", 3, "message M { map<string, int32> a = 1; }", "message M { string a = 1; }", "#/M/1", "", ""),
    ("field_scalar_kind_changed", 3, "message M { int32 a = 1; }", "message M { string a = 1; }", "#/M/1", "a: 7", "error"),
    ("field_scalar_kind_changed", 3, "message M { int32 a = 1; }", "message M { sint32 a = 1; }", "#/M/1", "a: 7", "a:-4"),
    ("field_scalar_kind_changed", 3, "message M { fixed32 a = 1; }", "message M { float a = 1; }", "#/M/1", "a: 1065353216", "a:1.0"),
    ("field_scalar_kind_changed", 3, "message M { map<string, int32> a = 1; }", "message M { map<int32, int32> a = 1; }", "#/M/1", "a: {key: 'x', value: 1}", "error"),
    ("field_named_type_changed", 3, "message M { N a = 1; } message N { int32 n = 1; } message O { string n = 1; }", "message M { O a = 1; } message N { int32 n = 1; } message O { string n = 1; }", "#/M/1", "a: {n: 1}", "error"),
    ("field_numeric_label_changed", 3, "message M { repeated int32 a = 1; }", "message M { int32 a = 1; }", "#/M/1", "a: [1, 2]", "error"),
    ("field_string_or_bytes_label_changed", 3, "message M { repeated string a = 1; }", "message M { string a = 1; }", "#/M/1", "a: ['x', 'y']", "a:\"y\""),
    ("field_message_label_changed", 3, "message M { N a = 1; } message N { int32 n = 1; }", "message M { repeated N a = 1; } message N { int32 n = 1; }", "#/M/1", "a: {n: 1}", "a:[{n:1}]"),
    ("required_field_added", 2, "message M { optional int32 a = 1; }", "message M { optional int32 a = 1; required int32 b = 2; }", "#/M/2", "a: 1", "error"),
    ("required_field_added", 2, "message M { optional string a = 1; }", "message M { required string a = 1; }", "#/M/1", "", "error"),
    ("required_field_removed", 2, "message M { required int32 a = 1; }", "message M { }", "#/M/1", "", ""),
    ("required_label_removed", 2, "message M { required int32 a = 1; }", "message M { optional int32 a = 1; }", "#/M/1", "a: 1", "a:1"),
    ("oneof_added", 3, "message M { int32 a = 1; }", "message M { oneof o { int32 a = 1; } }", "#/M/o", "a: 1", "a:1"),
    ("oneof_removed", 3, "message M { oneof o { int32 a = 1; } }", "message M { int32 a = 1; }", "#/M/o", "a: 1", "a:1"),
    ("oneof_field_added", 3, "message M { oneof o { int32 a = 1; } }", "message M { oneof o { int32 a = 1; int32 b = 2; } }", "#/M/o/2", "a: 1", "a:1"),
    ("oneof_field_removed", 3, "message M { oneof o { int32 a = 1; int32 b = 2; } }", "message M { oneof o { int32 a = 1; } }", "#/M/o/2", "b: 1", ""),
    ("oneof_field_moved_to_top_level", 3, "message M { oneof o { int32 a = 1; int32 b = 2; } }", "message M { oneof o { int32 a = 1; } int32 b = 2; }", "#/M/2", "b: 1", "b:1"),
    ("multiple_fields_moved_to_oneof", 3, "message M { int32 a = 1; int32 b = 2; }", "message M { oneof o { int32 a = 1; int32 b = 2; } }", "#/M/o", "a: 1, b: 2", "b:2"),
    ("field_moved_to_existing_oneof", 3, "message M { oneof o { int32 a = 1; } int32 b = 2; }", "message M { oneof o { int32 a = 1; int32 b = 2; } }", "#/M/o", "a: 1, b: 2", "b:2"),
    ("reserved_number_reused", 3, "message M { reserved 2; }", "message M { int32 b = 2; }", "#/M/2", "", ""),
];

/// Pairs with nothing to say, or nothing that is incompatible.
#[rustfmt::skip]
const FINE: &[(u8, &str, &str)] = &[
    (3, "message M { int32 a = 1; }", "message M { int64 a = 1; }"),
    (3, "message M { bool a = 1; }", "message M { uint32 a = 1; }"),
    (3, "message M { string a = 1; }", "message M { bytes a = 1; }"),
    (3, "message M { fixed64 a = 1; }", "message M { sfixed64 a = 1; }"),
    (3, "message M { sint32 a = 1; }", "message M { sint64 a = 1; }"),
    (3, "message M { int32 a = 1; }", "message M { optional int32 a = 1; }"),
    (3, "message M { M m = 1; }", "message M { M m = 1; int32 b = 2; }"),
    (3, "message M { oneof o { int32 a = 1; int32 b = 2; } }", "message M { }"),
    (3, "message M { oneof o { int32 a = 1; int32 b = 2; } }", "message M { oneof p { int32 a = 1; int32 b = 2; } }"),
    (3, "message M { map<string, int32> a = 1; }", "message M { map<string, int64> a = 1; }"),
    (3, "message M { int32 a = 1; }", "message M { reserved 1; reserved \"a\"; }"),
];

fn schema(syntax: u8, body: &str) -> Schema {
    Schema::parse(&format!("syntax = \"proto{syntax}\";\n{body}"))
        .unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// The text of what the reader reads, or `error`.
fn read(writer: &Schema, reader: &Schema, text: &str) -> String {
    let message = |schema: &Schema| schema.file().messages().find(|message| message.name() == "M").unwrap();
    let written = DynamicMessage::parse_text_format(message(writer), text).unwrap().encode_to_vec();
    match DynamicMessage::decode(message(reader), &written[..]) {
        Ok(read) => {
            let required =
                |field: &prost_reflect::FieldDescriptor| field.cardinality() == Cardinality::Required;
            let missing = message(reader).fields().any(|field| required(&field) && !read.has_field(&field));
            if missing { "error".into() } else { read.to_text_format().to_string() }
        }
        Err(_) => "error".into(),
    }
}

#[test]
fn each_is_found_where_it_is() {
    for (kind, syntax, old, new, path, _, _) in ROWS {
        let found = differences(&schema(*syntax, new), &schema(*syntax, old));
        let there = found.iter().any(|found| found.kind.text() == *kind && found.path == *path);
        assert!(there, "{kind} at {path}: {old} -> {new}: {found:#?}");
        let known = Kind::ALL.iter().find(|known| known.text() == *kind).unwrap();
        let bad = check(&schema(*syntax, new), &schema(*syntax, old));
        assert_eq!(bad.is_empty(), known.is_compatible(), "{old} -> {new}: {bad:#?}");
    }
    let there: HashSet<_> = ROWS.iter().map(|row| row.0).collect();
    let missing: Vec<_> = Kind::ALL.iter().filter(|kind| !there.contains(kind.text())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn bytes_are_read_as_the_kind_says() {
    for (kind, syntax, old, new, _, written, expected) in ROWS {
        if !written.is_empty() || !expected.is_empty() {
            assert_eq!(
                read(&schema(*syntax, old), &schema(*syntax, new), written),
                *expected,
                "{kind}: {old} -> {new}"
            );
        }
    }
}

#[test]
fn what_reads_each_other_is_compatible_both_ways() {
    for (syntax, old, new) in FINE {
        let (old, new) = (schema(*syntax, old), schema(*syntax, new));
        assert!(check(&new, &old).is_empty(), "{:#?}", check(&new, &old));
        assert!(check(&new, &new).is_empty() && differences(&new, &new).is_empty());
    }
}

#[test]
fn messages_of_imports_are_compared_where_a_field_holds_them() {
    let main = "syntax = \"proto3\"; import \"n.proto\"; message M { p.N n = 1; }";
    let file = |body: &str| {
        let text = format!("syntax = \"proto3\"; package p; message N {{ {body} }}");
        Schema::parse_with(main, "m.proto", &[("n.proto", &text)]).unwrap()
    };
    let found = check(&file("string a = 1;"), &file("int32 a = 1;"));
    let kinds: Vec<_> = found.iter().map(|found| (found.path.as_str(), found.kind)).collect();
    assert_eq!(kinds, [("#/N/1", "field_scalar_kind_changed"), ("#/M/1", "field_named_type_changed")]);
    assert!(check(&file("int64 a = 1; int32 b = 2;"), &file("int32 a = 1;")).is_empty());
}
