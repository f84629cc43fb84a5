//! What it takes to check a schema against 1,000 earlier versions, in both directions:
//! `cargo bench -p outrigger-testkit --bench schema_check`.
//!
//! Versions are of 20 to 40 fields, half of them in records inside each other, and each differs from the one before. `check`
//! compares schemas that were read; `read_and_check` reads all 1,001 texts first, as a CI step does.
#![allow(clippy::expect_used, missing_docs)] // criterion's macros document nothing.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use outrigger_events::avro;
use outrigger_events::compat::json_schema::Policy;
use outrigger_events::compat::{self, Incompatibility, Level, json_schema, protobuf};

const VERSIONS: usize = 1_000;

/// Field `n` is there from version `50 * (n - 20)` on.
fn fields(version: usize) -> usize {
    20 + version / 50
}

fn avro_text(version: usize) -> String {
    let mut inner = String::new();
    for field in 0..fields(version) / 2 {
        let _ = write!(inner, r#"{{"name": "i{field}", "type": ["null", "string"], "default": null}},"#);
    }
    let mut outer = String::new();
    for field in 0..fields(version) / 2 {
        let _ = write!(outer, r#"{{"name": "o{field}", "type": "long", "default": {version}}},"#);
    }
    format!(
        r#"{{"type": "record", "name": "Order", "fields": [{outer} {{"name": "lines", "type": {{"type": "array", "items":
           {{"type": "record", "name": "Line", "fields": [{inner} {{"name": "id", "type": "long"}}]}}}}}}]}}"#
    )
}

fn json_text(version: usize) -> String {
    let mut inner = String::new();
    let mut outer = String::new();
    for field in 0..fields(version) / 2 {
        let _ = write!(inner, r#""i{field}": {{"type": ["null", "string"], "maxLength": 100}},"#);
        let _ =
            write!(outer, r#""o{field}": {{"type": "integer", "minimum": 0, "description": "{version}"}},"#);
    }
    format!(
        r##"{{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": {{{outer} "lines":
           {{"type": "array", "items": {{"$ref": "#/$defs/line"}}}}}}, "additionalProperties": false, "$defs": {{"line":
           {{"type": "object", "properties": {{{inner} "next": {{"$ref": "#/$defs/line"}}}}, "additionalProperties": false}}}}}}"##
    )
}

fn protobuf_text(version: usize) -> String {
    let mut text = format!(
        "syntax = \"proto3\"; // {version}\npackage shop;\nmessage Order {{ repeated Line lines = 1;\n"
    );
    for field in 0..fields(version) / 2 {
        let _ = writeln!(text, "int64 o{field} = {};", field + 2);
    }
    text.push_str("}\nmessage Line {\n");
    for field in 0..fields(version) / 2 {
        let _ = writeln!(text, "optional string i{field} = {};", field + 1);
    }
    text.push_str("}\n");
    text
}

fn run<S>(
    c: &mut Criterion,
    name: &str,
    text: fn(usize) -> String,
    read: impl Fn(&str) -> S,
    check: impl Fn(&S, &S) -> Vec<Incompatibility>,
) {
    let texts: Vec<String> = (0..=VERSIONS).map(text).collect();
    let whole = |schemas: &[S]| {
        let (new, earlier) = schemas.split_last().expect("there are versions");
        Level::FullTransitive.check(new, earlier, |reader, writer| check(reader, writer))
    };
    let schemas: Vec<S> = texts.iter().map(|text| read(text)).collect();
    assert_eq!(whole(&schemas).pairs, 2 * VERSIONS);
    let mut group = c.benchmark_group(format!("schema_{name}"));
    group.sample_size(10);
    group.bench_function("check", |b| b.iter(|| whole(black_box(&schemas))));
    group.bench_function("read_and_check", |b| {
        b.iter(|| whole(&texts.iter().map(|text| read(black_box(text))).collect::<Vec<_>>()));
    });
    group.finish();
}

fn formats(c: &mut Criterion) {
    run(c, "avro", avro_text, |text| avro::Schema::parse(text, &[]).expect("a schema"), compat::avro::check);
    run(
        c,
        "json",
        json_text,
        |text| json_schema::Schema::parse(text.as_bytes()).expect("a schema"),
        |reader, writer| json_schema::check(reader, writer, Policy::Strict),
    );
    run(
        c,
        "protobuf",
        protobuf_text,
        |text| protobuf::Schema::parse(text).expect("a schema"),
        protobuf::check,
    );
}

criterion_group!(benches, formats);
criterion_main!(benches);
