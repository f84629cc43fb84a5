//! Values of a schema (`enum`, `const`, `default`), compared as JSON Schema compares them.

use serde_json::Value;

use super::number::Number;

/// Whether two values are equal: numbers by what they are, objects in any order.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (Number::of(a), Number::of(b)) {
            (Some(a), Some(b)) => a == b,
            _ => a == b,
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// Whether a list holds a value.
pub(super) fn holds(list: &[&Value], value: &Value) -> bool {
    list.iter().any(|one| same(one, value))
}

/// Characters of a text, as `minLength` counts them.
pub(super) fn length(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_equal_by_value() {
        assert!(same(&json!({"a": [1, 2.0]}), &json!({"a": [1.0, 2]})));
        assert!(!same(&json!(1), &json!(true)) && !same(&json!([1]), &json!([1, 1])));
        assert_eq!(length("a\u{1f600}"), 2);
    }
}
