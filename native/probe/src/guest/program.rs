//! The text of the guest's program.

/// Expressions, in the order in which they use each other.
pub(super) const TEXT: &str = concat!(
    include_str!("program/prelude.erl"),
    include_str!("program/system.erl"),
    include_str!("program/pools.erl"),
    include_str!("program/top.erl"),
    include_str!("program/loop.erl"),
);
