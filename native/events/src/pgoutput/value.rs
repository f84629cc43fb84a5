//! One value: by its type and the format that it comes in.

use super::options::{Json, Options};
use super::tuple::Cell;
use super::types::{Kind, Scalar};
use super::wire::{Checked, Fault, NOT_UTF8, Wrong};
use super::{array, binary, text};
use crate::json::{self, Floats};
use crate::made::Made;
use crate::{Error, Name, Sink, Text};

/// Tells what a column holds.
#[inline]
pub(super) fn cell<S: Sink>(cell: Cell<'_>, kind: Kind, options: &Options, sink: &mut S) -> Checked {
    let (bytes, at, binary) = match cell {
        Cell::Null => {
            sink.null();
            return Ok(());
        }
        Cell::Unchanged => {
            sink.name(Name::Unchanged);
            return Ok(());
        }
        Cell::Value { bytes, at, binary } => (bytes, at, binary),
    };
    let value = Text::at(bytes, at);
    let told = match (kind.list, binary) {
        (false, false) => text::value(value, kind, options, sink),
        (false, true) => binary::value(value, kind, options, sink),
        (true, false) => array::text(value, kind, options, sink),
        (true, true) => array::binary(value, kind, options, sink),
    };
    told.map_err(|wrong| Fault::new(at, wrong))
}

/// Text, once it is known to be UTF-8.
#[inline]
pub(super) fn utf8<S: Sink>(value: Text<'_>, sink: &mut S) -> Result<(), Wrong> {
    match std::str::from_utf8(value.bytes) {
        Ok(_) => {
            sink.text(value);
            Ok(())
        }
        Err(_) => Err(Wrong::Said(NOT_UTF8)),
    }
}

/// A JSON document: its text, or what is in it.
pub(super) fn json<S: Sink>(value: Text<'_>, options: &Options, sink: &mut S) -> Result<(), Wrong> {
    let floats: Floats = match options.json {
        Json::Text => return utf8(value, sink),
        Json::Decoded(floats) => floats,
    };
    let options = json::Options { limits: options.limits, floats };
    json::decode(value.bytes, &options, &mut Made(sink)).map_err(|error| match error {
        Error::Limit { what, limit, .. } => Wrong::Limit(what, limit),
        other => Wrong::Made(other.to_string()),
    })
}

/// What a type's text has to look like.
#[cold]
pub(super) const fn expected(scalar: Scalar) -> Wrong {
    Wrong::Said(match scalar {
        Scalar::Boolean => "no boolean",
        Scalar::Whole(_) | Scalar::Oid => "no whole number of its type",
        Scalar::Single | Scalar::Double => "no floating point number",
        Scalar::Numeric => "no decimal number",
        Scalar::Date | Scalar::Naive | Scalar::Instant => "no date of this type: connect with DateStyle ISO",
        Scalar::Time | Scalar::ZonedTime => "no time of day",
        Scalar::Span => "no span: connect with IntervalStyle postgres or iso_8601",
        Scalar::Bytes => "no bytes in hex or escape format",
        Scalar::Uuid => "no UUID",
        Scalar::Bits => "no bit string",
        Scalar::Json | Scalar::Jsonb | Scalar::Text | Scalar::Other => "no value of this type",
    })
}
