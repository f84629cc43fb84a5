//! Sinks that take no more: a decoder stops soon, and who reads a list goes on where it ended.
#![allow(clippy::expect_used, clippy::unwrap_used)] // The helpers of tests are tests, too.

use outrigger_events::json::{self, Portion};
use outrigger_events::project::{BatchSink, Path, Plan, Progress, RowSink, Type};
use outrigger_events::{
    Decimal, Duplicate, Error, Integer, Limits, Name, Sink, Temporal, Text, Value, avro, protobuf,
};

/// Counts what it is told, and is full after some.
struct Counted {
    told: usize,
    most: usize,
    rows: usize,
}

impl Counted {
    fn new(most: usize) -> Self {
        Self { told: 0, most, rows: 0 }
    }
}

macro_rules! counted {
    ($($method:ident($kind:ty);)*) => { $(fn $method(&mut self, _value: $kind) { self.told += 1; })* };
}

impl Sink for Counted {
    fn full(&self) -> bool {
        self.told >= self.most
    }
    fn null(&mut self) {
        self.told += 1;
    }
    counted! {
        boolean(bool);
        integer(i64);
        big(&Integer);
        float(f64);
        decimal(&Decimal);
        text(Text<'_>);
        bytes(Text<'_>);
        temporal(Temporal);
        name(Name);
        end_list(usize);
        key(Text<'_>);
        field(Name);
    }
    fn end_map(&mut self, _count: usize) -> Result<(), Duplicate> {
        self.told += 1;
        Ok(())
    }
}

impl RowSink for Counted {
    fn slot(&mut self, _field: usize) {}
    fn unset(&mut self, _field: usize) {}
}

impl BatchSink for Counted {
    fn row(&mut self) {
        self.told += 1;
        self.rows += usize::from(!self.full());
    }
    fn filtered(&mut self) {}
    fn refused(&mut self, _element: usize, _error: Error) {}
}

fn avro(schema: &str) -> avro::Plan {
    avro::Plan::new(&avro::Schema::parse(schema, &[]).unwrap(), None).unwrap()
}

/// `count` items of no bytes.
fn nothing(count: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let list = avro::Schema::parse(r#""long""#, &[]).unwrap();
    list.encode(&Value::from(count), &Limits::default(), &mut bytes).unwrap();
    bytes.push(0);
    bytes
}

#[test]
fn avro_stops_where_the_sink_is_full() {
    let fields: Vec<_> = (0..100).map(|n| format!(r#"{{"name": "f{n}", "type": "null"}}"#)).collect();
    let record = format!(r#"{{"type": "record", "name": "R", "fields": [{}]}}"#, fields.join(","));
    let plan = avro(&format!(r#"{{"type": "array", "items": {record}}}"#));
    let mut sink = Counted::new(1_000);
    let error = plan.decode(&nothing(60_000), &Limits::default(), &mut sink).unwrap_err();
    assert!(matches!(error, Error::Limit { what: "terms", .. }), "{error}");
    // It ends the record that it is in: a hundred fields, each with its key.
    assert!((1_000..1_300).contains(&sink.told), "{}", sink.told);
}

#[test]
fn records_of_nothing_inside_each_other_are_bounded() {
    // Ten of the type before in each: 10^8 nulls of no bytes at all.
    let mut schema = r#""null""#.to_owned();
    for level in 0..8 {
        let rest: String = (1..10)
            .map(|n| match level {
                0 => format!(r#", {{"name": "f{n}", "type": "null"}}"#),
                _ => format!(r#", {{"name": "f{n}", "type": "R{}"}}"#, level - 1),
            })
            .collect();
        schema = format!(
            r#"{{"type": "record", "name": "R{level}", "fields": [{{"name": "f0", "type": {schema}}}{rest}]}}"#
        );
    }
    let mut sink = Counted::new(usize::MAX);
    let error = avro(&schema).decode(&[], &Limits::default(), &mut sink).unwrap_err();
    assert!(matches!(error, Error::Limit { what: avro::Plan::EMPTY, .. }), "{error}");
    assert!(sink.told < 3_000_000, "{}", sink.told);
}

#[test]
fn protobuf_stops_where_the_sink_is_full() {
    let fields: String = (2..100).map(|n| format!("int32 f{n} = {n};")).collect();
    let text = format!(r#"syntax = "proto3"; message M {{ repeated M a = 1; {fields} }}"#);
    let schema = protobuf::Schema::parse(&text).unwrap();
    let plan = protobuf::Plan::named(&schema, "M", protobuf::Options::default()).unwrap();
    let mut sink = Counted::new(1_000);
    let limits = Limits { items: usize::MAX, ..Limits::default() };
    let error = plan.decode(&[10, 0].repeat(5_000), &limits, &mut sink).unwrap_err();
    assert!(matches!(error, Error::Limit { what: "terms", .. }), "{error}");
    assert!(sink.told < 1_300, "{}", sink.told);
}

#[test]
fn a_list_goes_on_where_the_sink_was_full() {
    let list = format!("[{}1]", r#"{"a":[0]},"#.repeat(5_000));
    let (mut from, mut elements, mut calls) = (None, 0, 0);
    loop {
        let mut sink = Counted::new(1_000);
        calls += 1;
        match json::portion(list.as_bytes(), from, 1 << 20, &json::Options::default(), &mut sink).unwrap() {
            Portion::More(count, at) => {
                // Four for an element, and the one in which it was full does not count.
                assert_eq!(count, 249);
                (from, elements) = (Some(at), elements + count);
            }
            Portion::Done(count) => break elements += count,
            Portion::Whole => unreachable!("elements are small"),
        }
    }
    assert_eq!((elements, calls), (5_001, 21));
    let small =
        json::portion(list.as_bytes(), None, 1 << 20, &json::Options::default(), &mut Counted::new(3));
    assert_eq!(small, Ok(Portion::Whole));
}

#[test]
fn rows_go_on_where_the_sink_was_full() {
    let list = format!("[{}]", vec![r#"{"a":0}"#; 5_000].join(","));
    let plan = Plan::new(&[(Path::parse("a").unwrap(), Type::Any)], &[]).unwrap();
    let (mut from, mut rows, mut calls) = (None, 0, 0);
    while !from.is_some_and(|progress: Progress| progress.done) {
        let mut sink = Counted::new(100);
        let read = plan.rows(list.as_bytes(), from, 1 << 20, &json::Options::default(), &mut sink).unwrap();
        (from, rows, calls) = (Some(read), rows + sink.rows, calls + 1);
        assert_eq!(read.element, rows);
    }
    assert_eq!((rows, calls), (5_000, 103));
    let small = plan.rows(list.as_bytes(), None, 1 << 20, &json::Options::default(), &mut Counted::new(1));
    assert_eq!(small.unwrap(), Progress { element: 0, at: 1, done: false });
}

#[test]
fn rows_come_no_further_where_a_list_is_wrong_or_an_element_is_long() {
    let plan = Plan::new(&[(Path::parse("a").unwrap(), Type::Any)], &[]).unwrap();
    let long = format!(r#"[0, "{}", 0]"#, "x".repeat(3_000));
    let wrong = format!("[{}x]", "0,".repeat(3_000));
    for (list, elements) in [(long, 1), (wrong, 3_000)] {
        let rows = |from, bytes| {
            plan.rows(list.as_bytes(), from, bytes, &json::Options::default(), &mut Counted::new(usize::MAX))
        };
        let mut read = rows(None, 1_000).unwrap();
        loop {
            let next = rows(Some(read), 1_000).unwrap();
            assert!(!next.done);
            if next == read {
                break;
            }
            read = next;
        }
        assert_eq!(read.element, elements);
        match rows(Some(read), usize::MAX) {
            Ok(rest) => assert_eq!((rest.element, rest.done), (3, true)),
            Err(Error::Malformed { path, at, .. }) => assert_eq!((&*path, at), ("$[3000]", 6_001)),
            Err(other) => unreachable!("{other}"),
        }
    }
}

#[test]
fn encoding_ends_after_its_steps() {
    let fields: Vec<_> =
        (0..100).map(|n| format!(r#"{{"name": "f{n}", "type": "long", "default": 0}}"#)).collect();
    let record = format!(r#"{{"type": "record", "name": "R", "fields": [{}]}}"#, fields.join(","));
    let list =
        |items: &str| avro::Schema::parse(&format!(r#"{{"type": "array", "items": {items}}}"#), &[]).unwrap();
    let empty = Value::List(vec![Value::Map(vec![]); 100]);
    for (schema, steps) in [(list(&record), 20_101), (list(&format!(r#"["null", {record}]"#)), 30_301)] {
        let within = |steps| {
            let mut out = b"before".to_vec();
            let encoded = schema.encode_within(&empty, &Limits::default(), steps, &mut out);
            (encoded, out.len())
        };
        let (error, length) = within(steps - 1);
        assert!(matches!(error, Err(Error::Limit { what: avro::Schema::WORK, .. })), "{error:?}");
        assert_eq!(length, 6);
        assert_eq!(within(steps).0, Ok(()));
    }
}
