//! EPMD, the port mapper: asking it where a node listens, and staying registered at it.

mod ask;
mod client;
mod registration;

pub(crate) use client::{EpmdAddr, lookup, names};
pub(crate) use registration::register;
