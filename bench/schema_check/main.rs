//! What it takes to check a schema against 1,000 earlier versions, in both directions: `make bench-schema_check`.
//!
//! Versions are of 20 to 40 fields, half of them in records inside each other, and each differs from the one before. `check`
//! compares schemas that were read; `read and check` reads all 1,001 texts first, as a CI step does. JSON Schemas are checked by the lenient
//! policy, for by the strict one no property can be added in both directions. All cases take turns, round by round; time is that of
//! the thread on a CPU.
//!
//! Prints a table, and keeps the run where `BENCH_OUT` names a folder.
#![allow(clippy::expect_used, clippy::print_stdout, missing_docs)]

#[path = "../support/cpu.rs"]
mod cpu;
#[path = "../support/report.rs"]
mod report;

use std::fmt::Write as _;
use std::hint::black_box;

use outrigger_events::avro;
use outrigger_events::compat::json_schema::Policy;
use outrigger_events::compat::{self, Incompatibility, Level, json_schema, protobuf};
use report::{Metric, Report};

const ROUNDS: usize = 11;
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

/// A case, and the seconds that it takes once.
type Case<'a> = (String, Box<dyn Fn() -> f64 + 'a>);

fn seconds(work: impl Fn()) -> f64 {
    let start = cpu::of_this_thread();
    work();
    (cpu::of_this_thread() - start) as f64 / 1e9
}

fn cases<'a, S: 'a>(
    format: &str,
    text: fn(usize) -> String,
    read: impl Fn(&str) -> S + Copy + 'a,
    check: impl Fn(&S, &S) -> Vec<Incompatibility> + Copy + 'a,
) -> [Case<'a>; 2] {
    let texts: Vec<String> = (0..=VERSIONS).map(text).collect();
    let whole = move |schemas: &[S]| {
        let (new, earlier) = schemas.split_last().expect("there are versions");
        Level::FullTransitive.check(new, earlier, check)
    };
    let schemas: Vec<S> = texts.iter().map(|text| read(text)).collect();
    let report = whole(&schemas);
    assert!(report.is_compatible() && report.pairs == 2 * VERSIONS, "versions that are compatible");
    let alone = move || seconds(|| drop(black_box(whole(black_box(&schemas)))));
    let with_texts = move || {
        seconds(|| {
            let schemas: Vec<S> = texts.iter().map(|text| read(black_box(text))).collect();
            drop(black_box(whole(&schemas)));
        })
    };
    [
        (format!("{format}, check"), Box::new(alone)),
        (format!("{format}, read and check"), Box::new(with_texts)),
    ]
}

fn main() {
    let avro = cases(
        "Avro",
        avro_text,
        |text| avro::Schema::parse(text, &[]).expect("a schema"),
        compat::avro::check,
    );
    let json = cases(
        "JSON Schema",
        json_text,
        |text| json_schema::Schema::parse(text.as_bytes()).expect("a schema"),
        |reader, writer| json_schema::check(reader, writer, Policy::Lenient),
    );
    let protobuf = cases(
        "Protobuf",
        protobuf_text,
        |text| protobuf::Schema::parse(text).expect("a schema"),
        protobuf::check,
    );
    let time = Metric { name: "CPU time", unit: "s", lower_is_better: true, goal: "1" };
    let mut report = Report::new("schema_check", vec![time]);
    // Round 0 warms up.
    for round in 0..=ROUNDS {
        for (case, run) in avro.iter().chain(&json).chain(&protobuf) {
            let seconds = run();
            if round > 0 {
                report.add(case, "CPU time", "ours", seconds);
            }
        }
    }
    report.finish(&format!(
        "A schema against {VERSIONS} earlier versions, `full_transitive`: each pair in both directions. `read and check` reads all texts first. \
         {ROUNDS} rounds in which the cases take turns."
    ));
}
