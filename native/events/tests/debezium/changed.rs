//! What changed, against a model that compares values one by one.

use outrigger_events::debezium::{self, Memory, Options, Untyped};
use outrigger_events::{TreeSink, Value};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

const PLACEHOLDER: &str = "__debezium_unavailable_value";

fn value() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (0..4).prop_map(Json::from),
        "[a\"é\\\\]{0,3}".prop_map(Json::from),
        Just(json!([1, {"x": "]}"}])),
        Just(json!({"scale": 2, "value": "AQI="})),
        Just(Json::from(PLACEHOLDER)),
        Just(json!([PLACEHOLDER])),
    ]
}

fn row() -> impl Strategy<Value = Map<String, Json>> {
    prop::collection::btree_map("[a-d\"]{1,2}", value(), 1..8).prop_map(|pairs| pairs.into_iter().collect())
}

proptest! {
    #[test]
    fn is_what_differs_and_came(before in row(), after in row(), shuffle in any::<bool>()) {
        let mut columns: Vec<(&String, &Json)> = after.iter().collect();
        if shuffle {
            columns.reverse();
        }
        let text: Vec<String> =
            columns.iter().map(|(key, value)| format!("{}:{value}", Json::from(key.as_str()))).collect();
        let event = format!(
            r#"{{"before":{},"after":{{{}}},"source":{{}},"op":"u"}}"#, Json::from(before.clone()), text.join(",")
        );
        let came = |value: &Json| *value != PLACEHOLDER && *value != json!([PLACEHOLDER]);
        let slow: Vec<Value> = columns
            .iter()
            .filter(|(key, value)| came(value) && before.get(*key) != Some(value))
            .map(|(key, _)| Value::from(key.as_str()))
            .collect();

        let options = Options { untyped: Untyped::AsIs, ..Options::default() };
        let mut sink = TreeSink::default();
        debezium::decode(Some(event.as_bytes()), None, &options, &mut Memory::default(), &mut sink).unwrap();
        let Some(Value::Map(fields)) = sink.finish() else { panic!("a struct") };
        let changed = fields.into_iter().find(|(key, _)| matches!(key, Value::Name(name) if name.text() == "changed"));
        prop_assert_eq!(changed.unwrap().1, Value::List(slow));
    }
}
