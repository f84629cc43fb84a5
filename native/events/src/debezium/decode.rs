//! The one way in.

use super::cache::Cache;
use super::key::Key;
use super::options::Options;
use super::reader::Reader;
use super::record::{Form, Record};
use super::rows::Column;
use crate::json::Fault;
use crate::{Error, Sink};

/// What is kept from document to document: schemas, and room to work in. One per thread, for any options.
#[derive(Debug, Default)]
pub struct Memory {
    pub(super) cache: Cache,
    pub(super) before: Vec<Column>,
    pub(super) after: Vec<Column>,
}

impl Memory {
    /// How often a schema was known, and how often it was not.
    #[must_use]
    pub const fn schemas(&self) -> (u64, u64) {
        self.cache.figures()
    }
}

/// Why a record was not told: in the value, or elsewhere.
pub(super) enum Failure {
    Here(Fault),
    Said(Error),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Here(fault)
    }
}

impl Failure {
    fn into_error(self, document: &[u8]) -> Error {
        match self {
            Self::Here(fault) => fault.into_error(document),
            Self::Said(error) => error,
        }
    }
}

/// Tells `sink` the record of a value and its key, as the struct that it becomes. No value is a tombstone.
///
/// # Errors
///
/// [`Error::Malformed`] with offset and path (`key $.id` for one in the key), [`Error::Limit`], and [`Error::NeedsOption`] for
/// what cannot be known without.
pub fn decode<S: Sink>(
    value: Option<&[u8]>,
    key: Option<&[u8]>,
    options: &Options,
    memory: &mut Memory,
    sink: &mut S,
) -> Result<Record, Error> {
    let document = value.unwrap_or(b"null");
    whole(document, Key(key), options, memory, sink).map_err(|failure| failure.into_error(document))
}

fn whole<S: Sink>(
    document: &[u8],
    key: Key<'_>,
    options: &Options,
    memory: &mut Memory,
    sink: &mut S,
) -> Result<Record, Failure> {
    let (mut reader, opened) = Reader::open(document, options, &mut memory.cache)?;
    match opened.form(options)? {
        Form::Envelope => reader.change(&opened, key, options, memory, sink)?,
        Form::Row => reader.flat(&opened, key, options, memory, sink)?,
        Form::Other(Record::Outbox) => return reader.outbox(&opened, key, options, memory, sink),
        Form::Other(Record::CloudEvent) => return reader.cloud(&opened, key, options, memory, sink),
        Form::Other(record) => {
            reader.record(record, &opened, key, options, memory, sink)?;
            return Ok(record);
        }
    }
    Ok(Record::Change)
}
