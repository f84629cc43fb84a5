//! Avro (specification 1.12): schemas, and data decoded as the reader's schema wants it.
//!
//! - [`Schema`] reads a schema's text. It encodes values and has the fingerprints.
//! - [`Plan`] is made once of a writer's and a reader's schema and decodes the writer's data to a [`Sink`](crate::Sink).
//! - [`container`] has files of many data, [`single_object`] messages of one.
//! - `compat::avro` says beforehand whether that will work for all data.

pub mod container;
mod decode;
mod encode;
mod plan;
pub(crate) mod resolve;
mod schema;
pub mod single_object;

pub use plan::Plan;
pub use schema::{Enum, Field, Fixed, Kind, Logical, Node, Properties, Record, Schema, TypeId, Unit};

/// Bytes that are not what the specification says.
#[cold]
fn malformed(at: usize, problem: impl Into<String>) -> Box<crate::fault::Fault> {
    crate::fault::Fault::malformed("Avro", at, problem)
}
