//! Protobuf: messages of a file that is known at run time only, decoded in one pass and encoded.
//!
//! - [`Schema`] is a file with all that it imports, of `.proto` text or of a descriptor set.
//! - [`Plan`] is made once of a message of it. It decodes to a [`Sink`](crate::Sink) and encodes from a [`Datum`](crate::Datum).
//! - `compat::protobuf` says whether one version of a file reads what another writes.
//!
//! Source: "Encoding" and "Language Guide" of the Protocol Buffers documentation; "ProtoJSON Format" for what the well-known
//! types mean.
//!
//! # Limits
//!
//! `proto2` and `proto3`, no editions. An enum is open: a number without a name is told, also in `proto2`, where other readers
//! count it among the unknown fields. `google.protobuf.Any` is its URL and bytes. A document has at most 4 GiB and
//! [`Plan::MOST_DEPTH`] levels.

mod decode;
mod encode;
mod imports;
mod plan;
mod schema;

pub use plan::{Options, Plan};
pub use schema::Schema;

/// Bytes that are not what the specification or the file says.
#[cold]
fn malformed(at: usize, problem: impl Into<String>) -> Box<crate::fault::Fault> {
    crate::fault::Fault::malformed("Protobuf", at, problem)
}
