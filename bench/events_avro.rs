//! What Avro costs in the event engine: `cargo bench -p outrigger-testkit --bench events_avro`.
//!
//! One Debezium-shaped change of 445 bytes or so, decoded to a sink that only counts, to a tree, and by two other crates.
//! With a reader's schema that has one field more; as Debezium's typed change. Then a schema's text read, and a new version checked against 1,000.
#![allow(clippy::expect_used, missing_docs)] // criterion's macros document nothing.

#[path = "support/count.rs"]
mod count;

use std::hint::black_box;

use apache_avro::reader::datum::GenericDatumReader;
use count::Count;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use outrigger_events::avro::{Plan, Schema};
use outrigger_events::compat::{Level, avro::check};
use outrigger_events::debezium::{Memory, Options, Writer, Writers, decode_framed};
use outrigger_events::frame::SchemaKey;
use outrigger_events::{Decimal, Integer, Limits, Temporal, TreeSink, Value};
use serde_json::{Value as Json, json};

/// A row of eight columns and more, before and after, the source, and times.
fn envelope(more: &[Json]) -> String {
    let field = |name: &str, of: Json| json!({"name": name, "type": of});
    let optional = |name: &str, of: Json| json!({"name": name, "type": ["null", of], "default": null});
    let mut columns = vec![
        field("id", json!("long")),
        field("email", json!("string")),
        optional("name", json!("string")),
        field("status", json!("string")),
        field("balance", json!({"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2})),
        field("visits", json!("int")),
        optional("created_at", json!({"type": "long", "logicalType": "timestamp-micros"})),
        optional("note", json!("string")),
    ];
    columns.extend_from_slice(more);
    let row = json!({"type": "record", "name": "Value", "fields": columns});
    let source = ["version", "connector", "name", "db", "sequence", "schema", "table"];
    let mut source: Vec<_> = source.iter().map(|name| field(name, json!("string"))).collect();
    source.extend(["ts_ms", "ts_us", "ts_ns"].map(|name| field(name, json!("long"))));
    source.extend([optional("snapshot", json!("string")), optional("txId", json!("long"))]);
    source.extend([optional("lsn", json!("long")), optional("xmin", json!("long"))]);
    let source = json!({"type": "record", "name": "Source", "fields": source});
    json!({"type": "record", "name": "Envelope", "namespace": "server.public.customers", "fields": [
        optional("before", row),
        optional("after", json!("Value")),
        field("source", source),
        field("op", json!("string")),
        optional("ts_ms", json!("long")),
        optional("transaction", json!({"type": "record", "name": "block", "fields": [
            {"name": "id", "type": "string"}, {"name": "total_order", "type": "long"}]})),
    ]})
    .to_string()
}

fn map(pairs: Vec<(&str, Value)>) -> Value {
    Value::Map(pairs.into_iter().map(|(key, value)| (Value::from(key), value)).collect())
}

fn event() -> Value {
    let row = |name: &str, cents: i64| {
        map(vec![
            ("id", 1_004_711.into()),
            ("email", "annie.easley@example.com".into()),
            ("name", name.into()),
            ("status", "active".into()),
            ("balance", Value::Decimal(Decimal::new(Integer::Small(cents), 2))),
            ("visits", 97.into()),
            ("created_at", Value::Temporal(Temporal::Instant(1_700_000_000_123_456_000, 6))),
            ("note", "prefers mail in the morning, calls after five; pays on the last day of the month, by bank transfer".into()),
        ])
    };
    let text = |text: &str| Value::from(text);
    let source = map(vec![
        ("version", text("3.0.0.Final")),
        ("connector", text("postgresql")),
        ("name", text("server")),
        ("db", text("shop")),
        ("sequence", text("[\"24023128\",\"24023128\"]")),
        ("schema", text("public")),
        ("table", text("customers")),
        ("ts_ms", 1_700_000_000_123.into()),
        ("ts_us", 1_700_000_000_123_456.into()),
        ("ts_ns", 1_700_000_000_123_456_789.into()),
        ("txId", 571.into()),
        ("lsn", 24_023_128.into()),
    ]);
    map(vec![
        ("before", row("Annie", 123_456)),
        ("after", row("Annie Easley", 123_999)),
        ("source", source),
        ("op", "u".into()),
        ("ts_ms", 1_700_000_000_200.into()),
    ])
}

fn decoding(c: &mut Criterion) {
    let (text, limits) = (envelope(&[]), Limits::default());
    let added = envelope(&[json!({"name": "tier", "type": "string", "default": "basic"})]);
    let (writer, reader) =
        (Schema::parse(&text, &[]).expect("a schema"), Schema::parse(&added, &[]).expect("a schema"));
    let mut bytes = Vec::new();
    writer.encode(&event(), &limits, &mut bytes).expect("an event");
    let mut group = c.benchmark_group(format!("avro_decode_{}_bytes", bytes.len()));
    group.throughput(Throughput::Elements(1));
    for (name, reader) in [("own", None), ("reader", Some(&reader))] {
        let plan = Plan::new(&writer, reader).expect("a plan");
        group.bench_function(format!("{name}_counted"), |b| {
            b.iter(|| {
                let mut sink = Count::default();
                plan.decode(black_box(&bytes), &limits, &mut sink).expect("an event");
                sink.0
            });
        });
        group.bench_function(format!("{name}_tree"), |b| {
            b.iter(|| {
                let mut sink = TreeSink::default();
                plan.decode(black_box(&bytes), &limits, &mut sink).expect("an event");
                sink.finish()
            });
        });
    }
    // The same as a registry frames it, to a typed change: written out as a document and read as one.
    let (writers, key) = (Writers::default(), SchemaKey::Id(1));
    writers.insert(key, Writer::avro(&writer).expect("a schema of Connect"));
    let (options, mut memory, mut framed) = (Options::default(), Memory::default(), Vec::new());
    key.write(&mut framed);
    framed.extend_from_slice(&bytes);
    group.bench_function("own_debezium_change_counted", |b| {
        b.iter(|| {
            let mut sink = Count::default();
            decode_framed(Some(&writers), Some(black_box(&framed)), None, &options, &mut memory, &mut sink)
                .expect("a change");
            sink.0
        });
    });
    let apache = |text: &str| apache_avro::Schema::parse_str(text).expect("a schema");
    let (their_writer, their_reader) = (apache(&text), apache(&added));
    let own = GenericDatumReader::builder(&their_writer).build().expect("a reader");
    group.bench_function("own_apache_avro", |b| {
        b.iter(|| own.read_value(&mut black_box(bytes.as_slice())).expect("an event"));
    });
    // Version 0.22 cannot resolve a nullable record that holds a decimal, so theirs is read as bytes.
    let plain = |text: &str| text.replace("\"logicalType\":\"decimal\",", "");
    let (plain_writer, plain_reader) = (apache(&plain(&text)), apache(&plain(&added)));
    let resolving =
        GenericDatumReader::builder(&plain_writer).reader_schema(&plain_reader).build().expect("a reader");
    if resolving.read_value(&mut bytes.as_slice()).is_ok() {
        group.bench_function("reader_apache_avro", |b| {
            b.iter(|| resolving.read_value(&mut black_box(bytes.as_slice())).expect("an event"));
        });
    }
    drop(their_reader);
    let fast: serde_avro_fast::Schema = text.parse().expect("a schema");
    group.bench_function("own_serde_avro_fast_json", |b| {
        b.iter(|| serde_avro_fast::from_datum_slice::<Json>(black_box(&bytes), &fast).expect("an event"));
    });
    group.finish();

    let mut group = c.benchmark_group("avro_schema");
    group.bench_function("parse", |b| b.iter(|| Schema::parse(black_box(&text), &[])));
    group.bench_function("parse_apache_avro", |b| b.iter(|| apache(black_box(&text))));
    group.bench_function("plan", |b| b.iter(|| Plan::new(black_box(&writer), Some(&reader))));
    let versions: Vec<_> = (0..1_000)
        .map(|n| {
            let name = format!("added_{n}");
            let added = json!({"name": name, "type": ["null", "string"], "default": null});
            Schema::parse(&envelope(&[added]), &[]).expect("a schema")
        })
        .collect();
    group.sample_size(20);
    group.bench_function("check_full_transitive_1000", |b| {
        b.iter(|| {
            let report = Level::FullTransitive.check(black_box(&reader), &versions, check);
            assert!(report.is_compatible() && report.pairs == 2_000);
        });
    });
    group.finish();
}

criterion_group!(benches, decoding);
criterion_main!(benches);
