//! Names of the node's own choosing: any atom, as text. An atom that is called `true`, `false` or `nil` is a name, too, and no truth value.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

/// An atom, or `[]` for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) String);

/// For a field of text.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Word::deserialize(deserializer).map(|word| word.0)
}

/// For a field that may be `undefined`.
pub(crate) fn maybe<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::<Word>::deserialize(deserializer).map(|word| word.map(|word| word.0))
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Name).map(Self)
    }
}

struct Name;

impl<'de> Visitor<'de> for Name {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<String, E> {
        Ok(truth.to_string())
    }

    fn visit_unit<E: de::Error>(self) -> Result<String, E> {
        Ok("nil".to_owned())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<String, A::Error> {
        match list.next_element::<de::IgnoredAny>()? {
            None => Ok(String::new()),
            Some(_) => Err(de::Error::invalid_type(de::Unexpected::Seq, &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use outrigger_term::{Writer, from_slice};

    use super::*;

    #[test]
    fn any_atom_is_a_name() {
        for name in ["true", "false", "nil", "undefined", "Elixir.Shop", "ü"] {
            let mut bytes = Vec::new();
            Writer::new(&mut bytes).atom(name).unwrap();
            assert_eq!(from_slice::<Word>(&bytes).unwrap(), Word(name.to_owned()));
        }
        let mut none = Vec::new();
        Writer::new(&mut none).nil();
        assert_eq!(from_slice::<Word>(&none).unwrap().0, "");
        let mut number = Vec::new();
        Writer::new(&mut number).unsigned(1);
        assert!(from_slice::<Word>(&number).is_err());
    }
}
