//! What comes behind a registry's frame: data in Avro, told as the document that it stands for.
//!
//! Kafka Connect has one model of data and several converters that write it. A datum in Avro and a document in JSON of the same
//! record differ in bytes and in nothing else. So a datum is written out as the payload that the JSON converter would have
//! written, its schema becomes the plan that the JSON converter's schema would have become, and everything else is the one
//! decoder's business: shapes, semantic types, placeholders, what changed.
//!
//! # Invariants
//!
//! - Whole numbers keep all digits, bytes are base64, floats have their shortest text; NaN and the infinities are their names.
//! - A document begins with no byte of 0 or 1, and a frame with no other: which of both it is, is not guessed.
//! - What is written out has a bound of its own: the names of a schema may be longer than its data.
//!
//! # Source
//!
//! `AvroData` of Confluent's schema registry, as far as Debezium's records need it: `connect.name`, `connect.parameters`, unions with
//! null, maps as lists of entries.
//!
//! # Limits
//!
//! No unions of several types and no recursive schemas: Debezium's records have neither.

mod avro;
mod document;
mod part;
mod writers;

pub(super) use part::{Frames, Part};
pub use writers::{Writer, Writers};

use document::Document;
