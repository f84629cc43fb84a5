//! Views that are told without a tree, beside what a tree says.

use outrigger_events::stream::{Event, Schemas, Stream, Work};
use outrigger_events::{TreeSink, Value, json};
use proptest::prelude::*;

use crate::oracle::{Term, atom};

const PATHS: [&str; 14] = [
    "", "a", "b", "c", "a.a", "a.b", "a.b.c", "b[0]", "b[1].a", "b.b[2]", "[0]", "[1].a", "a.c.b", "c[0][1]",
];

/// Fields, topic and filter of a view, by the numbers of paths.
type Of = (Option<Vec<usize>>, usize, Option<(usize, bool)>);

fn text(views: &[Of]) -> String {
    let views = views.iter().enumerate().map(|(number, (fields, topic, filter))| {
        let fields = fields.as_ref().map_or(String::new(), |fields| {
            let fields = fields.iter().map(|path| format!(r#"["f{path}", "{}"]"#, PATHS[*path]));
            format!(r#", "fields": [{}]"#, fields.collect::<Vec<_>>().join(","))
        });
        let filter = filter.map_or(String::new(), |(path, is)| {
            let test = if is { "in" } else { "not_in" };
            format!(r#", "where": [["{}", "{test}", [null, true, 1, "a"]]]"#, PATHS[path])
        });
        format!(
            r#"{{"name": "v{number}", "topic": ["t:", {{"path": "{}"}}]{fields}{filter}}}"#,
            PATHS[*topic]
        )
    });
    let views = views.collect::<Vec<_>>().join(",");
    format!(r#"{{"name": "S", "format": "json", "dead_letter": "dead", "views": [{views}]}}"#)
}

fn told(stream: &Stream, event: &Event<'_>, work: &mut Work) -> Vec<(String, Term)> {
    let mut told = Vec::new();
    stream.take(event, &Schemas::default(), work, |topic, message| {
        told.push((String::from_utf8(topic.to_vec()).unwrap(), Term::read(message)));
    });
    told
}

/// The same of the tree.
fn expected(views: &[Of], tree: &Term) -> Vec<(String, Term)> {
    let of_view = |(number, (fields, topic, filter)): (usize, &Of)| {
        if let Some((path, is)) = filter {
            let one = [atom("nil"), atom("true"), Term::Integer(1), Term::Binary(b"a".to_vec())];
            // 1.0 is 1 to a filter.
            let found = match tree.at(PATHS[*path]) {
                Some(Term::Float(1.0)) => &Term::Integer(1),
                Some(found) => found,
                None => &one[0],
            };
            if one.contains(found) != *is {
                return None;
            }
        }
        let topic = format!("t:{}", tree.at(PATHS[*topic])?.topic()?);
        let data = match fields {
            Some(fields) => {
                let names: Vec<_> = fields.iter().map(|path| format!("f{path}")).collect();
                let fields = names.iter().zip(fields).map(|(name, path)| (name.as_str(), PATHS[*path]));
                tree.fields(&fields.collect::<Vec<_>>())
            }
            None => tree.clone(),
        };
        Some((topic, Term::Tuple(vec![atom("S"), atom(&format!("v{number}")), data])))
    };
    views.iter().enumerate().filter_map(of_view).collect()
}

fn views() -> impl Strategy<Value = Vec<Of>> {
    let path = 0..PATHS.len();
    let fields = proptest::sample::subsequence((0..PATHS.len()).collect::<Vec<_>>(), 0..6);
    let filter = proptest::option::of((path.clone(), any::<bool>()));
    proptest::collection::vec((proptest::option::weighted(0.7, fields), path, filter), 0..5)
}

fn document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "null|true|false",
        "-?[1-9][0-9]{0,30}",
        "[0-9]\\.[0-9]{1,3}",
        "\"[a-c]{0,2}\"",
        "1|\"a\""
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            // Few keys, so that they come again, or so many that they are sorted.
            (0..2_usize, proptest::collection::vec(("[a-c]", inner), 0..24)).prop_map(|(few, pairs)| {
                let pairs =
                    pairs.iter().take(if few == 0 { 5 } else { 24 }).enumerate().map(|(n, (key, value))| {
                        let more = if few == 1 && n % 3 == 0 {
                            format!("{key} and more than a word {}", n % 7)
                        } else {
                            key.clone()
                        };
                        format!("\"{more}\": {value}")
                    });
                format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

fn tree(document: &str) -> Value {
    let mut sink = TreeSink::default();
    json::decode(document.as_bytes(), &json::Options::default(), &mut sink).unwrap();
    sink.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn views_of_json_are_those_of_its_tree(views in views(), documents in proptest::collection::vec(document(), 1..3)) {
        let stream = Stream::parse(text(&views).as_bytes()).unwrap();
        // What was taken of one event is no part of the next one.
        let mut work = Work::default();
        for document in &documents {
            let event = Event { key: None, value: Some(document.as_bytes()) };
            let tree = Term::of(&tree(document));
            prop_assert_eq!(told(&stream, &event, &mut work), expected(&views, &tree), "{}", document);
        }
    }
}

/// The fields of a stream are parts of what the stream tells as a whole.
fn fields_are_parts(head: &str, paths: &[&str], event: &Event<'_>) -> Term {
    let names: Vec<_> = (0..paths.len()).map(|place| format!("f{place}")).collect();
    let fields: Vec<_> = names.iter().map(String::as_str).zip(paths.iter().copied()).collect();
    let listed: Vec<_> = fields.iter().map(|(name, path)| format!(r#"["{name}", "{path}"]"#)).collect();
    let listed = listed.join(",");
    let stream = |views: &str| {
        let text = format!(r#"{{"name": "S", "dead_letter": "dead", {head}, "views": [{views}]}}"#);
        Stream::parse(text.as_bytes()).unwrap()
    };
    let (whole, some) = (
        r#"{"name": "v", "topic": ["whole"]}"#,
        format!(r#"{{"name": "v", "topic": ["some"], "fields": [{listed}]}}"#),
    );
    let mut work = Work::default();
    let all = told(&stream(whole), event, &mut work);
    let [(_, Term::Tuple(message))] = all.as_slice() else { panic!("{all:?}") };
    let tree = message[2].clone();
    let expected = Term::Tuple(vec![atom("S"), atom("v"), tree.fields(&fields)]);
    // By themselves, and beside the whole.
    for (views, count) in [(some.clone(), 1), (format!("{whole}, {some}"), 2)] {
        let told = told(&stream(&views), event, &mut work);
        assert_eq!(
            (told.len(), told.last()),
            (count, Some(&("some".to_owned(), expected.clone()))),
            "{views}"
        );
    }
    tree
}

#[test]
fn paths_go_into_changes_and_their_structs() {
    let event = br#"{"before": {"id": 1, "sum": "1.50", "id": 2}, "after": {"id": 3, "sum": null, "day": 19000}, "op": "u",
        "source": {"table": "orders", "lsn": 5, "ts_ms": 1700000000000}, "ts_ms": 1700000000000}"#;
    let head = r#""format": "debezium", "debezium": {"columns": [["orders", "id", 0, "integer", 0], ["orders", "sum", 0, "decimal", 0],
        ["orders", "day", 0, "date", 0]]}"#;
    let paths = [
        "op",
        "table",
        "before",
        "after.id",
        "after.day",
        "ts",
        "changed",
        "changed[1]",
        "source.lsn",
        "nothing.at.all",
        "__struct__",
    ];
    let tree = fields_are_parts(head, &paths, &Event { key: Some(br#"{"id": 3}"#), value: Some(event) });
    assert_eq!(tree.at("before.id"), Some(&Term::Integer(2)));
}

#[test]
fn keys_that_are_data_are_found_if_they_are_text() {
    let file = r#"syntax = \"proto3\"; message M { map<string, M> by = 1; map<int32, int32> of = 2; repeated string tags = 3; map<bool, M> is = 4; }"#;
    let head = format!(
        r#""format": "protobuf", "schema": {{"text": "{file}", "message": "M", "ways": [false, false, true]}}"#
    );
    // The key "a" twice, 7 of numbers twice.
    let inner = [0x12, 4, 8, 7, 16, 1, 0x12, 4, 8, 7, 16, 2, 0x1a, 1, b'x', 0x22, 2, 8, 1];
    let entry = |value: &[u8]| {
        [&[10, 5 + value.len() as u8, 10, 1, b'a', 0x12, value.len() as u8][..], value].concat()
    };
    let message = [entry(&[0x1a, 1, b'y']), entry(&inner)].concat();
    let paths = ["by.a", "by.a.tags[0]", "by.a.of", "by.a.of.7", "by.b", "tags"];
    let tree = fields_are_parts(&head, &paths, &Event { key: None, value: Some(&message) });
    assert_eq!(tree.at("by.a.tags"), Some(&Term::List(vec![Term::Binary(b"x".to_vec())])));
    assert_eq!(tree.at("by.a.of"), Some(&Term::Map(vec![(Term::Integer(7), Term::Integer(2))])));
}
