//! What Protobuf costs in the event engine: `cargo bench -p outrigger-testkit --bench events_protobuf`.
//!
//! One Debezium-shaped change of 470 bytes or so, decoded to a sink that only counts and to a tree, and to a `DynamicMessage` by
//! `prost-reflect`. Then encoded, and its file read and planned.
#![allow(clippy::expect_used, missing_docs)] // criterion's macros document nothing.

#[path = "support/count.rs"]
mod count;

use std::hint::black_box;

use count::Count;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use outrigger_events::protobuf::{Options, Plan, Schema};
use outrigger_events::{Limits, TreeSink, Value};
use prost_reflect::DynamicMessage;
use prost_reflect::prost::Message;

const FILE: &str = "syntax = \"proto3\";
message Value { optional int64 id = 1; optional string first_name = 2; optional string last_name = 3; optional string email = 4;
  optional double score = 5; optional bool active = 6; optional int64 created_at = 7; optional string note = 8; }
message Source { optional string version = 1; optional string connector = 2; optional string name = 3; optional int64 ts_ms = 4;
  optional string snapshot = 5; optional string db = 6; optional string sequence = 7; optional int64 ts_us = 8;
  optional int64 ts_ns = 9; optional string schema = 10; optional string table = 11; optional int64 tx_id = 12;
  optional int64 lsn = 13; optional int64 xmin = 14; }
message Envelope { Value before = 1; Value after = 2; Source source = 3; optional string transaction = 4; string op = 5;
  optional int64 ts_ms = 6; }";

fn map(pairs: &[(&str, Value)]) -> Value {
    Value::Map(pairs.iter().map(|(key, value)| (Value::from(*key), value.clone())).collect())
}

fn row(id: i64) -> Value {
    map(&[
        ("id", id.into()),
        ("first_name", "Anne-Marie".into()),
        ("last_name", "Kretchmar-Lindqvist".into()),
        ("email", "annek.7@noanswer.example.org".into()),
        ("score", Value::Float(7.25)),
        ("active", Value::Boolean(true)),
        ("created_at", 1_700_000_000_000_977.into()),
        ("note", "called twice, no answer, wrote to the old address again".into()),
    ])
}

fn event() -> Value {
    let source = map(&[
        ("version", "2.7.0.Final".into()),
        ("connector", "postgresql".into()),
        ("name", "dbserver1".into()),
        ("ts_ms", 1_700_000_099_007.into()),
        ("snapshot", "false".into()),
        ("db", "inventory".into()),
        ("sequence", "[\"24023095\",\"24023135\"]".into()),
        ("ts_us", 1_700_000_099_000_130.into()),
        ("ts_ns", 1_700_000_099_000_123_463.into()),
        ("schema", "public".into()),
        ("table", "customers".into()),
        ("tx_id", 707.into()),
        ("lsn", 24_023_135.into()),
    ]);
    map(&[
        ("before", row(1_007)),
        ("after", row(1_008)),
        ("source", source),
        ("op", "u".into()),
        ("ts_ms", 1_700_000_100_007.into()),
    ])
}

fn decoding(c: &mut Criterion) {
    let limits = Limits::default();
    let schema = Schema::parse(FILE).expect("a file");
    let plan = Plan::named(&schema, "Envelope", Options::default()).expect("a message");
    let mut bytes = Vec::new();
    plan.encode(&event(), &limits, &mut bytes).expect("an event");
    let mut group = c.benchmark_group(format!("protobuf_{}_bytes", bytes.len()));
    group.throughput(Throughput::Elements(1));
    group.bench_function("decode_counted", |b| {
        b.iter(|| {
            let mut sink = Count::default();
            plan.decode(black_box(&bytes), &limits, &mut sink).expect("an event");
            sink.0
        });
    });
    group.bench_function("decode_tree", |b| {
        b.iter(|| {
            let mut sink = TreeSink::default();
            plan.decode(black_box(&bytes), &limits, &mut sink).expect("an event");
            sink.finish()
        });
    });
    let message = schema.file().messages().find(|message| message.name() == "Envelope").expect("a message");
    group.bench_function("decode_prost_reflect", |b| {
        b.iter(|| DynamicMessage::decode(message.clone(), black_box(bytes.as_slice())).expect("an event"));
    });
    let value = event();
    group.bench_function("encode", |b| {
        b.iter(|| {
            let mut out = Vec::with_capacity(1_024);
            plan.encode(black_box(&value), &limits, &mut out).expect("an event");
            out
        });
    });
    let dynamic = DynamicMessage::decode(message, bytes.as_slice()).expect("an event");
    group.bench_function("encode_prost_reflect", |b| b.iter(|| black_box(&dynamic).encode_to_vec()));
    group.finish();

    let mut group = c.benchmark_group("protobuf_schema");
    group.bench_function("parse", |b| b.iter(|| Schema::parse(black_box(FILE))));
    group.bench_function("plan", |b| {
        b.iter(|| Plan::named(black_box(&schema), "Envelope", Options::default()));
    });
    group.finish();
}

criterion_group!(benches, decoding);
criterion_main!(benches);
