//! Every kind of difference between JSON Schemas: found where it is, compatible or not, and where not, with a document that
//! shows it.
#![allow(clippy::unwrap_used, missing_docs)] // A test.

#[path = "schemas/kinds.rs"]
mod kinds;

use std::collections::HashSet;

use kinds::ROWS;
use outrigger_events::compat::json_schema::{Kind, Policy, Schema, check, differences};
use serde_json::{Value, json};

fn schema(text: &str, draft: u8) -> Value {
    let mut schema: Value = serde_json::from_str(text).unwrap();
    let uri = match draft {
        7 => "http://json-schema.org/draft-07/schema#",
        _ => "https://json-schema.org/draft/2020-12/schema",
    };
    schema.as_object_mut().unwrap().insert("$schema".into(), json!(uri));
    schema
}

fn read(schema: &Value) -> Schema {
    Schema::parse(schema.to_string().as_bytes()).unwrap()
}

#[test]
fn each_is_found_where_it_is() {
    for (kind, draft, old, new, path, _) in ROWS {
        let (old, new) = (schema(old, *draft), schema(new, *draft));
        let found = differences(&read(&new), &read(&old), Policy::Strict);
        let there = found.iter().any(|found| found.kind.text() == *kind && found.path == *path);
        assert!(there, "{kind} at {path}: {old} -> {new}: {found:#?}");
    }
}

#[test]
fn each_is_compatible_or_has_a_witness() {
    for (kind, draft, old, new, _, witness) in ROWS {
        let (old, new) = (schema(old, *draft), schema(new, *draft));
        let found = check(&read(&new), &read(&old), Policy::Strict);
        assert_eq!(found.is_empty(), witness.is_empty(), "{kind}: {old} -> {new}: {found:#?}");
        if !witness.is_empty() {
            let witness: Value = serde_json::from_str(witness).unwrap();
            assert!(jsonschema::is_valid(&old, &witness), "{kind}: {witness} is not valid: {old}");
            assert!(!jsonschema::is_valid(&new, &witness), "{kind}: {witness} is valid: {new}");
            assert!(found.iter().all(|found| !found.reason.is_empty()), "{found:#?}");
        }
    }
}

#[test]
fn the_lenient_policy_lets_more_through() {
    // Where a schema for other properties does not cover one, what it does not take is named too, and not forgiven.
    const MORE: [&str; 9] = [
        "additional_properties_removed",
        "additional_properties_narrowed",
        "pattern_properties_narrowed",
        "required_property_with_default_added_to_open_content_model",
        "optional_property_added_to_open_content_model",
        "property_removed_from_closed_content_model",
        "unevaluated_properties_removed",
        "unevaluated_properties_narrowed",
        "sum_type_overlaps",
    ];
    for (kind, draft, old, new, _, witness) in ROWS {
        let found = check(&read(&schema(new, *draft)), &read(&schema(old, *draft)), Policy::Lenient);
        let lenient = MORE.contains(kind);
        assert_eq!(found.is_empty(), witness.is_empty() || lenient, "{kind}: {old} -> {new}: {found:#?}");
    }
}

#[test]
fn all_kinds_are_in_the_table() {
    let there: HashSet<_> = ROWS.iter().map(|row| row.0).collect();
    // These two have tests of their own.
    let own = ["unknown_changed", "too_complex"];
    let missing: Vec<_> = Kind::ALL
        .iter()
        .map(|kind| kind.text())
        .filter(|kind| !there.contains(kind) && !own.contains(kind))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_cannot_be_compared_is_not_compatible() {
    let old = schema("{}", 20);
    let new = schema(r##"{"$dynamicRef": "#a", "$defs": {"a": {"$dynamicAnchor": "a"}}}"##, 20);
    let found = check(&read(&new), &read(&old), Policy::Strict);
    assert_eq!(found.iter().map(|found| found.kind).collect::<Vec<_>>(), ["unknown_changed"]);
    assert!(check(&read(&new), &read(&new), Policy::Strict).is_empty());
}

#[test]
fn what_is_too_deep_is_not_compatible() {
    let chain = |end: &str| {
        let mut definitions = serde_json::Map::new();
        for index in 0..400 {
            let next = format!("#/definitions/d{}", index + 1);
            definitions.insert(format!("d{index}"), json!({"properties": {"a": {"$ref": next}}}));
        }
        definitions.insert("d400".into(), json!({"type": end}));
        json!({"$ref": "#/definitions/d0", "definitions": definitions})
    };
    let found = check(&read(&chain("string")), &read(&chain("null")), Policy::Strict);
    assert_eq!(found.iter().map(|found| found.kind).collect::<Vec<_>>(), ["too_complex"]);
}
