//! JSON as RFC 8259 has it, strictly: UTF-8 without a byte order mark, no comments, no trailing commas, no NaN.
//!
//! # Invariants
//!
//! - An integer is exact at any size; `-0` is 0. A number with a fraction or an exponent is the nearest 64-bit float, or with
//!   [`Floats::Decimals`] a decimal with all its digits. A float too large for 64 bits is an error.
//! - A string without escapes is told with its place in the document.
//! - Equal keys are all told; what to make of them is the sink's business.
//!
//! # Example
//!
//! ```
//! use outrigger_events::{TreeSink, Value, json};
//!
//! let mut sink = TreeSink::default();
//! json::decode(br#"[1, "two", 18446744073709551616]"#, &json::Options::default(), &mut sink)?;
//! let Some(Value::List(items)) = sink.finish() else { panic!("a list") };
//! assert_eq!(items[1], Value::from("two"));
//!
//! let error = json::decode(br#"{"a": [1, x]}"#, &json::Options::default(), &mut TreeSink::default());
//! assert!(error.unwrap_err().to_string().contains("byte 10 ($.a[1])"));
//! # Ok::<(), outrigger_events::Error>(())
//! ```
//!
//! # Limits
//!
//! [`Limits`] bounds bytes, depth and digits.

mod cursor;
mod fault;
mod number;
mod parse;
mod path;
mod portion;
mod scan;
mod string;

pub(crate) use cursor::{Cursor, Kind};
pub(crate) use fault::{Fault, Problem};
pub use portion::{Portion, portion};
pub(crate) use scan::plain_end;

use crate::{Error, Limits, Sink};

/// What becomes of a number with a fraction or an exponent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Floats {
    /// The nearest 64-bit float.
    #[default]
    Binary,
    /// A decimal with every digit.
    Decimals,
}

/// How to decode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Bounds.
    pub limits: Limits,
    /// Fractions.
    pub floats: Floats,
}

/// Tells `sink` the one value that `document` holds.
///
/// # Errors
///
/// [`Error::Malformed`] with offset and path, and [`Error::Limit`].
pub fn decode<S: Sink>(document: &[u8], options: &Options, sink: &mut S) -> Result<(), Error> {
    whole(document, options, sink).map_err(|fault| fault.into_error(document))
}

fn whole<S: Sink>(document: &[u8], options: &Options, sink: &mut S) -> Result<(), Fault> {
    let mut cursor = Cursor::new(document, *options)?;
    cursor.value(0, sink)?;
    cursor.end()
}
