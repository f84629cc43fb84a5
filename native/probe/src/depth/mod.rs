//! What lies deeper than a round goes and costs more: allocators, tables, ports, and what threads do with their time. Pure.
//!
//! A round asks for one of these at most, by turns ([`Turns`]), and only when [`Pace`](crate::Pace) has room for it. What was read in an earlier
//! round is kept by [`Depths`], to be shown until it is read again.

mod allocators;
mod answer;
mod ports;
mod seen;
mod states;
mod tables;
mod turns;

pub(crate) use answer::DepthAnswer;
pub use ports::Port;
pub(crate) use seen::Depths;
pub use tables::Table;
pub use turns::DepthConfig;
pub(crate) use turns::{Depth, Turns};
