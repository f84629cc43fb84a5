//! What a writer's bytes are for a reader, worked out once.
//!
//! A [`Plan`] is a flat table of instructions: no name is compared and no schema looked at while data is decoded. It is
//! immutable and `Send + Sync`; keep one for each pair of schemas.

mod compile;
mod constant;
mod op;

pub(super) use constant::Event;
pub(super) use op::{NOWHERE, Op, Skip, Source, Tables};

use super::decode::Run;
use super::schema::Schema;
use crate::avro::malformed;
use crate::{Error, Limits, Sink};

/// How to decode the data of a writer, as a reader wants it.
///
/// A record becomes a map of the reader's fields, in the order in which the writer wrote them; those with their defaults
/// follow. A union becomes the value of its branch, an enum its symbol. Logical types become decimals, dates, times and
/// UUIDs as text; the unit of a time and the scale of a decimal are the writer's.
///
/// ```
/// use outrigger_events::avro::{Plan, Schema};
/// use outrigger_events::{Limits, TreeSink, Value};
///
/// let writer = Schema::parse(r#"{"type": "record", "name": "R", "fields": [{"name": "id", "type": "int"}]}"#, &[])?;
/// let reader = Schema::parse(
///     r#"{"type": "record", "name": "R", "fields": [
///          {"name": "note", "type": ["null", "string"], "default": null},
///          {"name": "key", "aliases": ["id"], "type": "long"}]}"#,
///     &[],
/// )?;
/// let plan = Plan::new(&writer, Some(&reader))?;
/// let mut sink = TreeSink::default();
/// plan.decode(&[14], &Limits::default(), &mut sink)?;
/// let pairs = vec![("key".into(), Value::from(7)), ("note".into(), Value::Null)];
/// assert_eq!(sink.finish(), Some(Value::Map(pairs)));
/// # Ok::<(), outrigger_events::Error>(())
/// ```
#[derive(Debug)]
pub struct Plan {
    tables: Tables,
    root: Op,
}

impl Plan {
    /// What [`Error::Limit`] says there are too many of, if it is what takes no bytes: [`Limits::items`].
    pub const EMPTY: &str = "elements without bytes";

    /// Of the schema that the data was written with and the one it is wanted in; the writer's own without one.
    ///
    /// # Errors
    ///
    /// [`Error::Resolution`] if no data of the writer can be read. A branch of a union that cannot is an error only when it
    /// comes; `compat::avro::check` finds it before.
    pub fn new(writer: &Schema, reader: Option<&Schema>) -> Result<Self, Error> {
        compile::plan(writer, reader.unwrap_or(writer))
    }

    /// Tells the sink one datum, which is all of `bytes`.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] with offset and path, [`Error::Limit`], or [`Error::Resolution`] for a branch of the writer's
    /// union or a symbol of its enum that the reader does not know.
    pub fn decode<S: Sink>(&self, bytes: &[u8], limits: &Limits, sink: &mut S) -> Result<(), Error> {
        match self.decode_first(bytes, limits, sink)? {
            end if end == bytes.len() => Ok(()),
            end => Err(malformed(end, format!("{} bytes follow the datum", bytes.len() - end)).finish()),
        }
    }

    /// Tells the sink the datum that `bytes` begin with, and returns where it ends.
    ///
    /// # Errors
    ///
    /// As [`Plan::decode`].
    pub fn decode_first<S: Sink>(&self, bytes: &[u8], limits: &Limits, sink: &mut S) -> Result<usize, Error> {
        if bytes.len() > limits.bytes {
            return Err(Error::Limit { what: "bytes", limit: limits.bytes, at: limits.bytes });
        }
        let mut run = Run::new(&self.tables, bytes, limits, sink);
        match run.value(self.root) {
            Ok(()) => Ok(run.at()),
            Err(fault) => Err(fault.finish()),
        }
    }

    /// All field names and enum symbols; [`Sink::record_key`] and [`Sink::symbol`] tell places in it.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.tables.names.iter().map(|name| &**name)
    }

    /// How many kinds of records it makes; [`Sink::begin_record`] and [`Sink::end_record`] tell which.
    #[must_use]
    pub const fn records(&self) -> usize {
        self.tables.records.len()
    }

    /// The keys of a record that it makes, in the order in which they are told: places in [`Plan::names`].
    pub fn record(&self, record: usize) -> impl Iterator<Item = usize> {
        let steps = self.tables.records.get(record).map_or(&[][..], |record| self.tables.steps(*record));
        steps.iter().filter(|step| !matches!(step.op, Op::Skip(_))).map(|step| step.name as usize)
    }
}
