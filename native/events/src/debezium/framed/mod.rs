//! What comes behind a registry's frame: data in Avro or Protobuf, told as the document that it stands for.
//!
//! Kafka Connect has one model of data and several converters that write it. Data in Avro and a document in JSON of the same
//! record differ in bytes and in nothing else, but for what Protobuf has no room for. So data is written out as the payload that the JSON converter would have
//! written, its schema becomes the plan that the JSON converter's schema would have become, and everything else is the one
//! decoder's business: shapes, semantic types, placeholders, what changed.
//!
//! # Invariants
//!
//! - Whole numbers keep all digits, bytes are base64, floats have their shortest text; NaN and the infinities are their names.
//! - A document begins with no byte of 0 or 1, and a frame with no other: which of both it is, is not guessed.
//! - What is written out has a bound of its own: the names of a schema may be longer than its data.
//! - Protobuf keeps neither the names of simple types nor, by default, whether a zero is nothing. What these leave open is an error that
//!   names the option, if it is of a column; elsewhere nothing hangs on it.
//!
//! # Source
//!
//! `AvroData` of Confluent's schema registry, as far as Debezium's records need it: `connect.name`, `connect.parameters`, unions with
//! null, maps as lists of entries. `ProtobufData` of the same: a struct is a message inside the one that has the field, by the last part
//! of its name; Connect's own types are `confluent.type.Decimal`, `google.type.Date` and `TimeOfDay`, `google.protobuf.Timestamp`; what may be
//! null is as anything else, or `optional` (`optional.for.nullables`), or a wrapper (`wrapper.for.nullables`).
//!
//! # Limits
//!
//! No unions of several types (in Protobuf `oneof`) and no recursive schemas: Debezium's records have neither.

mod avro;
mod document;
mod part;
mod protobuf;
mod reading;
mod writers;

pub(super) use part::{Frames, Part};
pub use writers::{Writer, Writers};

use document::Document;

/// Types of a schema, each counted wherever it is used.
const MOST: usize = 1 << 16;
