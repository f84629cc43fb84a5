//! Compatibility: pairs for each rule of the specification, and pairs that other checkers judge wrongly.

use outrigger_events::avro::{Plan, Schema};
use outrigger_events::compat::Level;
use outrigger_events::compat::avro::check;

use crate::common::schema;

const INT_LIST: &str = r#"{"type": "array", "items": "int"}"#;
const LONG_LIST: &str = r#"{"type": "array", "items": "long"}"#;
const STRING_LIST: &str = r#"{"type": "array", "items": "string"}"#;
const INT_MAP: &str = r#"{"type": "map", "values": "int"}"#;
const LONG_MAP: &str = r#"{"type": "map", "values": "long"}"#;
const STRING_MAP: &str = r#"{"type": "map", "values": "string"}"#;
const ENUM_AB: &str = r#"{"type": "enum", "name": "E1", "symbols": ["A", "B"]}"#;
const ENUM_ABC: &str = r#"{"type": "enum", "name": "E1", "symbols": ["A", "B", "C"]}"#;
const ENUM_BC: &str = r#"{"type": "enum", "name": "E1", "symbols": ["B", "C"]}"#;
const ENUM_AB_DEFAULT: &str = r#"{"type": "enum", "name": "E1", "symbols": ["A", "B"], "default": "A"}"#;
const ENUM2_AB: &str = r#"{"type": "enum", "name": "E2", "symbols": ["A", "B"]}"#;
const ENUM2_ALIAS: &str = r#"{"type": "enum", "name": "E2", "aliases": ["E1"], "symbols": ["A", "B"]}"#;
const ENUM_SPACE: &str = r#"{"type": "enum", "name": "E1", "namespace": "x.y", "symbols": ["A", "B"]}"#;
const FIXED4: &str = r#"{"type": "fixed", "name": "F", "size": 4}"#;
const FIXED4_SPACE: &str = r#"{"type": "fixed", "name": "x.F", "size": 4}"#;
const FIXED8: &str = r#"{"type": "fixed", "name": "F", "size": 8}"#;
const FIXED4_OTHER: &str = r#"{"type": "fixed", "name": "G", "size": 4}"#;
const FIXED4_ALIAS: &str = r#"{"type": "fixed", "name": "G", "aliases": ["F"], "size": 4}"#;
const EMPTY: &str = r#"{"type": "record", "name": "R", "fields": []}"#;
const EMPTY_OTHER: &str = r#"{"type": "record", "name": "S", "fields": []}"#;
const EMPTY_ALIAS: &str = r#"{"type": "record", "name": "S", "aliases": ["R"], "fields": []}"#;
const A_INT: &str = r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}"#;
const A_LONG: &str = r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "long"}]}"#;
const A_STRING: &str = r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "string"}]}"#;
const A_DEFAULT: &str =
    r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "default": 0}]}"#;
const A_NULLABLE: &str =
    r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": ["null", "int"], "default": null}]}"#;
const B_ALIAS: &str =
    r#"{"type": "record", "name": "R", "fields": [{"name": "b", "aliases": ["a"], "type": "int"}]}"#;
const A_B: &str = r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": "int"}]}"#;
const B_A: &str = r#"{"type": "record", "name": "R", "fields": [{"name": "b", "type": "int"}, {"name": "a", "type": "int"}]}"#;
const A_B_DEFAULT: &str = r#"{"type": "record", "name": "R", "fields": [
    {"name": "a", "type": "int"}, {"name": "b", "type": "int", "default": 0}]}"#;
const A_B_BAD_DEFAULT: &str = r#"{"type": "record", "name": "R", "fields": [
    {"name": "a", "type": "int"}, {"name": "b", "type": "int", "default": "0"}]}"#;
const INT_LIST_REC: &str = r#"{"type": "record", "name": "L", "fields": [
    {"name": "head", "type": "int"}, {"name": "tail", "type": ["null", "L"]}]}"#;
const LONG_LIST_REC: &str = r#"{"type": "record", "name": "L", "fields": [
    {"name": "head", "type": "long"}, {"name": "tail", "type": ["null", "L"]}]}"#;
const STRING_LIST_REC: &str = r#"{"type": "record", "name": "L", "fields": [
    {"name": "head", "type": "string"}, {"name": "tail", "type": ["null", "L"]}]}"#;

/// What a reader lacks for a writer, as `path: kind`.
fn found(reader: &str, writer: &str) -> Vec<String> {
    let found = check(&schema(reader), &schema(writer));
    found.iter().map(|wrong| format!("{}: {}", wrong.path, wrong.kind)).collect()
}

/// Pairs of a reader and a writer where the reader reads all that is written.
const READS: &[(&str, &str)] = &[
    (r#""int""#, r#""int""#),
    (r#""long""#, r#""int""#),
    (r#""float""#, r#""int""#),
    (r#""double""#, r#""int""#),
    (r#""float""#, r#""long""#),
    (r#""double""#, r#""long""#),
    (r#""double""#, r#""float""#),
    (r#""bytes""#, r#""string""#),
    (r#""string""#, r#""bytes""#),
    (INT_LIST, INT_LIST),
    (LONG_LIST, INT_LIST),
    (INT_MAP, INT_MAP),
    (LONG_MAP, INT_MAP),
    (ENUM_AB, ENUM_AB),
    (ENUM_ABC, ENUM_AB),
    (ENUM_AB_DEFAULT, ENUM_ABC),
    (ENUM_AB_DEFAULT, ENUM_BC),
    (ENUM2_ALIAS, ENUM_AB),
    // Unqualified names match, so a namespace may change.
    (ENUM_SPACE, ENUM_AB),
    (FIXED4_SPACE, FIXED4),
    (FIXED4, FIXED4_SPACE),
    (FIXED4_ALIAS, FIXED4),
    (EMPTY, EMPTY),
    (EMPTY, A_INT),
    (EMPTY_ALIAS, A_INT),
    (A_LONG, A_INT),
    (A_INT, A_DEFAULT),
    (A_DEFAULT, EMPTY),
    (A_NULLABLE, EMPTY),
    (A_NULLABLE, A_INT),
    (B_ALIAS, A_INT),
    (A_INT, A_B),
    (A_B, B_A),
    (A_B_DEFAULT, A_INT),
    // A wrong default that nobody needs.
    (A_B_BAD_DEFAULT, A_B),
    (INT_LIST_REC, INT_LIST_REC),
    (LONG_LIST_REC, INT_LIST_REC),
    (r#"["int"]"#, r#""int""#),
    (r#""int""#, r#"["int"]"#),
    (r#"["null", "int"]"#, r#""null""#),
    (r#"["int", "string"]"#, r#"["string", "int"]"#),
    (r#"["int", "string", "null"]"#, r#"["int", "string"]"#),
    (r#"["long"]"#, r#"["int"]"#),
    (r#"["float", "null"]"#, r#"["long", "int"]"#),
    (r#"["double"]"#, r#"["float", "int", "long"]"#),
    (r#""double""#, r#"["int", "long", "float"]"#),
    (r#"["bytes"]"#, r#"["string", "bytes"]"#),
    (r#"["string"]"#, r#"["bytes"]"#),
    (r#"["int"]"#, "[]"),
    ("[]", "[]"),
    (r#""string""#, "[]"),
];

/// Pairs where it does not, with what is found.
const DOES_NOT_READ: &[(&str, &str, &str)] = &[
    (r#""null""#, r#""int""#, "$: type_mismatch"),
    (r#""boolean""#, r#""int""#, "$: type_mismatch"),
    (r#""int""#, r#""null""#, "$: type_mismatch"),
    (r#""int""#, r#""boolean""#, "$: type_mismatch"),
    (r#""int""#, r#""long""#, "$: type_mismatch"),
    (r#""int""#, r#""float""#, "$: type_mismatch"),
    (r#""int""#, r#""double""#, "$: type_mismatch"),
    (r#""long""#, r#""float""#, "$: type_mismatch"),
    (r#""long""#, r#""double""#, "$: type_mismatch"),
    (r#""float""#, r#""double""#, "$: type_mismatch"),
    (r#""string""#, r#""boolean""#, "$: type_mismatch"),
    (r#""string""#, r#""int""#, "$: type_mismatch"),
    (r#""bytes""#, r#""null""#, "$: type_mismatch"),
    (r#""bytes""#, r#""int""#, "$: type_mismatch"),
    (r#""bytes""#, FIXED4, "$: type_mismatch"),
    (FIXED4, r#""bytes""#, "$: type_mismatch"),
    (r#""string""#, ENUM_AB, "$: type_mismatch"),
    (ENUM_AB, r#""string""#, "$: type_mismatch"),
    (INT_LIST, LONG_LIST, "$[]: type_mismatch"),
    (INT_LIST, STRING_LIST, "$[]: type_mismatch"),
    (INT_MAP, INT_LIST, "$: type_mismatch"),
    (INT_LIST, INT_MAP, "$: type_mismatch"),
    (INT_MAP, LONG_MAP, "${}: type_mismatch"),
    (STRING_MAP, INT_MAP, "${}: type_mismatch"),
    (A_INT, INT_MAP, "$: type_mismatch"),
    (INT_MAP, A_INT, "$: type_mismatch"),
    (r#""int""#, ENUM_AB, "$: type_mismatch"),
    (ENUM_AB, r#""int""#, "$: type_mismatch"),
    (ENUM_AB, ENUM_ABC, "$: missing_symbol"),
    (ENUM_BC, ENUM_ABC, "$: missing_symbol"),
    (ENUM_AB, ENUM2_AB, "$: name_mismatch"),
    // The writer's default is nothing to the reader.
    (ENUM_BC, ENUM_AB_DEFAULT, "$: missing_symbol"),
    (FIXED4, FIXED8, "$: size_mismatch"),
    (FIXED4, FIXED4_OTHER, "$: name_mismatch"),
    (FIXED4, FIXED4_ALIAS, "$: name_mismatch"),
    (EMPTY_OTHER, EMPTY, "$: name_mismatch"),
    (EMPTY, EMPTY_ALIAS, "$: name_mismatch"),
    (A_INT, EMPTY, "$.a: missing_default"),
    (A_INT, A_LONG, "$.a: type_mismatch"),
    (A_STRING, A_INT, "$.a: type_mismatch"),
    (A_INT, A_NULLABLE, "$.a<null>: type_mismatch"),
    (A_INT, B_ALIAS, "$.a: missing_default"),
    (A_B, A_INT, "$.b: missing_default"),
    (A_B_BAD_DEFAULT, A_INT, "$.b: invalid_default"),
    (INT_LIST_REC, LONG_LIST_REC, "$.head: type_mismatch"),
    (INT_LIST_REC, STRING_LIST_REC, "$.head: type_mismatch"),
    (r#""int""#, r#"["null", "int"]"#, "$<null>: type_mismatch"),
    (r#"["int"]"#, r#""long""#, "$: missing_branch"),
    (r#"["string"]"#, r#"["string", "int"]"#, "$<int>: missing_branch"),
    (r#"["int", "long"]"#, r#"["int", "float"]"#, "$<float>: missing_branch"),
    (r#""float""#, r#"["int", "long", "double"]"#, "$<double>: type_mismatch"),
    ("[]", r#""int""#, "$: missing_branch"),
    ("[]", r#"["int"]"#, "$<int>: missing_branch"),
];

#[test]
fn the_rules_of_the_specification() {
    for (reader, writer) in READS {
        assert_eq!(found(reader, writer), [""; 0], "reader {reader}\nwriter {writer}");
        assert!(Plan::new(&schema(writer), Some(&schema(reader))).is_ok());
    }
    for (reader, writer, expected) in DOES_NOT_READ {
        assert_eq!(found(reader, writer), [*expected], "reader {reader}\nwriter {writer}");
    }
}

/// Primitives against each other, all of them.
#[test]
fn primitives_promote_as_the_specification_says_and_no_further() {
    let all = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
    let promotions = [
        ("int", "long float double"),
        ("long", "float double"),
        ("float", "double"),
        ("string", "bytes"),
        ("bytes", "string"),
    ];
    for writer in all {
        for reader in all {
            let promotes =
                promotions.iter().any(|(from, to)| *from == writer && to.split(' ').any(|to| to == reader));
            let quoted = |word: &str| format!("{word:?}");
            let reads = found(&quoted(reader), &quoted(writer)).is_empty();
            assert_eq!(reads, writer == reader || promotes, "{writer} as {reader}");
            // The same inside a union of the reader, and of the writer.
            let in_union = format!(r#"[{{"type": "array", "items": "int"}}, {reader:?}]"#);
            assert_eq!(found(&in_union, &quoted(writer)).is_empty(), reads);
            let in_union = format!(r#"[{writer:?}]"#);
            assert_eq!(found(&quoted(reader), &in_union).is_empty(), reads);
        }
    }
}

/// What other checkers get wrong: names that are references, aliases, decimals.
#[test]
fn adversarial_pairs() {
    let outer = |a: &str, b: &str| {
        format!(
            r#"{{"type": "record", "name": "O", "fields": [{{"name": "a", "type": {a}}}, {{"name": "b", "type": {b}}}]}}"#
        )
    };
    // A named type used twice, once by reference: the same as two definitions of equal bodies in two records.
    let twice = outer(A_INT, r#""R""#);
    let reordered = outer(A_LONG, r#""R""#);
    assert_eq!(found(&reordered, &twice), [""; 0]);
    assert_eq!(found(&twice, &reordered), ["$.a.a: type_mismatch"]);
    let inline = r#"{"type": "record", "name": "O", "fields": [
        {"name": "b", "type": {"type": "record", "name": "R", "fields": [{"name": "a", "type": "long"}]}},
        {"name": "a", "type": "R"}]}"#;
    assert_eq!(found(inline, &twice), [""; 0]);
    // References of equal names to different bodies.
    let other_body = outer(A_STRING, r#""R""#);
    assert_eq!(found(&other_body, &twice), ["$.a.a: type_mismatch"]);
    let only_b = |body: &str| {
        format!(r#"{{"type": "record", "name": "O", "fields": [{{"name": "b", "type": ["null", {body}]}}]}}"#)
    };
    assert_eq!(found(&only_b(A_STRING), &only_b(A_INT)), ["$.b<R>.a: type_mismatch"]);
    // By a reference of the registry: equal texts, different schemas.
    let (int, string) = (schema(A_INT), schema(A_STRING));
    let text = r#"{"type": "record", "name": "O", "fields": [{"name": "r", "type": "R"}]}"#;
    let (int, string) = (Schema::parse(text, &[&int]).unwrap(), Schema::parse(text, &[&string]).unwrap());
    assert_eq!(check(&string, &int).len(), 1);
    assert_eq!(check(&int, &int), []);
    // An alias of an enum, a fixed, a record inside a union.
    assert_eq!(found(&format!(r#"["null", {ENUM2_ALIAS}]"#), &format!(r#"["null", {ENUM_AB}]"#)), [""; 0]);
    assert_eq!(found(&format!(r#"["null", {FIXED4_ALIAS}]"#), &format!(r#"["null", {FIXED4}]"#)), [""; 0]);
    assert_eq!(found(&format!(r#"["null", {EMPTY_ALIAS}]"#), &format!(r#"["null", {A_INT}]"#)), [""; 0]);
    // Logical types are no matter of compatibility; the size of a fixed is.
    let decimal = |precision, scale| {
        format!(
            r#"{{"type": "bytes", "logicalType": "decimal", "precision": {precision}, "scale": {scale}}}"#
        )
    };
    assert_eq!(found(&decimal(9, 2), &decimal(9, 4)), [""; 0]);
    assert_eq!(found(&decimal(4, 2), &decimal(9, 2)), [""; 0]);
    assert_eq!(found(r#""bytes""#, &decimal(9, 2)), [""; 0]);
    // A nullable record that holds a decimal.
    let row = |more: &str| {
        format!(
            r#"["null", {{"type": "record", "name": "Value", "fields": [{{"name": "d", "type": {}}}{more}]}}]"#,
            decimal(9, 2)
        )
    };
    let added = row(r#", {"name": "n", "type": ["null", "string"], "default": null}"#);
    assert_eq!(found(&added, &row("")), [""; 0]);
    assert_eq!(found(&row(""), &added), [""; 0]);
    // Two records of the reader's union may do: the one that reads everything counts, not the first.
    let writer = r#"{"type": "record", "name": "W", "fields": [{"name": "x", "type": ["int", "string"]}]}"#;
    let reader = r#"[
        {"type": "record", "name": "A", "aliases": ["W"], "fields": [{"name": "x", "type": "int"}]},
        {"type": "record", "name": "B", "aliases": ["W"], "fields": [{"name": "x", "type": ["long", "bytes"]}]}]"#;
    assert_eq!(found(reader, writer), [""; 0]);
    // Recursion that is wrong somewhere below, by two ways.
    let tree = |leaf: &str| {
        format!(
            r#"{{"type": "record", "name": "T", "fields": [
            {{"name": "l", "type": ["null", "T"]}}, {{"name": "r", "type": {{"type": "array", "items": "T"}}}},
            {{"name": "leaf", "type": {leaf}}}]}}"#
        )
    };
    assert_eq!(found(&tree(r#""long""#), &tree(r#""int""#)), [""; 0]);
    assert_eq!(found(&tree(r#""int""#), &tree(r#""long""#)), ["$.leaf: type_mismatch"]);
}

#[test]
fn levels_take_avro() {
    let versions: Vec<_> = [A_INT, A_B, A_B_DEFAULT].map(schema).into();
    let new = schema(A_B_DEFAULT);
    let judge = |level: Level| level.check(&new, &versions, check).is_compatible();
    assert!(judge(Level::FullTransitive));
    let new = schema(B_A);
    let judge = |level: Level| level.check(&new, &versions, check).findings.len();
    assert_eq!((judge(Level::Backward), judge(Level::BackwardTransitive)), (0, 1));
    assert_eq!(judge(Level::ForwardTransitive), 0);
}

/// Names of unions that are all to be held against each other, and types that refer to each other in a long chain.
#[test]
fn hostile_pairs_end() {
    let many = |prefix: &str| {
        let branches: Vec<_> =
            (0..3_000).map(|n| format!(r#"{{"type": "fixed", "name": "{prefix}{n}", "size": 1}}"#)).collect();
        schema(&format!("[{}]", branches.join(",")))
    };
    let found = check(&many("A"), &many("B"));
    assert_eq!(found[0].kind, "too_large");
    let chain = |leaf: &str| {
        let mut branches = vec![format!(
            r#"{{"type": "record", "name": "C0", "fields": [{{"name": "f", "type": "{leaf}"}}]}}"#
        )];
        branches.extend((1..1_500).map(|n| {
            format!(
                r#"{{"type": "record", "name": "C{n}", "fields": [{{"name": "f", "type": "C{}"}}]}}"#,
                n - 1
            )
        }));
        schema(&format!("[{}]", branches.join(",")))
    };
    let (ints, strings) = (chain("int"), chain("string"));
    assert_eq!(check(&ints, &ints), []);
    assert_eq!(check(&ints, &strings).len(), 1);
    assert!(Plan::new(&ints, None).is_ok());
    assert!(Plan::new(&ints, Some(&strings)).is_err());
}
