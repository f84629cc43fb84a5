//! Projection beside the whole decoder: a row holds what a walk through the decoded tree finds.
#![allow(clippy::expect_used, clippy::panic)] // The helpers of tests are tests, too.

use std::cmp::Ordering;

use outrigger_events::json::{self, Options};
use outrigger_events::project::{
    BatchSink, Operand, Passed, Path, Plan, Progress, RowSink, Step, Test, Type, Unit,
};
use outrigger_events::{Decimal, Duplicate, Error, Integer, Name, Sink, Temporal, Text, TreeSink, Value};
use proptest::prelude::*;

/// Rows as vectors, over the tree's sink.
#[derive(Default)]
struct Rows {
    tree: TreeSink,
    row: Vec<Option<Value>>,
    rows: Vec<Vec<Option<Value>>>,
    refused: Vec<(usize, Error)>,
}

impl Rows {
    fn of(fields: usize) -> Self {
        Self { row: vec![None; fields], ..Self::default() }
    }

    fn take(&mut self) -> Vec<Option<Value>> {
        let fresh = vec![None; self.row.len()];
        std::mem::replace(&mut self.row, fresh)
    }
}

impl Sink for Rows {
    fn null(&mut self) {
        self.tree.null();
    }
    fn boolean(&mut self, value: bool) {
        self.tree.boolean(value);
    }
    fn integer(&mut self, value: i64) {
        self.tree.integer(value);
    }
    fn big(&mut self, value: &Integer) {
        self.tree.big(value);
    }
    fn float(&mut self, value: f64) {
        self.tree.float(value);
    }
    fn decimal(&mut self, value: &Decimal) {
        self.tree.decimal(value);
    }
    fn text(&mut self, value: Text<'_>) {
        self.tree.text(value);
    }
    fn bytes(&mut self, value: Text<'_>) {
        self.tree.bytes(value);
    }
    fn temporal(&mut self, value: Temporal) {
        self.tree.temporal(value);
    }
    fn name(&mut self, value: Name) {
        self.tree.name(value);
    }
    fn end_list(&mut self, count: usize) {
        self.tree.end_list(count);
    }
    fn key(&mut self, key: Text<'_>) {
        self.tree.key(key);
    }
    fn field(&mut self, name: Name) {
        self.tree.field(name);
    }
    fn end_map(&mut self, count: usize) -> Result<(), Duplicate> {
        self.tree.end_map(count)
    }
}

impl RowSink for Rows {
    fn slot(&mut self, field: usize) {
        self.row[field] = std::mem::take(&mut self.tree).finish();
    }
    fn unset(&mut self, field: usize) {
        self.row[field] = None;
    }
}

impl BatchSink for Rows {
    fn row(&mut self) {
        let row = self.take();
        self.rows.push(row);
    }
    fn filtered(&mut self) {
        self.take();
    }
    fn refused(&mut self, element: usize, error: Error) {
        self.take();
        self.tree = TreeSink::default();
        self.refused.push((element, error));
    }
}

fn path(text: &str) -> Path {
    Path::parse(text).expect("a path")
}

/// The value at the end of a way, the last of equal keys.
fn find<'v>(value: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(value);
    };
    let next = match (step, value) {
        (Step::Key(key), Value::Map(pairs)) => {
            pairs.iter().rev().find(|(own, _)| *own == Value::from(key.as_str())).map(|(_, value)| value)
        }
        (Step::Place(place), Value::List(items)) => items.get(*place),
        _ => None,
    };
    find(next?, rest)
}

fn document() -> impl Strategy<Value = String> {
    let leaf =
        prop::sample::select(vec!["null", "true", "1", "-2.5", "\"a\"", "\"\\n\"", "18446744073709551616"])
            .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 4, |inner| {
        let key = prop::sample::select(vec!["a", "b", "c", "\\u0061"]);
        let pair = (key, inner.clone()).prop_map(|(key, value)| format!("\"{key}\": {value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(pair, 0..4).prop_map(|pairs| format!("{{{}}}", pairs.join(","))),
        ]
    })
}

fn way() -> impl Strategy<Value = Path> {
    let step = prop_oneof![
        3 => prop::sample::select(vec![".a", ".b", ".c"]).prop_map(str::to_owned),
        1 => (0..3_usize).prop_map(|place| format!("[{place}]")),
    ];
    prop::collection::vec(step, 0..4).prop_map(|steps| path(&format!("${}", steps.concat())))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn rows_hold_what_the_tree_holds(document in document(), ways in prop::collection::vec(way(), 1..6)) {
        let fields: Vec<_> = ways.iter().cloned().map(|way| (way, Type::Any)).collect();
        let plan = Plan::new(&fields, &[]).expect("a plan");
        let mut rows = Rows::of(fields.len());
        prop_assert_eq!(plan.row(document.as_bytes(), &Options::default(), &mut rows), Ok(Passed::Row));

        let mut tree = TreeSink::default();
        json::decode(document.as_bytes(), &Options::default(), &mut tree).expect("a document");
        let tree = tree.finish().expect("a value");
        for (way, field) in ways.iter().zip(&rows.row) {
            prop_assert_eq!(find(&tree, way.steps()), field.as_ref(), "{:?} of {}", way, document);
        }
    }

    #[test]
    fn a_wrong_document_is_refused_wherever_it_is_wrong(
        document in document(),
        at in any::<prop::sample::Index>(),
        change in prop::sample::select(b"\"\\{}[],:0x".to_vec()),
    ) {
        let mut bytes = document.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = change;
        let plan = Plan::new(&[(path("a"), Type::Any)], &[]).expect("a plan");
        let projected = plan.row(&bytes, &Options::default(), &mut Rows::of(1)).map(drop);
        prop_assert_eq!(projected, json::decode(&bytes, &Options::default(), &mut TreeSink::default()));
    }

    #[test]
    fn portions_make_the_same_rows(documents in prop::collection::vec(document(), 0..20), bytes in 1..200_usize) {
        let list = format!(" [ {} ] ", documents.join(" , "));
        let plan = Plan::new(&[(path("a"), Type::Any), (path("$"), Type::Any)], &[]).expect("a plan");
        let mut rows = Rows::of(2);
        let mut progress: Option<Progress> = None;
        while progress.is_none_or(|progress| !progress.done) {
            let mut read = |bytes| {
                // What was told of the element in which the call before has ended counts for nothing.
                rows.tree = TreeSink::default();
                rows.take();
                plan.rows(list.as_bytes(), progress, bytes, &Options::default(), &mut rows).expect("a list")
            };
            let mut next = read(bytes);
            // An element that is longer.
            if !next.done && next.element == progress.map_or(0, |progress| progress.element) {
                next = read(usize::MAX);
            }
            progress = Some(next);
        }
        prop_assert_eq!(rows.rows.len(), documents.len());
        for (document, row) in documents.iter().zip(&rows.rows) {
            let mut alone = Rows::of(2);
            plan.row(document.as_bytes(), &Options::default(), &mut alone).expect("a document");
            prop_assert_eq!(row, &alone.row);
        }
    }
}

#[test]
fn filters_choose() {
    let text = |text: &str| Operand::Text(text.to_owned());
    for (filter, documents, passed) in [
        (Test::In(vec![text("u"), text("c")]), [r#"{"x":"u"}"#, r#"{"x":"d"}"#, "{}"], [true, false, false]),
        (Test::In(vec![Operand::Null]), [r#"{"x":null}"#, "{}", r#"{"x":[]}"#], [true, true, false]),
        (Test::NotIn(vec![Operand::Null]), [r#"{"x":null}"#, "{}", r#"{"x":[]}"#], [false, false, true]),
        (
            Test::In(vec![Operand::Integer(5)]),
            [r#"{"x":5}"#, r#"{"x":5.0}"#, r#"{"x":"5"}"#],
            [true, true, false],
        ),
        (
            Test::Compare(5, Ordering::Less, false),
            [r#"{"x":4.9}"#, r#"{"x":5}"#, r#"{"x":null}"#],
            [true, false, false],
        ),
        (
            Test::Compare(5, Ordering::Greater, true),
            [r#"{"x":5}"#, r#"{"x":99999999999999999999}"#, r#"{"x":4}"#],
            [true, true, false],
        ),
        (
            Test::In(vec![Operand::Boolean(true)]),
            [r#"{"x":true}"#, r#"{"x":false}"#, r#"{"x":1}"#],
            [true, false, false],
        ),
        // The last of equal keys counts.
        (
            Test::In(vec![text("u")]),
            [r#"{"x":"u","x":"d"}"#, r#"{"x":"d","x":"u"}"#, "[]"],
            [false, true, false],
        ),
    ] {
        let plan = Plan::new(&[(path("y"), Type::Any)], &[(path("x"), filter.clone())]).expect("a plan");
        for (document, passed) in documents.iter().zip(passed) {
            let verdict = plan.row(document.as_bytes(), &Options::default(), &mut Rows::of(1));
            assert_eq!(
                verdict,
                Ok(if passed { Passed::Row } else { Passed::Filtered }),
                "{filter:?} {document}"
            );
        }
    }
}

#[test]
fn types_are_read_exactly_or_refused() {
    let decimal = |text: &str| Ok(Value::Decimal(Decimal::parse(text).expect("a decimal")));
    let refused: Result<Value, &str> = Err("asked for here");
    for (wanted, text, expected) in [
        (Type::Text, r#""aé""#, Ok(Value::from("aé"))),
        (Type::Text, "1", refused.clone()),
        (Type::Integer, "7", Ok(Value::from(7))),
        (Type::Integer, "7.0", refused.clone()),
        (Type::Integer, "\"7\"", refused.clone()),
        (Type::Float, "7", Ok(Value::Float(7.0))),
        (Type::Float, "7.5e1", Ok(Value::Float(75.0))),
        (Type::Decimal, "0.10", decimal("0.10")),
        (Type::Decimal, "12345678901234567890123456789.5", decimal("12345678901234567890123456789.5")),
        (Type::Decimal, "\"1.50\"", decimal("1.50")),
        (Type::Decimal, "3", decimal("3")),
        (Type::Decimal, "\"x\"", refused.clone()),
        (Type::Boolean, "true", Ok(Value::Boolean(true))),
        (Type::Boolean, "0", refused.clone()),
        (Type::Instant(Unit::Millis), "1500", Ok(Value::Temporal(Temporal::Instant(1_500_000_000, 3)))),
        (Type::Instant(Unit::Nanos), "-1", Ok(Value::Temporal(Temporal::Instant(-1, 9)))),
        (Type::Instant(Unit::Seconds), "1.5", refused.clone()),
        (Type::Integer, "null", Ok(Value::Null)),
        (Type::Integer, "{\"a\":1}", refused.clone()),
        (Type::Text, "[]", refused),
    ] {
        let plan = Plan::new(&[(path("p.x"), wanted)], &[]).expect("a plan");
        let mut rows = Rows::of(1);
        let document = format!(r#"{{"p":{{"x":{text}}}}}"#);
        match (plan.row(document.as_bytes(), &Options::default(), &mut rows), expected) {
            (Ok(Passed::Row), Ok(value)) => assert_eq!(rows.row, [Some(value)], "{wanted:?} {text}"),
            (Err(Error::Malformed { path, problem, at, .. }), Err(part)) => {
                assert_eq!((path.as_str(), at), ("$.p.x", 10), "{wanted:?} {text}");
                assert!(problem.contains(part), "{problem}");
            }
            other => panic!("{wanted:?} {text}: {other:?}"),
        }
    }
}

#[test]
fn a_refused_document_does_not_stop_a_list_and_a_wrong_one_does() {
    let plan = Plan::new(&[(path("n"), Type::Integer)], &[]).expect("a plan");
    let mut rows = Rows::of(1);
    let list = br#"[{"n":1},{"n":"x","n":2},{"n":3}]"#;
    let progress = plan.rows(list, None, usize::MAX, &Options::default(), &mut rows).expect("a list");
    assert!(progress.done && progress.element == 3);
    assert_eq!(rows.rows, [[Some(Value::from(1))], [Some(Value::from(3))]]);
    assert!(matches!(rows.refused.as_slice(), [(1, Error::Malformed { path, .. })] if path == "$[1].n"));

    for wrong in [&br#"[{"n":1},{"n":2]"#[..], b"{}", b"[1] 2", b"[1", b"[\xff]", b""] {
        assert!(plan.rows(wrong, None, usize::MAX, &Options::default(), &mut Rows::of(1)).is_err());
    }
}
