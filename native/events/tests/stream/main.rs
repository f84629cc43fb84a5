//! Streams: texts that are none, and what events become. That messages are the terms that the NIF makes is seen by the package's tests,
//! over the golden corpus.

#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod oracle;
mod schemas;
mod views;

use outrigger_events::stream::{Event, Schemas, Stream, Work};
use proptest::prelude::*;

fn stream(views: &str) -> Stream {
    let text = format!(r#"{{"name": "S", "format": "json", "dead_letter": "dead", "views": [{views}]}}"#);
    Stream::parse(text.as_bytes()).unwrap()
}

/// Topics and messages.
fn take(stream: &Stream, event: &str) -> Vec<(String, Vec<u8>)> {
    let mut told = Vec::new();
    let event = Event { key: None, value: Some(event.as_bytes()) };
    let decoded = stream.take(&event, &Schemas::default(), &mut Work::default(), |topic, message| {
        told.push((String::from_utf8(topic.to_vec()).unwrap(), message.to_vec()));
    });
    assert_eq!(decoded, told.iter().all(|(topic, _)| topic != "dead"));
    told
}

fn topics(stream: &Stream, event: &str) -> Vec<String> {
    take(stream, event).into_iter().map(|(topic, _)| topic).collect()
}

#[test]
fn filters_say_what_passes() {
    let one = |test: &str| stream(&format!(r#"{{"name": "v", "topic": ["t"], "where": [{test}]}}"#));
    for (test, passing, others) in [
        (
            r#"["a", "in", [1, "x", null, true]]"#,
            &["1", r#""x""#, "null", "true"][..],
            &["2", r#""y""#, "false", "[1]", "1.5"][..],
        ),
        (r#"["a", "not_in", [1, null]]"#, &["2", r#""1""#, "[]", "{}"], &["1", "null", "1.0"]),
        (
            r#"["a", "<", 3]"#,
            &["2", "2.9", "-1e300", "-99999999999999999999"],
            &["3", "4", r#""2""#, "null", "[2]", "99999999999999999999"],
        ),
        (r#"["a", ">=", 3]"#, &["3", "3.1", "99999999999999999999"], &["2", "2.999", "true"]),
        (r#"["a.b[1]", "in", [7]]"#, &[r#"{"b": [0, 7]}"#], &[r#"{"b": [7]}"#, "7", r#"{"b": {"1": 7}}"#]),
    ] {
        let stream = one(test);
        for (values, count) in [(passing, 1), (others, 0)] {
            for value in values {
                assert_eq!(
                    topics(&stream, &format!(r#"{{"a": {value}}}"#)).len(),
                    count,
                    "{test} of {value}"
                );
            }
        }
    }
    assert_eq!(topics(&one(r#"["a", "in", [null]]"#), "{}").len(), 1, "what is not there is null");
}

#[test]
fn all_filters_have_to_be_passed_and_the_last_of_equal_keys_counts() {
    let stream =
        stream(r#"{"name": "v", "topic": ["t:", {"path": "a"}], "where": [["a", ">", 1], ["a", "<", 5]]}"#);
    assert_eq!(topics(&stream, r#"{"a": 0, "a": 3}"#), ["t:3"]);
    assert!(topics(&stream, r#"{"a": 3, "a": 0}"#).is_empty());
}

#[test]
fn texts_that_are_none_say_why() {
    let wrong = |text: &str| Stream::parse(text.as_bytes()).unwrap_err().to_string();
    let head = r#""name": "S", "dead_letter": "d""#;
    for (text, why) in [
        ("[", "JSON that is wrong"),
        ("{}", "format has to be a string"),
        (r#"{"format": "json"}"#, "name has to be a string"),
        (r#"{"format": "json", "name": "S"}"#, "dead_letter has to be a string"),
        (&format!(r#"{{{head}, "format": "xml"}}"#), "json, debezium, avro"),
        (&format!(r#"{{{head}, "format": "debezium", "debezium": {{"shape": "round"}}}}"#), "no such shape"),
        (
            &format!(
                r#"{{{head}, "format": "debezium", "debezium": {{"columns": [["t", "c", 0, "blob", 0]]}}}}"#
            ),
            "no such type",
        ),
        (&format!(r#"{{{head}, "format": "json", "limits": [1, 2]}}"#), "limits are"),
        (
            &format!(r#"{{{head}, "format": "json", "views": [{{"name": "v", "topic": [7]}}]}}"#),
            "part of a topic",
        ),
        (
            &format!(
                r#"{{{head}, "format": "json", "views": [{{"name": "v", "where": [["a..b", "in", []]]}}]}}"#
            ),
            "a key is missing",
        ),
        (
            &format!(
                r#"{{{head}, "format": "json", "views": [{{"name": "v", "where": [["a", "like", 1]]}}]}}"#
            ),
            "no such comparison",
        ),
        (
            &format!(
                r#"{{{head}, "format": "json", "views": [{{"name": "v", "where": [["a", "in", [1.5]]]}}]}}"#
            ),
            "whole numbers of 64 bits",
        ),
        (
            &format!(
                r#"{{{head}, "format": "json", "views": [{{"name": "v", "fields": [["a", "x"], ["a", "y"]]}}]}}"#
            ),
            "one name",
        ),
        (
            &format!(r#"{{{head}, "format": "json", "views": [{}]}}"#, [r#"{"name": "v"}"#; 65].join(",")),
            "at most 64",
        ),
        (&format!(r#"{{{head}, "format": "json", "x": "{}"}}"#, "x".repeat(270_000)), "more than 262144"),
    ] {
        assert!(wrong(text).contains(why), "{}: {why}", wrong(text));
    }
}

#[test]
fn limits_hold_for_events() {
    let text = br#"{"name": "S", "format": "json", "dead_letter": "dead", "limits": [20, 3, 5], "views": [{"name": "v", "topic": ["t"]}]}"#;
    let stream = Stream::parse(text).unwrap();
    assert_eq!(topics(&stream, "[[1]]"), ["t"]);
    for large in ["[[[[1]]]]", "12345678901234567890", "\"aaaaaaaaaaaaaaaaaaaaaaaa\""] {
        assert_eq!(topics(&stream, large), ["dead"], "{large}");
    }
}

#[test]
fn no_limit_allows_more_levels_than_a_stack_has() {
    let text = br#"{"name": "S", "format": "json", "dead_letter": "dead", "limits": [100000, 100000, 9], "views": [{"name": "v", "topic": ["t"]}]}"#;
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    for stream in [Stream::parse(text).unwrap(), stream(r#"{"name": "v", "topic": ["t"]}"#)] {
        assert_eq!(topics(&stream, &nested(200)), ["t"]);
        assert_eq!(topics(&stream, &nested(201)), ["dead"]);
    }
}

fn document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "null|true|false",
        "-?[1-9][0-9]{0,30}",
        "[0-9]\\.[0-9]{1,5}",
        "\"[a-c]{0,3}\"",
        "[\\[{x]"
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::vec(("[a-c]", inner), 0..20).prop_map(|pairs| {
                let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
                format!("{{{}}}", pairs.join(","))
            }),
        ]
    })
}

proptest! {
    /// A message for each view at most, or one letter; none much larger than its event.
    #[test]
    fn an_event_becomes_no_more_than_its_views_take(document in document()) {
        let stream = stream(
            r#"{"name": "all", "topic": ["all"]},
               {"name": "of", "topic": [{"path": "a"}], "fields": [["x", "a"], ["y", "a.b[0]"]]},
               {"name": "no", "topic": ["no"], "where": [["a", "in", ["a"]]]}"#,
        );
        let told = take(&stream, &document);
        prop_assert!(told.len() <= 3 && told.iter().filter(|(topic, _)| topic == "all" || topic == "dead").count() == 1);
        for (_, message) in told {
            // A one-byte number has two bytes, an empty list one, and each element of a list or map its tag.
            prop_assert!(message.len() <= 512 + 12 * document.len(), "{} for {}", message.len(), document.len());
        }
    }
}
