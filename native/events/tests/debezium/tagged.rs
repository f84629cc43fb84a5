//! Values as the golden corpus has them: `tests/vectors/events/README.md`.

use outrigger_events::{Decimal, Integer, Temporal, Value};
use serde_json::Value as Json;

/// What a map has under a name, of ours or of the document's.
pub(crate) fn find<'v>(value: &'v Value, step: &str) -> Option<&'v Value> {
    let Value::Map(pairs) = value else { return None };
    pairs.iter().find_map(|(key, value)| match key {
        Value::Text(key) if key == step => Some(value),
        Value::Name(key) if key.text() == step => Some(value),
        _ => None,
    })
}

/// Whether it is what the corpus says.
pub(crate) fn same(value: &Value, expected: &Json) -> bool {
    let Some(tagged) = expected.as_object() else {
        return match expected {
            Json::Null => *value == Value::Null,
            Json::Bool(expected) => *value == Value::Boolean(*expected),
            Json::String(expected) => *value == Value::from(expected.as_str()),
            _ => false,
        };
    };
    let (tag, expected) = tagged.iter().next().unwrap();
    let number = |json: &Json| json.as_str().and_then(|text| text.parse::<i128>().ok()).unwrap();
    let small = |json: &Json| i64::try_from(number(json)).unwrap();
    let digits = || u8::try_from(expected[1].as_i64().unwrap()).unwrap();
    match tag.as_str() {
        "integer" => {
            *value == Value::Integer(Integer::from_digits(expected.as_str().unwrap().as_bytes()).unwrap())
        }
        "float" => *value == Value::Float(expected.as_f64().unwrap()),
        "decimal" => *value == Value::Decimal(Decimal::parse(expected.as_str().unwrap()).unwrap()),
        "bytes" => match value {
            Value::Bytes(bytes) => {
                bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() == *expected
            }
            _ => false,
        },
        "name" => matches!(value, Value::Name(name) if name.text() == expected),
        "list" => match (value, expected.as_array()) {
            (Value::List(items), Some(expected)) => {
                items.len() == expected.len() && items.iter().zip(expected).all(|(item, one)| same(item, one))
            }
            _ => false,
        },
        "map" => match (value, expected.as_object()) {
            (Value::Map(pairs), Some(expected)) => {
                pairs.len() == expected.len()
                    && expected.iter().all(|(key, one)| find(value, key).is_some_and(|item| same(item, one)))
            }
            _ => false,
        },
        "infinity" if expected.as_bool() == Some(true) => *value == Value::Temporal(Temporal::Infinity),
        "infinity" => *value == Value::Temporal(Temporal::MinusInfinity),
        "date" => *value == Value::Temporal(Temporal::Date(small(expected))),
        "time" => *value == Value::Temporal(Temporal::Time(small(&expected[0]), digits())),
        "naive" => *value == Value::Temporal(Temporal::Naive(number(&expected[0]), digits())),
        "instant" => *value == Value::Temporal(Temporal::Instant(number(&expected[0]), digits())),
        "duration" => {
            let [months, days, nanos] = [0, 1, 2].map(|place| number(&expected[place]));
            let (months, days) = (i64::try_from(months).unwrap(), i64::try_from(days).unwrap());
            *value == Value::Temporal(Temporal::Duration { months, days, nanos })
        }
        other => panic!("no such tag: {other}"),
    }
}
