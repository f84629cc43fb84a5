//! Bytes to a sink, by a plan. One pass; nothing is allocated but for errors and decimals beyond 64 bits.

mod cursor;
mod list;
mod meaning;
mod run;
mod skip;

pub(super) use cursor::Run;
