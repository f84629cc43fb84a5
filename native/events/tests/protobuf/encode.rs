//! Values to bytes: what fits, and what does not.

use outrigger_events::protobuf::Options;
use outrigger_events::{Error, Integer, Limits, Name, Value};

use crate::common::{decode, encode, list, map, plan};

fn both(fields: &str) -> outrigger_events::protobuf::Plan {
    plan(&format!("syntax = \"proto3\"; message M {{ {fields} }}"), Options::default())
}

#[test]
fn zeros_are_not_written_unless_they_say_something() {
    let fields = "int32 a = 1; float b = 2; string c = 3; optional int32 d = 4; oneof o { int32 e = 5; } repeated int32 f = 6;
                  map<int32, int32> g = 7; M h = 8;";
    let zeros = map(&[
        ("a", 0.into()),
        ("b", Value::Float(0.0)),
        ("c", "".into()),
        ("d", 0.into()),
        ("e", 0.into()),
        ("f", list(&[])),
        ("g", map(&[])),
        ("h", map(&[])),
    ]);
    assert_eq!(encode(&both(fields), &zeros), Ok(vec![0x20, 0, 0x28, 0, 0x42, 0]));
    let nothing = map(&[("a", Value::Null), ("h", Value::Null)]);
    assert_eq!(encode(&both(fields), &nothing), Ok(vec![]));
    // Minus zero is not zero.
    assert_eq!(encode(&both(fields), &map(&[("b", Value::Float(-0.0))])), Ok(vec![0x15, 0, 0, 0, 0x80]));
    let zero = map(&[("c", "\0".into())]);
    assert_eq!(encode(&both(fields), &zero), Ok(vec![0x1a, 1, 0]));
}

#[test]
fn lengths_of_more_than_a_byte() {
    let plan = both("M m = 1; string s = 2; repeated fixed64 n = 3;");
    for length in [0, 1, 126, 127, 128, 129, 16_383, 16_384, 70_000] {
        let text = Value::from("x".repeat(length).as_str());
        let numbers = list(&vec![7; length / 8]);
        let inner = map(&[("m", Value::Null), ("s", text), ("n", numbers)]);
        let outer = map(&[("m", inner), ("s", "".into()), ("n", list(&[]))]);
        let bytes = encode(&plan, &outer).unwrap();
        assert_eq!(decode(&plan, &bytes), Ok(outer));
    }
}

#[test]
fn what_does_not_fit_says_where() {
    let fields = "enum E { A = 0; } int32 a = 1; uint32 b = 2; uint64 c = 3; float d = 4; string e = 5; bytes f = 6; E g = 7;
                  repeated M h = 8; map<int32, bool> i = 9; bool j = 10; oneof o { int32 k = 11; int32 l = 12; }";
    let plan = both(fields);
    let big = Value::Integer(Integer::from_digits(b"18446744073709551616").unwrap());
    let nested = map(&[("h", Value::List(vec![map(&[]), map(&[("a", "x".into())])]))]);
    let entry = |key: &str, value: Value| map(&[("i", map(&[(key, value)]))]);
    for (value, path, problem) in [
        (map(&[("a", 1_i64.wrapping_shl(31).into())]), "$.a", "does not fit int32"),
        (map(&[("b", (-1).into())]), "$.b", "does not fit uint32"),
        (map(&[("c", big)]), "$.c", "does not fit uint64"),
        (map(&[("d", Value::Float(1e39))]), "$.d", "does not fit a float"),
        (map(&[("d", 16_777_217.into())]), "$.d", "does not fit a float"),
        (map(&[("e", Value::Bytes(vec![0xff]))]), "$.e", "not UTF-8"),
        (map(&[("f", 1.into())]), "$.f", "an integer is no bytes"),
        (map(&[("g", "B".into())]), "$.g", "no name of M.E"),
        (nested, "$.h[1].a", "text is no int32"),
        (map(&[("h", map(&[]))]), "$.h", "a map is no list"),
        (map(&[("h", Value::List(vec![Value::Null]))]), "$.h[0]", "null is no M"),
        (entry("x", Value::Boolean(true)), "$.i{\"x\"}", "a key of this map is int32"),
        (entry("1", Value::Null), "$.i{\"1\"}", "null is no bool"),
        (map(&[("k", 1.into()), ("l", 0.into())]), "$", "k and l are of one oneof"),
        (map(&[("a", 1.into()), ("a", 1.into())]), "$", "a is there twice"),
        (map(&[("z", Value::Null)]), "$", "M has no field z"),
        (1.into(), "$", "an integer is no M"),
    ] {
        match encode(&plan, &value) {
            Err(Error::Value { path: told, problem: why }) => {
                assert_eq!(told, path, "{why}");
                assert!(why.contains(problem), "{why}");
            }
            other => panic!("{value:?}: {other:?}"),
        }
    }
    let required = "syntax = \"proto2\"; message M { optional int32 a = 1; required int32 b = 2; }";
    let required = crate::common::plan(required, Options::default());
    let error = encode(&required, &map(&[("a", 1.into())])).unwrap_err().to_string();
    assert!(error.contains("$.b") && error.contains("required"), "{error}");
}

#[test]
fn what_was_kept_is_written_again() {
    let keeping = Options { unknown: true, defaults: false, well_known: true };
    let plan = plan("syntax = \"proto3\"; message M { int32 a = 1; }", keeping);
    let bytes = [0x08, 1, 0x1a, 1, b'x'];
    assert_eq!(encode(&plan, &decode(&plan, &bytes).unwrap()), Ok(bytes.to_vec()));
    let wrong = Value::Map(vec![(Value::Name(Name::UnknownFields), 1.into())]);
    assert!(encode(&plan, &wrong).is_err());
}

#[test]
fn an_error_leaves_nothing_behind_and_depth_is_bounded() {
    let plan = both("string s = 1; M m = 2; int32 i = 3;");
    let mut out = vec![9];
    let wrong = map(&[("s", "x".into()), ("i", "y".into())]);
    assert!(plan.encode(&wrong, &Limits::default(), &mut out).is_err());
    assert_eq!(out, [9]);
    let deep = (0..5).fold(map(&[]), |inner, _| map(&[("m", inner)]));
    let limits = |depth| Limits { depth, ..Limits::default() };
    assert!(plan.encode(&deep, &limits(6), &mut out).is_ok());
    assert!(matches!(plan.encode(&deep, &limits(5), &mut out), Err(Error::Limit { what: "depth", .. })));
}
