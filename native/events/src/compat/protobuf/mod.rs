//! Protobuf: whether a reader makes sense of the bytes that another version's messages are written as.
//!
//! [`check`] judges as Confluent's registry does, in its terms ([`Kind`]), but for three things: a field that becomes
//! `required` is never compatible, one that ceases to be is, and a group is not the same as a message.
//!
//! ```
//! use outrigger_events::compat::protobuf::{Schema, check};
//!
//! let old = Schema::parse("syntax = \"proto3\"; message Order { int64 id = 1; }")?;
//! let new = Schema::parse("syntax = \"proto3\"; message Order { string id = 1; }")?;
//! let found = check(&new, &old);
//! assert_eq!((found[0].path.as_str(), found[0].kind), ("#/Order/1", "field_scalar_kind_changed"));
//! # Ok::<(), outrigger_events::Error>(())
//! ```
//!
//! # Limits
//!
//! It is about bytes. The names of fields, which JSON made of Protobuf has, may change. Text that was `bytes` and is not UTF-8
//! fails to be read as `string`; a number that is too large for the reader's type is cut off. Options, services and extensions
//! are not compared.

mod check;
mod field;
mod kind;

pub use check::{Difference, check, differences};
pub use kind::Kind;

pub use crate::protobuf::Schema;
