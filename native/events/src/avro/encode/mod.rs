//! Values to bytes.
//!
//! The encoder pulls: it asks a [`Datum`](crate::Datum) for what the schema wants next, so any tree will do, and none is built.
//!
//! # What goes where
//!
//! - Whole numbers go to `int` and `long`, also under a time or date (then they are its count), and to `float` and
//!   `double` if those hold them exactly; to a decimal too.
//! - A decimal or a time must fit the scale or unit without rounding. Floats are rounded to `float`: that is what it is.
//! - A map goes to a record if it has all fields without a default, and none that the record has not.
//! - A union takes the first branch that the value fits exactly, else the first that it fits at all. Records are told apart
//!   by the names of their fields alone; nothing below them is looked at.
//! - A default takes the first branch that it fits, as the specification says.
//!
//! # Limits
//!
//! Depth as in [`Limits`](crate::Limits). Lists and maps are written as one block.

mod default;
mod encoder;
mod fit;
mod scalar;
pub(super) mod wire;

pub(super) use default::encode_default;
