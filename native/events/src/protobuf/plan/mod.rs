//! What the bytes of a message are, worked out once.
//!
//! A [`Plan`] is a flat table of messages, fields and enums: no descriptor is looked at while data is decoded. It is immutable
//! and `Send + Sync`; keep one for each message.

mod compile;
mod shape;
mod table;

pub(super) use table::{Absent, Constant, Field, Kind, Label, Message, Shape, Tables, Wire};

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use super::decode::Run;
use super::schema::Schema;
use crate::frame::Indexes;
use crate::{Error, Limits, Sink};

/// What a message becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether fields that are not in the bytes are told as well, see [`Plan`].
    pub defaults: bool,
    /// Whether fields that the file does not know are kept: as bytes, under [`Name::UnknownFields`](crate::Name).
    pub unknown: bool,
    /// Whether times, wrappers, decimals and the like are told as what they mean, not as the messages that they are.
    pub well_known: bool,
}

impl Default for Options {
    /// Defaults, no unknown fields, and meanings.
    fn default() -> Self {
        Self { defaults: true, unknown: false, well_known: true }
    }
}

/// How to decode and encode a message.
///
/// A message becomes a map of its fields by their names in the file, in the order of their numbers; an extension is
/// `[package.name]`. Enums become their names, and numbers without a name stay numbers. A `map` is a map whose keys are told as
/// values ([`Sink::value_as_key`]).
///
/// # Fields that are not there
///
/// With [`Options::defaults`] a field without presence (`proto3`, no `optional`) is its zero, a repeated field is an empty list, a
/// map is empty, a field with a declared default is that default, and any other (a message, `optional`) is null. Without, none
/// of them is told. Of a oneof only the field that is set is told, and extensions only if they are there.
///
/// # Fields that are there twice
///
/// Elements of a repeated field are collected, wherever they stand. The last value of any other field counts, and of a
/// oneof the last field; messages are merged, as the specification says: they are read as if their bytes stood behind each
/// other. Of equal keys in a map the last one counts, which is the sink's to see to.
///
/// ```
/// use outrigger_events::protobuf::{Options, Plan, Schema};
/// use outrigger_events::{Limits, TreeSink, Value};
///
/// let schema = Schema::parse(
///     "syntax = \"proto3\"; package shop;
///      message Order { int64 id = 1; repeated string tags = 2; optional string note = 3; }",
/// )?;
/// let plan = Plan::named(&schema, "shop.Order", Options::default())?;
/// let mut sink = TreeSink::default();
/// plan.decode(&[0x12, 1, b'a', 0x08, 7, 0x12, 1, b'b'], &Limits::default(), &mut sink)?;
/// let tags = Value::List(vec!["a".into(), "b".into()]);
/// let pairs = vec![("id".into(), 7.into()), ("tags".into(), tags), ("note".into(), Value::Null)];
/// assert_eq!(sink.finish(), Some(Value::Map(pairs)));
/// # Ok::<(), outrigger_events::Error>(())
/// ```
#[derive(Debug)]
pub struct Plan {
    pub(super) tables: Tables,
    pub(super) options: Options,
    name: Box<str>,
    indexes: Option<Indexes>,
}

impl Plan {
    /// Of a message by its full name, or by its name in the package of the file.
    ///
    /// # Errors
    ///
    /// [`Error::Schema`] if neither the file nor what it imports has a message of that name.
    pub fn named(schema: &Schema, name: &str, options: Options) -> Result<Self, Error> {
        Ok(Self::of(schema, &schema.message(name)?, options))
    }

    /// Of a message by its place in the file, as a registry's frame gives it.
    ///
    /// # Errors
    ///
    /// [`Error::Schema`] if the file has no such place.
    pub fn at(schema: &Schema, indexes: &Indexes, options: Options) -> Result<Self, Error> {
        Ok(Self::of(schema, &schema.message_at(indexes)?, options))
    }

    fn of(schema: &Schema, message: &MessageDescriptor, options: Options) -> Self {
        Self::with(schema, message, options, &|_| false)
    }

    /// The same, where fields without presence for which `nothing` holds are null while they are not there.
    pub(crate) fn with(
        schema: &Schema,
        message: &MessageDescriptor,
        options: Options,
        nothing: &dyn Fn(&FieldDescriptor) -> bool,
    ) -> Self {
        Self {
            tables: compile::tables(message, options.well_known, nothing),
            options,
            name: message.full_name().into(),
            indexes: schema.indexes(message),
        }
    }

    /// Tells the sink the message that `bytes` are.
    ///
    /// [`Limits::items`] bounds the fields that are told though they are not there; [`Plan::ABSENT`] is the name of that limit.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] with offset and path, also for a required field that is missing and a value of another type than
    /// the file says; [`Error::Limit`].
    pub fn decode<S: Sink>(&self, bytes: &[u8], limits: &Limits, sink: &mut S) -> Result<(), Error> {
        // Offsets have 32 bits.
        let most = limits.bytes.min(u32::MAX as usize);
        if bytes.len() > most {
            return Err(Error::Limit { what: "bytes", limit: most, at: most });
        }
        let limits = &Self::within(limits);
        Run::new(&self.tables, &self.options, bytes, limits, sink).root().map_err(|fault| fault.finish())
    }

    /// Levels that are decoded and encoded at the most, whatever [`Limits::depth`] says: each takes some of the stack, and those of
    /// a VM's schedulers are small. Other readers take 100 messages inside each other; here a list or a map is a level, too.
    pub const MOST_DEPTH: usize = 200;

    /// What [`Error::Limit`] says there are too many of, if it is fields that are not there. [`Options::defaults`] tells them.
    pub const ABSENT: &str = "absent fields";

    pub(super) fn within(limits: &Limits) -> Limits {
        Limits { depth: limits.depth.min(Self::MOST_DEPTH), ..*limits }
    }

    /// The full name of the message.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its place in the file, for a registry's frame; `None` if it is of another file, or too deep in messages.
    #[must_use]
    pub const fn indexes(&self) -> Option<&Indexes> {
        self.indexes.as_ref()
    }

    /// The full names of the messages that are told as something else than a map of their fields.
    pub(crate) fn well_known(&self) -> impl Iterator<Item = &str> {
        let messages = self.tables.messages.iter();
        messages.filter(|message| message.shape != Shape::Record).map(|message| &*message.name)
    }

    /// Whether some value that is no message can be null: it is `optional`, or in a wrapper.
    pub(crate) fn tells_null(&self) -> bool {
        let messages = || self.tables.messages.iter();
        let optional = |field: &Field| field.kind.message().is_none() && field.absent == Absent::Null;
        messages().any(|message| message.shape == Shape::Only)
            || messages().any(|message| message.fields.iter().any(optional))
    }

    /// Messages and fields, of which each is there once.
    pub(crate) fn size(&self) -> usize {
        self.tables.messages.iter().map(|message| 1 + message.fields.len()).sum()
    }

    /// All field names and enum symbols; [`Sink::record_key`] and [`Sink::symbol`] tell places in it.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.tables.names.iter().map(|name| &**name)
    }
}
