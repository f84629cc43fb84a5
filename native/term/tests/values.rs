//! Rust values as terms and back, through serde.
#![allow(clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use outrigger_term::{
    Atom, Binary, Integer, OwnedTerm, Pid, Reader, Reference, SerdeError, Term, TermError, Writer,
    from_reader, from_slice, to_vec, to_writer,
};
use proptest::prelude::*;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

fn print<T: Serialize + ?Sized>(value: &T) -> String {
    Term::new(&to_vec(value).expect("writable")).expect("a term").to_string()
}

#[track_caller]
fn both<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, text: &str) {
    let bytes = to_vec(&value).expect("writable");
    assert_eq!(Term::new(&bytes).expect("a term").to_string(), text);
    assert_eq!(from_slice::<T>(&bytes).expect(text), value);
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Point,
    Circle(f64),
    Line(i8, u64),
    Named { name: String, inner: Option<Box<Self>> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Everything {
    truth: bool,
    small: i8,
    wide: (u64, i64, i128, u128),
    float: f64,
    letter: char,
    text: String,
    raw: Binary,
    maybe: Option<u16>,
    bytes: Vec<u8>,
    numbers: Vec<i32>,
    array: [u16; 3],
    map: BTreeMap<String, Vec<Shape>>,
    unit: (),
    newtype: Wrapped,
    pair: Pair,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Wrapped(Vec<String>);
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pair(i32, f32);
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Unit;
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Point {
    x: i32,
    y: i32,
}

#[test]
fn every_row_of_the_table_holds_both_ways() {
    both(-5i8, "-5");
    both(u64::MAX, "18446744073709551615");
    both(i128::MIN, &i128::MIN.to_string());
    both(u128::MAX, &u128::MAX.to_string());
    both(1.5f64, "1.5");
    both(true, "true");
    both(String::from("é"), "\"é\"");
    both('é', "\"é\"");
    both(Binary(vec![1, 2]), "<<1, 2>>");
    both((), "nil");
    both(Unit, "nil");
    both(None::<u8>, "nil");
    both(Some(7u8), "7");
    both(vec![1u8, 2], "[1, 2]");
    both(Vec::<u8>::new(), "[]");
    both(vec![-1i32, 7], "[-1, 7]");
    both((1u8, String::from("a")), "{1, \"a\"}");
    both([1u16, 2], "{1, 2}");
    both(Pair(1, 0.5), "{1, 0.5}");
    both(BTreeMap::from([(1u8, true)]), "%{1 => true}");
    both(BTreeMap::from([(String::from("k"), 1u8)]), "%{\"k\" => 1}");
    both(Point { x: 1, y: -1 }, "%{x: 1, y: -1}");
    both(Wrapped(vec![String::from("a")]), "[\"a\"]");
    both(Shape::Point, ":point");
    both(Shape::Circle(0.5), "{:circle, 0.5}");
    both(Shape::Line(1, 2), "{:line, 1, 2}");
    both(Shape::Named { name: "n".into(), inner: None }, "{:named, %{name: \"n\", inner: nil}}");
    both(OwnedTerm::new(&[77, 0, 0, 0, 1, 3, 0xa0][..]).expect("bits"), "<<5::size(3)>>");
    assert_eq!(print(&0.5f32), "0.5");
    assert_eq!(print("text"), "\"text\"");
}

#[test]
fn types_of_the_crate_pass_through_borrowed() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Call<'a> {
        #[serde(borrow)]
        from: (Pid<'a>, Reference<'a>),
        #[serde(borrow)]
        tag: Atom<'a>,
        name: &'a str,
        #[serde(borrow)]
        request: Term<'a>,
        #[serde(borrow)]
        number: Integer<'a>,
    }
    let node = Atom::Utf8("a@h");
    let big = [0xff; 40];
    let call = Call {
        from: (
            Pid { node, id: 1, serial: 2, creation: 3 },
            Reference::new(node, 3, &[1, 2, 3]).expect("three words"),
        ),
        tag: Atom::Utf8("any one"),
        name: "x",
        request: Term::new(&[104, 0]).expect("a tuple"),
        number: Integer::new(true, &big),
    };
    let bytes = to_vec(&call).expect("writable");
    assert!(Term::new(&bytes).expect("a term").to_string().starts_with(
        "%{from: {#PID<a@h.1.2>, #Reference<a@h.3.2.1>}, tag: :\"any one\", name: \"x\", request: {}, number: -"
    ));
    assert_eq!(from_slice::<Call<'_>>(&bytes).expect("what was written"), call);
}

#[test]
fn what_a_beam_writes_is_read_leniently_where_nothing_is_lost() {
    let read = |name: &str| common::vector(name)[1..].to_vec();
    assert_eq!(from_slice::<String>(&read("charlist abc")), Ok("abc".into()));
    assert_eq!(from_slice::<String>(&read("list euro")), Ok("€".into()));
    assert_eq!(from_slice::<String>(&read("atom ok")), Ok("ok".into()));
    assert_eq!(from_slice::<String>(&read("raw atom latin1")), Ok("café".into()));
    assert_eq!(from_slice::<Vec<u8>>(&read("binary abc")), Ok(b"abc".to_vec()));
    assert_eq!(from_slice::<Vec<i64>>(&read("raw list with a list as tail")), Ok(vec![1, 2]));
    assert_eq!(from_slice::<Vec<u8>>(&read("raw list with a string as tail")), Ok(b"ab".to_vec()));
    assert_eq!(from_slice::<Binary>(&read("charlist abc")), Ok(Binary(b"abc".to_vec())));
    assert_eq!(from_slice::<f64>(&read("integer 9")), Ok(9.0));
    assert_eq!(from_slice::<f64>(&read("raw float text")), Ok(1.5));
    assert_eq!(from_slice::<u8>(&read("raw big padded")), Ok(5));
    let items = from_slice::<Vec<OwnedTerm>>(&read("charlist abc")).expect("three integers");
    assert_eq!(format!("{items:?}"), "[97, 98, 99]");
    let undefined = to_vec(&Atom::Utf8("undefined")).expect("an atom");
    assert_eq!(from_slice::<Option<u8>>(&undefined), Ok(None));
    // Keys that are no names, and names that nobody asked for.
    let map = to_vec(&HashMap::from([("x", 1), ("y", 2), ("z", 3)])).expect("writable");
    assert_eq!(from_slice(&map), Ok(Point { x: 1, y: 2 }));
    let map = to_vec(&BTreeMap::from([((1, 2), 3)])).expect("writable");
    assert_eq!(from_slice::<Point>(&map), Err(SerdeError::Mismatch("missing field `x`".into())));
    assert_eq!(from_slice::<HashMap<String, u8>>(&read("map a")), Ok(HashMap::from([("a".into(), 1)])));
}

#[test]
fn what_does_not_fit_says_so() {
    let mismatch = |result: Result<(), SerdeError>, text: &str| {
        assert_eq!(result, Err(SerdeError::Mismatch(text.into())));
    };
    let read = |name: &str| common::vector(name)[1..].to_vec();
    mismatch(
        from_slice::<String>(&read("atom nil")).map(drop),
        "invalid type: unit value, expected a string",
    );
    mismatch(from_slice::<Vec<u8>>(&read("map a")).map(drop), "invalid type: a map, expected a sequence");
    mismatch(from_slice::<u8>(&read("integer 256")).map(drop), "invalid value: integer `256`, expected u8");
    mismatch(
        from_slice::<Shape>(&read("atom ok")).map(drop),
        "unknown variant `ok`, expected one of `point`, `circle`, `line`, `named`",
    );
    mismatch(
        from_slice::<(u8, u8)>(&read("tuple 1")).map(drop),
        "invalid length 1, expected a tuple of size 2",
    );
    mismatch(from_slice::<u64>(&read("pid")).map(drop), "invalid type: a pid, expected u64");
    assert_eq!(
        from_slice::<Vec<OwnedTerm>>(&read("improper")).map(drop),
        Err(TermError::ImproperList.into())
    );
    assert_eq!(from_slice::<u128>(&read("integer 2^128")), Err(TermError::IntegerOutOfRange.into()));
    assert_eq!(from_slice::<u8>(&[97, 1, 97]), Err(TermError::TrailingBytes { len: 1 }.into()));
    assert_eq!(from_slice::<u8>(&[131, 97, 1]), Err(TermError::UnknownTag { tag: 131 }.into()));
    assert_eq!(from_slice::<u8>(&[]), Err(TermError::Truncated.into()));
}

#[test]
fn what_a_beam_would_refuse_is_not_written() {
    assert_eq!(to_vec(&f64::NAN), Err(TermError::CallerNotFinite.into()));
    struct Twice;
    impl Serialize for Twice {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([("a", 1), ("b", 2), ("a", 3)])
        }
    }
    assert_eq!(to_vec(&Twice), Err(TermError::CallerKeyTwice.into()));
    let mut out = vec![1, 2, 3];
    assert!(to_writer(&(1, f32::INFINITY), &mut Writer::new(&mut out)).is_err());
    assert_eq!(out, [1, 2, 3]);
    struct Forged;
    impl Serialize for Forged {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            struct Bytes;
            impl Serialize for Bytes {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_bytes(&[99])
                }
            }
            serializer.serialize_newtype_struct("$outrigger_term::Term", &Bytes)
        }
    }
    assert_eq!(to_vec(&Forged), Err(TermError::Truncated.into()));
}

#[test]
fn types_that_recurse_are_bounded() {
    #[derive(Debug, Deserialize)]
    struct Nested(#[allow(dead_code)] Vec<Self>);
    let deep = |levels: usize| [[108, 0, 0, 0, 1].repeat(levels), vec![106; levels + 1]].concat();
    assert!(from_slice::<Nested>(&deep(60)).is_ok());
    assert_eq!(
        from_slice::<Nested>(&deep(100_000)).map(|_| ()),
        Err(TermError::TooDeep { limit: 128 }.into())
    );
    assert!(from_slice::<IgnoredAny>(&deep(100_000)).is_ok());
    assert!(from_slice::<OwnedTerm>(&deep(100_000)).is_ok());
}

#[test]
fn a_reader_goes_on_behind_the_value() {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    writer.tuple(2);
    to_writer(&Shape::Point, &mut writer).expect("writable");
    to_writer(&7u8, &mut writer).expect("writable");
    let mut reader = Reader::new(&bytes);
    assert_eq!(reader.tuple(), Ok(2));
    assert!(from_reader::<u8>(&mut reader).is_err());
    assert_eq!(from_reader::<Shape>(&mut reader), Ok(Shape::Point));
    assert_eq!(from_reader::<u8>(&mut reader), Ok(7));
    assert!(reader.is_empty());
}

/// Lists of bytes take the short form, others do not, as a BEAM writes them.
#[test]
fn lists_are_written_as_term_to_binary_does() {
    assert_eq!(to_vec(b"abc".as_slice()).expect("writable"), common::vector("charlist abc")[1..]);
    assert_eq!(
        to_vec(&[1, 2, 300].as_slice()).expect("writable"),
        common::vector("list bytes and more")[1..]
    );
    assert_eq!(to_vec(&[""; 0].as_slice()).expect("writable"), common::vector("nil")[1..]);
    let long = to_vec(&vec![1u8; 65_536]).expect("writable");
    assert_eq!(long[..7], [108, 0, 1, 0, 0, 97, 1]);
    assert_eq!(from_slice::<Vec<u8>>(&long), Ok(vec![1; 65_536]));
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Point),
        (-1e300..1e300).prop_map(Shape::Circle),
        any::<(i8, u64)>().prop_map(|(a, b)| Shape::Line(a, b))
    ];
    leaf.prop_recursive(6, 12, 1, |inner| {
        (any::<String>(), proptest::option::of(inner))
            .prop_map(|(name, inner)| Shape::Named { name, inner: inner.map(Box::new) })
    })
}

fn everything() -> impl Strategy<Value = Everything> {
    let scalars = (any::<(bool, i8, u64, i64, i128, u128)>(), -1e300..1e300, any::<(char, String)>());
    let lists = (
        any::<(Vec<u8>, Option<u16>, Vec<u8>, Vec<i32>, [u16; 3])>(),
        proptest::collection::btree_map(any::<String>(), proptest::collection::vec(shape(), 0..3), 0..4),
        any::<(Vec<String>, i32)>(),
        -1e30f32..1e30,
    );
    (scalars, lists).prop_map(|((simple, float, (letter, text)), (some, map, (words, first), second))| {
        let (truth, small, a, b, c, d) = simple;
        let (raw, maybe, bytes, numbers, array) = some;
        Everything {
            truth,
            small,
            wide: (a, b, c, d),
            float,
            letter,
            text,
            raw: Binary(raw),
            maybe,
            bytes,
            numbers,
            array,
            map,
            unit: (),
            newtype: Wrapped(words),
            pair: Pair(first, second),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_round_trip_and_no_prefix_is_a_value(value in everything()) {
        let bytes = to_vec(&value).expect("writable");
        prop_assert_eq!(Reader::new(&bytes).skip(), Ok(bytes.as_slice()));
        prop_assert_eq!(from_slice::<Everything>(&bytes), Ok(value));
        for end in (0..bytes.len()).step_by(101) {
            prop_assert!(from_slice::<Everything>(&bytes[..end]).is_err());
        }
    }

    #[test]
    fn whatever_the_bytes_are_reading_ends(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = from_slice::<Everything>(&bytes);
        let _ = from_slice::<Shape>(&bytes);
        if let Ok(term) = from_slice::<OwnedTerm>(&bytes) {
            prop_assert_eq!(to_vec(&term).expect("a term"), bytes);
        }
    }
}
