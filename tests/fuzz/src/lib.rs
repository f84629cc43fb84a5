//! What the targets share: a meter of memory, a way to cut bytes into portions, and records behind a frame.

pub mod framed;
pub mod meter;
pub mod portions;
#[path = "../../support/tree.rs"]
pub mod tree;
