//! `outrigger top`: running nodes in a terminal.
//!
//! Sights of `outrigger_probe` and keys go into a [`state::State`]; `draw` makes a picture of it and changes nothing. [`run()`] is the loop around
//! them and the only part that knows a terminal.

mod draw;
mod keys;
mod run;
mod state;

pub(crate) use run::run;
