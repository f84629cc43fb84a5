//! Debezium's events: from the bytes of key and value to a typed change, in one call.
//!
//! A document is checked to its end and its parts are noted; then they are told to a sink in the order of the struct that they
//! become. The schema part is compared with those seen before ([`Memory`]) and read only when it is new.
//!
//! # Invariants
//!
//! - Values are exact: decimals, times at the precision of their column, infinities. One that could be read in two ways is
//!   [`Error::NeedsOption`](crate::Error::NeedsOption).
//! - A value that did not come since it did not change is the name `unchanged`, whatever its type.
//! - What the decoder does not know is not dropped: it is told as it is, under `rest`.
//!
//! # Example
//!
//! ```
//! use outrigger_events::debezium::{self, Memory, Options, Record, Untyped};
//! use outrigger_events::TreeSink;
//!
//! let event = br#"{"before":null,"after":{"id":7},"source":{"table":"orders"},"op":"c","ts_ms":1700000000000}"#;
//! let options = Options { untyped: Untyped::AsIs, ..Options::default() };
//! let mut sink = TreeSink::default();
//! let record = debezium::decode(Some(event), None, &options, &mut Memory::default(), &mut sink)?;
//! assert_eq!(record, Record::Change);
//! # Ok::<(), outrigger_events::Error>(())
//! ```
//!
//! # Limits
//!
//! JSON, and Avro and Protobuf behind a registry's frame ([`decode_framed`]); schemas inside each other 48 deep; 32 schemas that stand in documents
//! are kept, of 4 MiB together, and 1,024 [`Writers`].

mod binary;
mod cache;
mod change;
mod cloud;
mod decode;
mod document;
mod flat;
mod framed;
mod key;
mod meaning;
mod members;
mod named;
mod options;
mod outbox;
mod pairs;
mod reader;
mod record;
mod rows;
mod scalar;
mod schema;
mod source;
mod structured;
mod unavailable;

pub use binary::Encoding;
pub use decode::{DOCUMENT, Memory, decode, decode_framed};
pub use framed::{Writer, Writers};
pub use meaning::{Meaning, Row, Structured};
pub use options::{Absent, Options, Shape, Untyped};
pub use record::Record;
pub use unavailable::Unavailable;

use decode::Failure;
