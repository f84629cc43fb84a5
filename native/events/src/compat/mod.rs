//! Whether versions of a schema can live beside each other, decided offline.
//!
//! Each format has a module with one function, `check(reader, writer)`, which says what keeps a reader from reading what the
//! writer wrote: a list of [`Incompatibility`], empty if nothing does. [`Level`] decides who has to read whom, and
//! [`Level::check`] makes a [`Report`] of it.

pub mod avro;
pub mod json_schema;
mod level;
pub mod protobuf;
mod report;

pub use level::{Direction, Level};
pub use report::{Finding, Incompatibility, Report};
