//! `outrigger watch`: what running nodes do, round by round.
//!
//! [`run()`] is a temporary hidden node that watches through `outrigger_probe`; each round is printed as [`text`] or as a line of JSON, kept
//! for a recording, or handed to [`openmetrics`], with [`complaints`] on standard error.

mod complaints;
mod openmetrics;
mod run;
mod text;

pub(crate) use run::run;
