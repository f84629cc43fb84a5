//! Event decoding: from bytes, in one pass, to whatever the caller builds of them. No I/O, no clock.
//!
//! A decoder reads bytes and says what it found to a [`Sink`], in the order of the bytes. The NIF's sink makes terms, the
//! Rust node's writes the external term format, and [`Value`] is a tree for Rust programs and tests. No decoder builds a
//! tree of its own first.
//!
//! # Invariants
//!
//! - What is decoded is exact: no integer, decimal or time is rounded, or it is an error that says which option to give.
//! - Bytes are hostile: depth, digits and counts are bounded by [`Limits`], nothing is allocated for a length that was only
//!   claimed, and no input makes a decoder panic.
//! - What a decoder has told its sink before an error is worth nothing: the caller drops it.
//!
//! # Limits
//!
//! Documents are slices: a document that is not whole yet is the caller's to collect.

pub mod avro;
pub mod compat;
mod datum;
pub mod debezium;
mod decimal;
mod error;
mod fault;
pub mod frame;
mod integer;
mod iso;
pub mod json;
mod limits;
mod made;
mod name;
pub mod pgoutput;
pub mod project;
pub mod protobuf;
mod sink;
pub mod stream;
pub mod structs;
mod temporal;
mod value;

pub use datum::{Datum, View};
pub use decimal::Decimal;
pub use error::Error;
pub use integer::Integer;
pub use limits::Limits;
pub use name::Name;
pub use sink::{Duplicate, Sink, Text};
pub use temporal::Temporal;
pub use value::{TreeSink, Value};
