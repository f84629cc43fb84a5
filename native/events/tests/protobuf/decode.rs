//! What a message becomes: names, defaults, presence, unknown fields.

use outrigger_events::frame::Indexes;
use outrigger_events::protobuf::{Options, Plan, Schema};
use outrigger_events::{Error, Name, Value};

use crate::common::{SET, decode, list, map, plan, read, read2};

const ALL: Options = Options { defaults: true, unknown: false, well_known: true };

#[test]
fn fields_that_are_not_there() {
    let fields = "enum E { ZERO = 0; ONE = 1; } message I { }
      int64 a = 1; double b = 2; bool c = 3; string d = 4; bytes e = 5; E f = 6; repeated int32 g = 7; map<string, int32> h = 8;
      I i = 9; optional int32 j = 10; oneof o { int32 k = 11; string l = 12; }";
    let all = plan(&format!("syntax = \"proto3\"; message M {{ {fields} }}"), ALL);
    let expected = map(&[
        ("a", 0.into()),
        ("b", Value::Float(0.0)),
        ("c", Value::Boolean(false)),
        ("d", "".into()),
        ("e", Value::Bytes(vec![])),
        ("f", "ZERO".into()),
        ("g", list(&[])),
        ("h", map(&[])),
        ("i", Value::Null),
        ("j", Value::Null),
    ]);
    assert_eq!(decode(&all, &[]), Ok(expected));
    assert_eq!(read(fields, &[]), Ok(map(&[])));
    // Set to what they are anyway: told.
    assert_eq!(read(fields, &[0x08, 0, 0x58, 0]), Ok(map(&[("a", 0.into()), ("k", 0.into())])));
    let Ok(Value::Map(pairs)) = decode(&all, &[0x58, 0]) else { panic!("a message") };
    assert_eq!(pairs.last(), Some(&("k".into(), 0.into())));
}

#[test]
fn proto2_has_its_own_defaults() {
    let fields = "enum E { ONE = 1; TWO = 2; }
      optional int32 a = 1 [default = -7]; optional string b = 2 [default = \"x\"]; optional bytes c = 3 [default = \"\\xff\"];
      optional E d = 4 [default = TWO]; optional E e = 5; optional double f = 6 [default = inf]; optional uint64 g = 7 [default =
      18446744073709551615]; optional bool h = 8 [default = true]; repeated int32 i = 9; optional group J = 10 { }";
    let all = plan(&format!("syntax = \"proto2\"; message M {{ {fields} }}"), ALL);
    let big = outrigger_events::Integer::from_digits(b"18446744073709551615").unwrap();
    let expected = map(&[
        ("a", (-7).into()),
        ("b", "x".into()),
        ("c", Value::Bytes(vec![0xff])),
        ("d", "TWO".into()),
        ("e", Value::Null),
        ("f", Value::Float(f64::INFINITY)),
        ("g", Value::Integer(big)),
        ("h", Value::Boolean(true)),
        ("i", list(&[])),
        ("j", Value::Null),
    ]);
    assert_eq!(decode(&all, &[]), Ok(expected));
    // Text need not be UTF-8 there, and is told for what it is.
    assert_eq!(
        read2("optional string s = 1;", &[0x0a, 1, 0xff]),
        Ok(map(&[("s", Value::Bytes(vec![0xff]))]))
    );
    let required = "message I { required int32 x = 1; optional int32 y = 2; } repeated I i = 1;";
    match read2(required, &[0x0a, 2, 8, 1, 0x0a, 2, 0x10, 1]) {
        Err(Error::Malformed { at: 8, path, .. }) => assert_eq!(path, "$.i[1].x"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn enums_are_open_and_aliases_are_the_first_name() {
    let fields = "enum E { option allow_alias = true; A = 0; B = 1; C = 1; D = -1; } repeated E e = 1;";
    let bytes = [0x0a, 13, 0, 1, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    let items = Value::List(vec!["A".into(), "B".into(), 2.into(), "D".into()]);
    assert_eq!(read(fields, &bytes), Ok(map(&[("e", items)])));
}

#[test]
fn maps_have_keys_of_their_type() {
    let entry = |key: Value, value: Value| (key, value);
    let told = |fields: &str, bytes: &[u8]| match read(fields, bytes) {
        Ok(Value::Map(pairs)) => match &pairs[0].1 {
            Value::Map(entries) => entries.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    // A key or value that is not there is its zero; what stands in the other order is the same.
    let bytes = [0x0a, 4, 8, 7, 0x10, 1, 0x0a, 4, 0x10, 2, 8, 8, 0x0a, 2, 8, 9, 0x0a, 0];
    let entries = [(7, 1), (8, 2), (9, 0), (0, 0)].map(|(key, value)| entry(key.into(), value.into()));
    assert_eq!(told("map<int32, int32> m = 1;", &bytes), entries);
    let bytes = [0x0a, 4, 8, 1, 0x12, 0, 0x0a, 0];
    let entries = [entry(Value::Boolean(true), map(&[])), entry(Value::Boolean(false), map(&[]))];
    assert_eq!(told("message I { } map<bool, I> m = 1;", &bytes), entries);
    // In an entry, too, the last one counts and messages are merged.
    let bytes = [0x0a, 13, 0x0a, 1, b'k', 0x12, 2, 8, 1, 0x12, 2, 0x10, 2, 0x0a, 0];
    let merged = map(&[("x", 1.into()), ("y", 2.into())]);
    let fields = "message I { int32 x = 1; int32 y = 2; } map<string, I> m = 1;";
    assert_eq!(told(fields, &bytes), [entry("".into(), merged)]);
}

#[test]
fn unknown_fields_are_dropped_or_kept() {
    let text = "syntax = \"proto3\"; message M { int32 a = 1; M m = 2; }";
    let bytes = [0x1a, 1, b'x', 0x08, 1, 0x20, 5, 0x2b, 0x2c, 0x12, 2, 0x18, 9];
    assert_eq!(decode(&plan(text, SET), &bytes), Ok(map(&[("a", 1.into()), ("m", map(&[]))])));
    let keeping = plan(text, Options { unknown: true, ..SET });
    let kept = |bytes: &[u8]| (Value::Name(Name::UnknownFields), Value::Bytes(bytes.to_vec()));
    let inner = Value::Map(vec![kept(&[0x18, 9])]);
    let expected =
        vec![("a".into(), 1.into()), ("m".into(), inner), kept(&[0x1a, 1, b'x', 0x20, 5, 0x2b, 0x2c])];
    assert_eq!(decode(&keeping, &bytes), Ok(Value::Map(expected)));
}

#[test]
fn extensions_have_their_full_name() {
    let text = "syntax = \"proto2\"; package p; message M { optional int32 a = 1; extensions 100 to 200; }
                extend M { optional int32 e = 100; repeated M r = 101; }";
    let schema = Schema::parse(text).unwrap();
    let plan = Plan::named(&schema, "M", ALL).unwrap();
    assert_eq!(decode(&plan, &[]), Ok(map(&[("a", Value::Null)])));
    let told = decode(&plan, &[0xa0, 6, 5, 0xaa, 6, 0]).unwrap();
    let inner = Value::List(vec![map(&[("a", Value::Null)])]);
    assert_eq!(told, map(&[("a", Value::Null), ("[p.e]", 5.into()), ("[p.r]", inner)]));
}

#[test]
fn messages_are_found_by_name_and_by_place() {
    let text = "syntax = \"proto3\"; package a.b; message M { message N { message O { int32 x = 1; } } } message P { }";
    let schema = Schema::parse(text).unwrap();
    for (name, indexes) in [("a.b.M", &[0][..]), ("M.N", &[0, 0]), ("a.b.M.N.O", &[0, 0, 0]), ("P", &[1])] {
        let plan = Plan::named(&schema, name, ALL).unwrap();
        let indexes = Indexes::new(indexes).unwrap();
        assert_eq!(plan.indexes(), Some(&indexes), "{name}");
        assert_eq!(Plan::at(&schema, &indexes, ALL).unwrap().name(), plan.name());
    }
    for wrong in ["", "Q", "N", "a.b"] {
        let error = Plan::named(&schema, wrong, ALL).unwrap_err().to_string();
        assert!(error.contains("a.b.M, a.b.P"), "{error}");
    }
    for wrong in [&[2][..], &[0, 1], &[1, 0], &[0, 0, 0, 0]] {
        assert!(Plan::at(&schema, &Indexes::new(wrong).unwrap(), ALL).is_err());
    }
    // A message of another file has no place in this one.
    let text = "syntax = \"proto3\"; import \"google/protobuf/empty.proto\"; message M { }";
    let schema = Schema::parse(text).unwrap();
    assert_eq!(Plan::named(&schema, "google.protobuf.Empty", ALL).unwrap().indexes(), None);
}
