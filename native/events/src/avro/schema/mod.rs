//! Avro schemas (specification 1.12): what they are, read from JSON text, and how they are told apart.
//!
//! A [`Schema`] is a flat table of [`Node`]s. A reference by name is the [`TypeId`] of the definition, so recursion costs
//! nothing and nobody looks names up again.
//!
//! # Invariants
//!
//! - Every name is defined once and before it is used; unions hold no union and no two of a kind.
//! - A logical type is kept only if it is valid where it stands; otherwise it is ignored, as the specification says.
//! - A default is kept as it was written. One that does not fit is an error when it is needed, not before: registries are
//!   full of such schemas, and the data of most can be read.
//!
//! # Limits
//!
//! 4 MiB of text, 65,536 types, JSON nested 128 deep.

mod canonical;
mod fingerprint;
mod import;
mod logical;
mod model;
mod name;
mod parse;

pub use logical::{Logical, Unit};
pub(crate) use model::Json;
pub use model::{Enum, Field, Fixed, Kind, Node, Properties, Record, Schema, TypeId};
pub(crate) use name::short;
