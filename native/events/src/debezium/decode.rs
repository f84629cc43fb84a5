//! The one way in.

use super::cache::Cache;
use super::framed::{Frames, Part, Writers};
use super::key::{Key, in_key};
use super::options::Options;
use super::reader::Reader;
use super::record::{Form, Record};
use super::rows::Column;
use crate::json::Fault;
use crate::made::Made;
use crate::{Error, Sink};

/// Bytes of a buffer that is kept for the next document.
const KEPT: usize = 1 << 20;

/// What [`Error::Limit`] says of data that stands for too long a document: see [`Memory::set_room`].
pub const DOCUMENT: &str = "bytes as a document";

/// What is kept from document to document: schemas, and room to work in. One per thread, for any options.
#[derive(Debug)]
pub struct Memory {
    pub(super) cache: Cache,
    pub(super) before: Vec<Column>,
    pub(super) after: Vec<Column>,
    /// The documents that value and key stand for.
    texts: [Vec<u8>; 2],
    room: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            cache: Cache::default(),
            before: Vec::new(),
            after: Vec::new(),
            texts: Default::default(),
            room: usize::MAX,
        }
    }
}

impl Memory {
    /// How often a schema was known, and how often it was not.
    #[must_use]
    pub const fn schemas(&self) -> (u64, u64) {
        self.cache.figures()
    }

    /// How many bytes the document may have that data behind a frame stands for, within
    /// [`Limits::bytes`](crate::Limits::bytes): reading it takes longer than the data's own length says. A message in Protobuf counts as well.
    pub const fn set_room(&mut self, bytes: usize) {
        self.room = bytes;
    }

    /// How many bytes were written out for the last record.
    #[must_use]
    pub const fn written(&self) -> usize {
        self.texts[0].len() + self.texts[1].len()
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

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Said(error)
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
    decode_framed(None, value, key, options, memory, sink)
}

/// The same where value, key, or the data of a CloudEvent may begin with a registry's frame.
///
/// # Errors
///
/// As [`decode`], and [`Error::UnknownSchema`] for a frame whose schema is not among the writers: enter it and decode again.
pub fn decode_framed<S: Sink>(
    writers: Option<&Writers>,
    value: Option<&[u8]>,
    key: Option<&[u8]>,
    options: &Options,
    memory: &mut Memory,
    sink: &mut S,
) -> Result<Record, Error> {
    let frames = Frames::new(writers, options, memory.room);
    let mut texts = std::mem::take(&mut memory.texts);
    let told = parts(frames, [value, key], &mut texts, options, memory, sink);
    for text in &mut texts {
        text.shrink_to(KEPT);
    }
    memory.texts = texts;
    told
}

fn parts<S: Sink>(
    frames: Frames<'_>,
    [value, key]: [Option<&[u8]>; 2],
    [value_text, key_text]: &mut [Vec<u8>; 2],
    options: &Options,
    memory: &mut Memory,
    sink: &mut S,
) -> Result<Record, Error> {
    key_text.clear();
    let value = Part::open(value.unwrap_or(b"null"), frames, value_text)?;
    let key = match key {
        Some(bytes) => Some(Part::open(bytes, frames, key_text).map_err(in_key)?),
        None => None,
    };
    let key = Key(key.as_ref());
    let told = if value.is_given() {
        whole(&value, key, frames, options, memory, sink)
    } else {
        whole(&value, key, frames, options, memory, &mut Made(sink))
    };
    told.map_err(|failure| match failure {
        Failure::Here(fault) => value.error(fault),
        Failure::Said(error) => error,
    })
}

fn whole<S: Sink>(
    value: &Part<'_>,
    key: Key<'_>,
    frames: Frames<'_>,
    options: &Options,
    memory: &mut Memory,
    sink: &mut S,
) -> Result<Record, Failure> {
    let (mut reader, opened) = Reader::open(value, frames, options, &mut memory.cache)?;
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
