//! What views make of an event, slowly: of a tree, with each path walked by itself.

use outrigger_events::{Integer, Value};

/// A term as a message has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    Atom(String),
    Integer(i128),
    Float(f64),
    Binary(Vec<u8>),
    List(Vec<Self>),
    Tuple(Vec<Self>),
    Map(Vec<(Self, Self)>),
}

pub(crate) fn atom(text: &str) -> Term {
    Term::Atom(text.to_owned())
}

impl Term {
    /// A whole message. Panics at what is none: a key that comes twice, or bytes behind it.
    pub(crate) fn read(mut bytes: &[u8]) -> Self {
        let term = next(&mut bytes);
        assert!(bytes.is_empty(), "{} bytes behind {term:?}", bytes.len());
        term
    }

    /// Of JSON. Of equal keys the last one counts, and stands where it is.
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Null => atom("nil"),
            Value::Boolean(value) => atom(if *value { "true" } else { "false" }),
            Value::Integer(Integer::Small(value)) => Self::Integer(i128::from(*value)),
            Value::Integer(value) => Self::Integer(value.to_string().parse().unwrap()),
            Value::Float(value) => Self::Float(*value),
            Value::Text(text) => Self::Binary(text.as_bytes().to_vec()),
            Value::List(items) => Self::List(items.iter().map(Self::of).collect()),
            Value::Map(pairs) => {
                let last = |place: usize| pairs[place + 1..].iter().all(|(key, _)| *key != pairs[place].0);
                let kept = (0..pairs.len()).filter(|place| last(*place)).map(|place| &pairs[place]);
                Self::Map(kept.map(|(key, value)| (Self::of(key), Self::of(value))).collect())
            }
            other => panic!("no JSON: {other:?}"),
        }
    }

    /// What stands at a path of keys and places: `a.b[1]`.
    pub(crate) fn at(&self, path: &str) -> Option<&Self> {
        let steps = path.split(['.', '[']).filter(|step| !step.is_empty());
        steps.into_iter().try_fold(self, |term, step| match (term, step.strip_suffix(']')) {
            (Self::List(items), Some(place)) => items.get(place.parse::<usize>().unwrap()),
            (Self::Map(pairs), None) => {
                let is = |key: &Self| match key {
                    Self::Atom(key) => key == step,
                    Self::Binary(key) => key == step.as_bytes(),
                    _ => false,
                };
                pairs.iter().rfind(|(key, _)| is(key)).map(|(_, value)| value)
            }
            _ => None,
        })
    }

    /// The fields of a view.
    pub(crate) fn fields(&self, fields: &[(&str, &str)]) -> Self {
        let field = |path| self.at(path).cloned().unwrap_or_else(|| atom("nil"));
        Self::Map(fields.iter().map(|(name, path)| (atom(name), field(path))).collect())
    }

    /// As a part of a topic.
    pub(crate) fn topic(&self) -> Option<String> {
        match self {
            Self::Atom(text) if text != "nil" => Some(text.clone()),
            Self::Integer(value) => i64::try_from(*value).ok().map(|value| value.to_string()),
            Self::Binary(text) => Some(String::from_utf8(text.clone()).unwrap()),
            _ => None,
        }
    }
}

fn next(bytes: &mut &[u8]) -> Term {
    let [tag] = take(bytes);
    match tag {
        97 => Term::Integer(i128::from(take::<1>(bytes)[0])),
        98 => Term::Integer(i128::from(i32::from_be_bytes(take(bytes)))),
        110 => {
            let [length, negative] = take(bytes);
            let magnitude = some(bytes, usize::from(length)).iter().rev();
            let magnitude = magnitude.fold(0_i128, |value, byte| value << 8 | i128::from(*byte));
            Term::Integer(if negative == 1 { -magnitude } else { magnitude })
        }
        70 => Term::Float(f64::from_be_bytes(take(bytes))),
        119 => {
            let [length] = take(bytes);
            Term::Atom(String::from_utf8(some(bytes, usize::from(length)).to_vec()).unwrap())
        }
        109 => {
            let length = u32::from_be_bytes(take(bytes)) as usize;
            Term::Binary(some(bytes, length).to_vec())
        }
        104 => {
            let [arity] = take(bytes);
            Term::Tuple((0..arity).map(|_| next(bytes)).collect())
        }
        106 => Term::List(vec![]),
        108 => {
            let items = (0..u32::from_be_bytes(take(bytes))).map(|_| next(bytes)).collect();
            assert_eq!(take(bytes), [106]);
            Term::List(items)
        }
        116 => {
            let pairs: Vec<_> =
                (0..u32::from_be_bytes(take(bytes))).map(|_| (next(bytes), next(bytes))).collect();
            for (place, (key, _)) in pairs.iter().enumerate() {
                assert!(pairs[place + 1..].iter().all(|(other, _)| other != key), "{key:?} comes twice");
            }
            Term::Map(pairs)
        }
        other => panic!("tag {other}"),
    }
}

fn some<'b>(bytes: &mut &'b [u8], length: usize) -> &'b [u8] {
    let (some, rest) = bytes.split_at(length);
    *bytes = rest;
    some
}

fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    some(bytes, N).try_into().unwrap()
}
