//! What the frames themselves do not say.

use std::collections::HashMap;

use super::types::Type;
use crate::Limits;
use crate::json::Floats;

/// What becomes of `json` and `jsonb`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Json {
    /// The text of the document.
    #[default]
    Text,
    /// What is in it.
    Decoded(Floats),
}

/// How to decode.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The version of the protocol that the stream was started with, 1 to 4. What is of a later one is refused.
    pub version: u8,
    /// Bounds of each frame; the digits are those of numbers and of bit strings.
    pub limits: Limits,
    /// Columns that hold JSON.
    pub json: Json,
    /// Types that a database has made (`schema.type`, as in `public._mood`), and the built-in ones as which their values are
    /// read. PostgreSQL itself says it of domains, and of nothing else.
    pub types: HashMap<Box<str>, Type>,
    /// Tables (`schema.table`), and the columns that are their key, whatever the replica identity is.
    pub keys: HashMap<Box<str>, Box<[Box<str>]>>,
}

impl Default for Options {
    /// All versions, and JSON as text.
    fn default() -> Self {
        Self {
            version: 4,
            limits: Limits::default(),
            json: Json::Text,
            types: HashMap::new(),
            keys: HashMap::new(),
        }
    }
}

impl Options {
    /// Says which columns are the key of a table.
    #[must_use]
    pub fn key(mut self, table: &str, columns: &[&str]) -> Self {
        self.keys.insert(table.into(), columns.iter().map(|&column| column.into()).collect());
        self
    }

    pub(super) fn type_of(&self, namespace: &str, name: &str) -> Option<Type> {
        if namespace == "pg_catalog" {
            return Type::of_name(name);
        }
        find(&self.types, namespace, name).copied()
    }

    pub(super) fn key_of(&self, namespace: &str, table: &str) -> Option<&[Box<str>]> {
        find(&self.keys, namespace, table).map(|columns| &**columns)
    }
}

fn find<'o, T>(map: &'o HashMap<Box<str>, T>, namespace: &str, name: &str) -> Option<&'o T> {
    if map.is_empty() { None } else { map.get(format!("{namespace}.{name}").as_str()) }
}
