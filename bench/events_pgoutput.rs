//! What a frame of PostgreSQL's logical replication costs in the event engine: `cargo bench -p outrigger-testkit --bench
//! events_pgoutput`.
//!
//! A transaction of 1,000 changes of a table with seven columns, every value to its own type, told to a sink that only counts and to a tree;
//! in text and in binary. The figures are per frame.
#![allow(clippy::expect_used, missing_docs)] // criterion's macros document nothing.

#[path = "support/count.rs"]
mod count;

use std::hint::black_box;

use count::Count;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use outrigger_events::pgoutput::{Decoder, Options};
use outrigger_events::{Sink, TreeSink};

const CHANGES: usize = 1_000;

/// Name, type, a value in text, and the same in binary.
const COLUMNS: [(&str, u32, &[u8], &[u8]); 7] = [
    ("id", 20, b"1004711", b"\0\0\0\0\0\x0f\x54\xa7"),
    ("email", 25, b"annie.easley@example.com", b"annie.easley@example.com"),
    ("balance", 1700, b"1234.56", b"\0\x02\0\0\0\0\0\x02\x04\xd2\x15\xe0"),
    ("born", 1082, b"1933-04-23", b"\xff\xff\xa0\xd7"),
    ("seen", 1184, b"2024-02-29 10:15:30.123456+00", b"\0\x02\xb5\x5c\x29\x7c\x44\x40"),
    (
        "settings",
        3802,
        br#"{"theme": "dark", "mails": [1, 2]}"#,
        b"\x01{\"theme\": \"dark\", \"mails\": [1, 2]}",
    ),
    ("active", 16, b"t", b"\x01"),
];

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend(text.as_bytes());
    out.push(0);
}

fn row(binary: bool) -> Vec<u8> {
    let mut out = (COLUMNS.len() as u16).to_be_bytes().to_vec();
    for (.., as_text, as_binary) in COLUMNS {
        let (kind, value) = if binary { (b'b', as_binary) } else { (b't', as_text) };
        out.push(kind);
        out.extend((value.len() as u32).to_be_bytes());
        out.extend(value);
    }
    out
}

/// Begin, the table, inserts and updates in turn, Commit.
fn frames(binary: bool) -> Vec<Vec<u8>> {
    let begin =
        [b"B".as_slice(), &900_u64.to_be_bytes(), &0_u64.to_be_bytes(), &700_u32.to_be_bytes()].concat();
    let mut relation = b"R\0\0\0\x07".to_vec();
    text(&mut relation, "public");
    text(&mut relation, "customers");
    relation.push(b'd');
    relation.extend((COLUMNS.len() as u16).to_be_bytes());
    for (place, (name, oid, ..)) in COLUMNS.iter().enumerate() {
        relation.push(u8::from(place == 0));
        text(&mut relation, name);
        relation.extend(oid.to_be_bytes());
        relation.extend((-1_i32).to_be_bytes());
    }
    let commit =
        [b"C\0".as_slice(), &900_u64.to_be_bytes(), &910_u64.to_be_bytes(), &0_u64.to_be_bytes()].concat();
    let change = |place| {
        [if place % 2 == 0 { b"I".as_slice() } else { b"U" }, &7_u32.to_be_bytes(), b"N", &row(binary)]
            .concat()
    };
    [begin, relation].into_iter().chain((0..CHANGES).map(change)).chain([commit]).collect()
}

fn decode<S: Sink + Default>(frames: &[Vec<u8>]) -> usize {
    let mut decoder = Decoder::new(Options::default());
    let told = frames.iter().map(|frame| {
        let mut sink = S::default();
        let told = decoder.decode(black_box(frame), &mut sink).expect("a frame");
        black_box(sink);
        told.records
    });
    told.sum()
}

fn decoding(c: &mut Criterion) {
    for (format, binary) in [("text", false), ("binary", true)] {
        let frames = frames(binary);
        let mut group =
            c.benchmark_group(format!("pgoutput_{format}_{}_bytes", frames.get(2).map_or(0, Vec::len)));
        group.throughput(Throughput::Elements(frames.len() as u64));
        assert_eq!(decode::<Count>(&frames), CHANGES + 2);
        group.bench_function("counted", |b| b.iter(|| decode::<Count>(&frames)));
        group.bench_function("tree", |b| b.iter(|| decode::<TreeSink>(&frames)));
        group.finish();
    }
}

criterion_group!(benches, decoding);
criterion_main!(benches);
