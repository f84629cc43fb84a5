//! What stands at a path of a decoded event, and what a filter says of it.

use crate::project::{Path, Step, Test};
use crate::{Sink, Text, Value};

/// The value at a path. Of two equal keys the last one counts; a struct's fields are keys like any other.
pub(super) fn at<'v>(value: &'v Value, path: &Path) -> Option<&'v Value> {
    path.steps().iter().try_fold(value, |value, step| match (step, value) {
        (Step::Key(key), Value::Map(pairs)) => {
            pairs.iter().rfind(|(own, _)| text(own) == Some(key)).map(|(_, value)| value)
        }
        (Step::Place(place), Value::List(items)) => items.get(*place),
        _ => None,
    })
}

/// Of a key, and of what is text to a filter: names of ours are, `op` is `"update"`.
pub(super) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        Value::Name(name) => Some(name.text()),
        _ => None,
    }
}

/// Whether the value at a path passes a test. What is not there counts as `null`.
pub(super) fn passes(value: &Value, path: &Path, test: &Test) -> bool {
    test.of(|sink| match at(value, path) {
        None | Some(Value::Null) => sink.null(),
        Some(Value::Boolean(value)) => sink.boolean(*value),
        Some(Value::Integer(value)) => sink.big(value),
        Some(Value::Float(value)) => sink.float(*value),
        // What equals nothing says nothing.
        Some(value) => text(value).into_iter().for_each(|text| sink.text(Text::made(text.as_bytes()))),
    })
}
