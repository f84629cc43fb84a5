//! What waits for a target that does not read fast enough: a bounded queue, and what it may drop.

mod lost;
mod policy;
mod target;

pub use lost::{Lost, Origin};
pub use policy::{Policies, Policy};
pub use target::{Class, Next, Overflow, QueueFigures, TargetQueue};
