//! Values to bytes.
//!
//! Fields are written in the order of their numbers and map entries in the order of the value's, so equal values are equal
//! bytes. What decoding has made of a message is written as that message.
//!
//! # What goes where
//!
//! - Null is a field that is not there. A field without presence is not written while it is zero.
//! - Whole numbers go to integers that hold them, and to floats that hold them exactly. Floats are rounded to `float`: that
//!   is what it is. An enum takes a name, or any number.
//! - Times, spans, dates and decimals go to the messages that mean them, if they fit without rounding; so do maps of these
//!   messages' fields. A wrapper takes what it wraps, and `google.protobuf.Value` anything that JSON has.
//! - Of a oneof at most one field may be set. A required field has to be.
//!
//! # Limits
//!
//! Depth as in [`Limits`](crate::Limits), and at the most [`Plan::MOST_DEPTH`](super::Plan::MOST_DEPTH).

mod encoder;
mod known;
mod scalar;
mod wire;
