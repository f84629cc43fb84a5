//! JSON beside `serde_json`, whose numbers are kept as text here: what one takes the other takes, and it is the same.
#![allow(clippy::expect_used)] // The helpers of tests are tests, too.

use outrigger_events::json::{self, Floats, Options};
use outrigger_events::{Decimal, Error, Limits, Sink, TreeSink, Value};
use proptest::prelude::*;
use serde_json::Value as Tree;

fn options() -> Options {
    Options { floats: Floats::Binary, limits: Limits { depth: 100, ..Limits::default() } }
}

fn decode(document: &[u8], floats: Floats) -> Result<Value, Error> {
    let mut sink = TreeSink::default();
    json::decode(document, &Options { floats, ..options() }, &mut sink)?;
    Ok(sink.finish().expect("one whole value"))
}

/// Whether they are the same. A map of the tree has each key once, the last of equal ones.
fn same(ours: &Value, tree: &Tree) -> bool {
    match (ours, tree) {
        (Value::Null, Tree::Null) => true,
        (Value::Boolean(ours), Tree::Bool(tree)) => ours == tree,
        (Value::Integer(ours), Tree::Number(tree)) => {
            let text = tree.to_string();
            ours.to_string() == if text == "-0" { "0".to_owned() } else { text }
        }
        (Value::Decimal(ours), Tree::Number(tree)) => {
            Decimal::parse(&tree.to_string()).as_ref() == Some(ours)
        }
        (Value::Float(ours), Tree::Number(tree)) => tree.to_string().parse() == Ok(*ours),
        (Value::Text(ours), Tree::String(tree)) => ours == tree,
        (Value::List(ours), Tree::Array(tree)) => {
            ours.len() == tree.len() && ours.iter().zip(tree).all(|(ours, tree)| same(ours, tree))
        }
        (Value::Map(ours), Tree::Object(tree)) => {
            let last: std::collections::HashMap<_, _> = ours
                .iter()
                .map(|(key, value)| match key {
                    Value::Text(key) => (key.as_str(), value),
                    other => panic!("{other:?} is no key of JSON"),
                })
                .collect();
            last.len() == tree.len()
                && tree.iter().all(|(key, tree)| last.get(key.as_str()).is_some_and(|ours| same(ours, tree)))
        }
        _ => false,
    }
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("JSON has no others", |number| number.is_finite())
            .prop_map(|number| format!("{number:e}")),
        "-?(0|[1-9][0-9]{0,60})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?",
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,20}".prop_map(|text| format!("{text:?}")),
        any::<String>().prop_map(|text| Tree::String(text).to_string()),
        "(\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-fA-F]{4}|\\\\ud83d\\\\ude0[0-9a-f]|[ -!#-\\[\\]-~é€😀]){0,12}"
            .prop_map(|text| format!("\"{text}\"")),
    ]
}

fn space() -> impl Strategy<Value = String> {
    "[ \t\r\n]{0,2}"
}

fn document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        number(),
        text()
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let element = (space(), inner.clone(), space())
            .prop_map(|(before, value, after)| before + &value + &after)
            .boxed();
        let pair =
            (text(), space(), element.clone()).prop_map(|(key, space, value)| key + &space + ":" + &value);
        prop_oneof![
            prop::collection::vec(element, 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(pair, 0..6).prop_map(|pairs| format!("{{{}}}", pairs.join(","))),
        ]
    })
}

/// Whether the number that stands here has an exponent of more than 32 bits.
fn has_huge_exponent(number: &[u8]) -> bool {
    let end = number.iter().position(|byte| !b"+-.eE0123456789".contains(byte)).unwrap_or(number.len());
    let text = std::str::from_utf8(&number[..end]).expect("ASCII");
    text.split_once(['e', 'E']).is_some_and(|(_, exponent)| exponent.parse::<i32>().is_err())
}

fn agree(bytes: &[u8]) -> Result<(), TestCaseError> {
    let tree = serde_json::from_slice::<Tree>(bytes);
    for floats in [Floats::Decimals, Floats::Binary] {
        match (&decode(bytes, floats), &tree) {
            (Ok(ours), Ok(tree)) => prop_assert!(same(ours, tree), "{ours:?} is not {tree:?}"),
            (Err(_), Err(_)) => {}
            // What no 64-bit float holds is an error of ours, and text of theirs; and so is an exponent beyond 32 bits.
            (Err(Error::Malformed { at, problem, .. }), Ok(_)) => match floats {
                Floats::Binary => prop_assert!(problem.contains("floating point"), "{problem}"),
                Floats::Decimals => prop_assert!(has_huge_exponent(&bytes[*at..]), "{problem}"),
            },
            (ours, theirs) => prop_assert!(false, "{ours:?}, {theirs:?}"),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn documents_are_what_serde_json_reads(document in document()) {
        agree(document.as_bytes())?;
    }

    #[test]
    fn damaged_documents_are_refused_alike(
        document in document(),
        at in any::<prop::sample::Index>(),
        change in prop_oneof![any::<u8>(), prop::sample::select(b"\"\\{}[],:0-.eE+ntf \x00\x1f\x80".to_vec())],
        kind in 0..3,
    ) {
        let mut bytes = document.into_bytes();
        let at = at.index(bytes.len());
        match kind {
            0 => bytes[at] = change,
            1 => bytes.insert(at, change),
            _ => drop(bytes.remove(at)),
        }
        agree(&bytes)?;
    }

    #[test]
    fn any_bytes_at_all(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        agree(&bytes)?;
    }

    /// An error's byte is inside the document or its end, and so is its path worked out for every one.
    #[test]
    fn errors_say_where(document in document(), cut in any::<prop::sample::Index>()) {
        let cut = &document.as_bytes()[..cut.index(document.len())];
        if let Err(Error::Malformed { at, path, .. }) = decode(cut, Floats::Binary) {
            prop_assert!(at <= cut.len());
            prop_assert!(path.starts_with('$'));
        }
    }
}

#[test]
fn errors_name_byte_and_path() {
    for (document, at, path, problem) in [
        ("", 0, "$", "a value"),
        ("[1, 2", 5, "$", "comma or ]"),
        ("[1, ", 4, "$[1]", "a value"),
        ("[1,]", 3, "$[1]", "a value"),
        (r#"{"a": {"b": [0, {"c": tru}]}}"#, 22, "$.a.b[1].c", "a value"),
        (r#"{"a b": 01}"#, 9, r#"$["a b"]"#, "number"),
        (r#"{"a": 1 "b"}"#, 8, "$", "comma or }"),
        (r#"{"a": 1, b}"#, 9, "$", "a key"),
        (r#"{"a" 1}"#, 5, "$", "a colon"),
        (r#"["x", "\q"]"#, 7, "$[1]", "escape"),
        (r#"["\ud800"]"#, 2, "$[0]", "surrogate"),
        ("[\"a\nb\"]", 3, "$[0]", "control"),
        ("\"abc", 4, "$", "no end"),
        ("1 2", 2, "$", "follows the document"),
        ("[1e99999999999]", 1, "$[0]", "floating point"),
        ("[1e400]", 1, "$[0]", "floating point"),
        ("[-]", 2, "$[0]", "number"),
        ("\u{feff}1", 0, "$", "a value"),
    ] {
        match decode(document.as_bytes(), Floats::Binary) {
            Err(Error::Malformed { at: found, path: way, problem: text, .. }) => {
                assert_eq!((found, way.as_str()), (at, path), "{document}: {text}");
                assert!(text.contains(problem), "{document}: {text}");
            }
            other => panic!("{document}: {other:?}"),
        }
    }
}

#[test]
fn bounds_hold() {
    let limits = Limits { bytes: 100, depth: 3, digits: 5, ..Limits::default() };
    let options = Options { limits, floats: Floats::Decimals };
    let decode = |document: &str| json::decode(document.as_bytes(), &options, &mut TreeSink::default());
    assert_eq!(decode("[[[1]]]"), Ok(()));
    assert_eq!(decode("[[[[1]]]]"), Err(Error::Limit { what: "levels", limit: 3, at: 3 }));
    assert_eq!(decode("[[[{}]]]"), Err(Error::Limit { what: "levels", limit: 3, at: 3 }));
    assert_eq!(decode(&" ".repeat(101)), Err(Error::Limit { what: "bytes", limit: 100, at: 100 }));
    assert_eq!(decode("[1.234567]"), Err(Error::Limit { what: "digits of a number", limit: 5, at: 1 }));
    // What fits 64 bits for sure costs nothing.
    assert_eq!(decode("[1234567890123456789]"), Ok(()));
    assert_eq!(
        decode("[12345678901234567890]"),
        Err(Error::Limit { what: "digits of a number", limit: 5, at: 1 })
    );
}

#[test]
fn depth_takes_no_stack() {
    let limits = Limits { depth: 10_000_000, ..Limits::default() };
    let document = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
    let mut sink = TreeSink::default();
    assert_eq!(
        json::decode(document.as_bytes(), &Options { limits, floats: Floats::Binary }, &mut sink),
        Ok(())
    );
    // The tree itself is dropped level by level by the standard library, which does take stack: it is not dropped.
    std::mem::forget(sink);
}

/// A document that is a list, in portions of so many bytes. `None`: it is to be read as a whole.
fn in_portions(document: &[u8], bytes: usize) -> Result<Option<Value>, Error> {
    let (mut all, mut from) = (Vec::new(), None);
    loop {
        let mut sink = TreeSink::default();
        let portion = json::portion(document, from, bytes, &options(), &mut sink)?;
        let (json::Portion::More(count, _) | json::Portion::Done(count)) = portion else { return Ok(None) };
        sink.end_list(count);
        let Some(Value::List(elements)) = sink.finish() else { panic!("as many values as were said") };
        all.extend(elements);
        match portion {
            json::Portion::More(_, at) => from = Some(at),
            _ => return Ok(Some(Value::List(all))),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// What comes of portions is what the whole is, or that the whole has to be read; an error is the whole's.
    #[test]
    fn portions_are_the_whole(
        documents in prop::collection::vec(document(), 0..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
        bytes in 1_usize..200,
    ) {
        let mut list = format!("[{}]", documents.join(" ,\n")).into_bytes();
        if let Some(cut) = cut {
            list.truncate(cut.index(list.len() + 1));
        }
        let whole = decode(&list, Floats::Binary);
        match in_portions(&list, bytes) {
            Ok(Some(read)) => prop_assert_eq!(Ok(read), whole),
            Ok(None) => {
                let long = documents.iter().any(|document| document.len() + 3 >= bytes);
                prop_assert!(long || whole.is_err() || list.first() != Some(&b'['));
            }
            Err(error) => prop_assert_eq!(Err(error), whole),
        }
    }
}

#[test]
fn a_portion_ends_with_the_element_that_fills_it() {
    let list = format!("[{}]", vec!["1234567"; 1_000].join(","));
    let mut sink = TreeSink::default();
    let portion = json::portion(list.as_bytes(), None, 80, &options(), &mut sink);
    assert_eq!(portion, Ok(json::Portion::More(10, 81)));
    // One that is longer than any portion, and one that a portion's window ends in.
    let long = format!("[1, \"{}\"]", "x".repeat(300));
    assert_eq!(in_portions(long.as_bytes(), 100), Ok(None));
    assert!(in_portions(long.as_bytes(), 200).unwrap().is_some());
}
