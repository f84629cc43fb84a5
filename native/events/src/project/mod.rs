//! Projection: a few fields of many documents, without building the rest.
//!
//! A [`Plan`] is compiled once of paths, types and filters. A document is then walked once: what the plan asks for is told to a
//! [`RowSink`], everything else is checked to be JSON and dropped.
//!
//! # Invariants
//!
//! - Every document is read to its end: one that is not JSON is an error, wherever it is wrong.
//! - Equal keys: the last one counts, for fields and for filters.
//!
//! # Example
//!
//! See [`Plan`], and `tests/project.rs` for a sink.
//!
//! # Limits
//!
//! 256 fields, 64 filters, 64 steps of a path.

mod batch;
mod filter;
mod path;
mod plan;
mod typed;
mod walk;

pub use batch::{BatchSink, Progress};
pub use filter::{Operand, Test};
pub use path::{Path, Step};
pub use plan::{Plan, Type, Unit};
pub use walk::{Passed, RowSink};
