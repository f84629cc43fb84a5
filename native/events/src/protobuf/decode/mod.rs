//! Bytes to the calls of a sink.

mod cursor;
mod meaning;
mod run;
mod scan;
mod value;

pub(super) use run::Run;
