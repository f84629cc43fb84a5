//! The borrowed cursor: `cursor` moves, `values` reads scalars and headers, `ids` reads pids and references,
//! `skip` walks over whole terms. `common` is the short way of all of them.

mod common;
mod cursor;
mod ids;
mod skip;
mod values;

pub use cursor::Reader;
