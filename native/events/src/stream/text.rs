//! Parts of a text by their types.

use crate::{Error, Integer, Limits, TreeSink, Value, json};

/// Bytes of one text. The schema of a wide table takes tens of kilobytes.
pub(super) const BYTES: usize = 256 << 10;
/// Levels of one text; a schema stands in it as a string.
const DEPTH: usize = 16;

/// What is wrong with a part of a text.
pub(super) struct Wrong(String);

pub(super) fn wrong(problem: &str) -> Wrong {
    Wrong(problem.to_owned())
}

impl Wrong {
    pub(super) fn of(self, what: &str) -> Error {
        Error::Plan { what: what.to_owned(), problem: self.0 }
    }
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

pub(super) fn document(text: &[u8]) -> Result<Value, Wrong> {
    let limits = Limits { bytes: BYTES, depth: DEPTH, ..Limits::default() };
    let mut sink = TreeSink::default();
    json::decode(text, &json::Options { limits, ..json::Options::default() }, &mut sink)?;
    Ok(sink.finish().unwrap_or(Value::Null))
}

pub(super) fn items(of: &Value) -> &[Value] {
    match of {
        Value::List(items) => items,
        _ => &[],
    }
}

pub(super) fn list<'v>(of: Option<&'v Value>, most: usize, what: &str) -> Result<&'v [Value], Wrong> {
    match of {
        None => Ok(&[]),
        Some(Value::List(items)) if items.len() <= most => Ok(items),
        Some(_) => Err(wrong(&format!("{what} is a list of at most {most}"))),
    }
}

pub(super) fn string<'v>(of: Option<&'v Value>, what: &str) -> Result<&'v str, Wrong> {
    match of {
        Some(Value::Text(text)) => Ok(text),
        _ => Err(wrong(&format!("{what} has to be a string"))),
    }
}

pub(super) fn optional(of: Option<&Value>) -> Result<Option<&str>, Wrong> {
    match of {
        None | Some(Value::Null) => Ok(None),
        some => string(some, "an option").map(Some),
    }
}

pub(super) fn boolean(of: Option<&Value>) -> Result<bool, Wrong> {
    match of {
        None => Ok(false),
        Some(Value::Boolean(value)) => Ok(*value),
        Some(_) => Err(wrong("an option has to be true or false")),
    }
}

pub(super) fn integer(of: &Value) -> Result<i64, Wrong> {
    match of {
        Value::Integer(Integer::Small(value)) => Ok(*value),
        _ => Err(wrong("a number has to be whole and of 64 bits")),
    }
}
