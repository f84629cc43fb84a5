//! What the documents themselves do not say.

use std::collections::HashMap;

use super::binary::Encoding;
use super::meaning::Meaning;
use super::unavailable::Unavailable;
use crate::Limits;

/// The placeholder that Debezium writes unless it is told otherwise: `unavailable.value.placeholder`.
const PLACEHOLDER: &str = "__debezium_unavailable_value";

/// What a document is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// What its keys and its schema say.
    #[default]
    Auto,
    /// An envelope with `before`, `after` and `op`.
    Envelope,
    /// A row without an envelope: `ExtractNewRecordState`.
    Row,
    /// An event of an outbox table, in an envelope or not.
    Outbox,
    /// CloudEvents 1.0 as JSON, structured.
    CloudEvent,
}

/// What becomes of a column that has neither a schema nor a type by option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Untyped {
    /// [`Error::NeedsOption`](crate::Error::NeedsOption): a number may be a date, and text a decimal.
    #[default]
    Refuse,
    /// As JSON has it.
    AsIs,
}

/// What a column in Protobuf is that is not in the bytes, where the schema does not say whether that is null or a zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Absent {
    /// [`Error::NeedsOption`](crate::Error::NeedsOption).
    #[default]
    Refuse,
    /// Null.
    Null,
    /// Zero, no text, no elements.
    Zero,
}

/// How to decode.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Bounds.
    pub limits: Limits,
    /// What documents are.
    pub shape: Shape,
    /// Columns of unknown type.
    pub untyped: Untyped,
    /// Columns in Protobuf that are not there.
    pub absent: Absent,
    /// What `binary.handling.mode` says, for the content of messages without a schema.
    pub binary: Option<Encoding>,
    /// What stands before the keys that `ExtractNewRecordState` adds to a row: `add.fields.prefix`.
    pub prefix: Box<str>,
    /// Whether the payload of an outbox event is JSON in text, to be decoded.
    pub expand: bool,
    /// Types of columns, by table: see [`column`](Self::column).
    pub columns: HashMap<Box<str>, HashMap<Box<str>, Meaning>>,
    /// The placeholder for values that did not change.
    pub unavailable: Unavailable,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            shape: Shape::Auto,
            untyped: Untyped::Refuse,
            absent: Absent::Refuse,
            binary: None,
            prefix: "__".into(),
            expand: false,
            columns: HashMap::new(),
            unavailable: Unavailable::new(PLACEHOLDER),
        }
    }
}

impl Options {
    /// Says what a column means, whatever its schema says. `table` is `table` or `schema.table`, or `*` for every one.
    #[must_use]
    pub fn column(mut self, table: &str, column: &str, meaning: Meaning) -> Self {
        self.columns.entry(table.into()).or_default().insert(column.into(), meaning);
        self
    }

    pub(super) fn has_columns(&self) -> bool {
        !self.columns.is_empty()
    }

    /// What is said of the columns of a table, the most particular first.
    pub(super) fn table(&self, schema: Option<&str>, table: Option<&str>) -> Columns<'_> {
        if self.columns.is_empty() {
            return Columns::default();
        }
        let full = schema.zip(table).map(|(schema, table)| format!("{schema}.{table}"));
        let known = |name: Option<&str>| name.and_then(|name| self.columns.get(name));
        Columns([known(full.as_deref()), known(table), known(Some("*"))])
    }
}

/// What options say of the columns of one table.
#[derive(Clone, Copy, Default)]
pub(super) struct Columns<'o>([Option<&'o HashMap<Box<str>, Meaning>>; 3]);

impl<'o> Columns<'o> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    pub(super) fn find(&self, column: &[u8]) -> Option<&'o Meaning> {
        let column = std::str::from_utf8(column).ok()?;
        self.0.iter().flatten().find_map(|columns| columns.get(column))
    }
}
