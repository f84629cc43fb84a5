//! The algorithms: pure functions over a key's 80 bits, one file each.
//!
//! Each has `decide` (what a hit gets, and the state after it), `idle` (whether a state is that of a new key) and
//! `refund`. A hit of cost 0 only looks: it is always allowed.

pub(crate) mod fixed_window;
pub(crate) mod gcra;
pub(crate) mod leaky_bucket;
pub(crate) mod own_window;
pub(crate) mod sliding_window;
