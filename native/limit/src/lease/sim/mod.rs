//! Whole clusters on virtual time, and a judge of what they really spend.

mod broken_tests;
mod judge;
mod plan;
mod random;
mod slots_tests;
mod tests;
mod world;
