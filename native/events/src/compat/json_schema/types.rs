//! The types a schema lets through, as a set.
//!
//! `number` is two of them, whole and broken numbers, so that `integer` is a true part of it.

use std::ops::BitOr;

use serde_json::Value;

use super::number::Number;

/// A set of JSON types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const NONE: Self = Self(0);
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(2);
    pub(super) const OBJECT: Self = Self(4);
    pub(super) const ARRAY: Self = Self(8);
    pub(super) const STRING: Self = Self(16);
    pub(super) const INTEGER: Self = Self(32);
    pub(super) const NUMBER: Self = Self(32 | 64);
    pub(super) const ALL: Self = Self(127);

    const WORDS: [(Self, &'static str); 7] = [
        (Self::NULL, "null"),
        (Self::BOOLEAN, "boolean"),
        (Self::OBJECT, "object"),
        (Self::ARRAY, "array"),
        (Self::STRING, "string"),
        (Self::NUMBER, "number"),
        (Self::INTEGER, "integer"),
    ];

    /// Of the word in a schema.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(_, name)| *name == word).map(|(types, _)| types)
    }

    /// Of one value. `1.0` is an integer.
    pub(super) fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Object(_) => Self::OBJECT,
            Value::Array(_) => Self::ARRAY,
            Value::String(_) => Self::STRING,
            Value::Number(number) => match Number::of(number) {
                Some(number) if number.is_whole() => Self::INTEGER,
                Some(_) => Self(64),
                None => Self::NUMBER,
            },
        }
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Its parts of one type each.
    pub(super) fn each(self) -> impl Iterator<Item = Self> {
        (0..7).map(|bit| Self(1 << bit)).filter(move |one| self.has(*one))
    }

    /// `string or null`, `anything`.
    pub(super) fn text(self) -> String {
        if self == Self::ALL {
            return "anything".into();
        }
        let words = Self::WORDS.into_iter().filter(|(types, word)| {
            types.within(self) && !types.is_none() && !(*word == "integer" && Self::NUMBER.within(self))
        });
        let words: Vec<_> = words.map(|(_, word)| word).collect();
        match words[..] {
            [] => "nothing".into(),
            _ => words.join(" or "),
        }
    }
}

impl BitOr for Types {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn integers_are_numbers() {
        assert!(Types::INTEGER.within(Types::NUMBER) && !Types::NUMBER.within(Types::INTEGER));
        assert_eq!(Types::of_value(&json!(1.0)), Types::INTEGER);
        assert!(!Types::of_value(&json!(1.5)).has(Types::INTEGER));
        assert_eq!((Types::STRING | Types::NULL).text(), "null or string");
        assert_eq!(Types::NUMBER.text(), "number");
        assert_eq!(Types::ALL.each().count(), 7);
    }
}
