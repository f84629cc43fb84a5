//! The borrowed cursor: `cursor` moves, `values` reads scalars and headers, `ids` reads pids, ports and references,
//! `opaque` reads what is passed on unseen, `skip` walks over whole terms. `common` is the short way of all of them.

mod common;
mod cursor;
mod ids;
mod opaque;
mod skip;
mod values;

pub use cursor::Reader;
