//! What the targets share: a meter of memory, and a way to cut bytes into portions.

pub mod meter;
pub mod portions;
#[path = "../../support/tree.rs"]
pub mod tree;
