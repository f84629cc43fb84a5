//! Who has started whom, of all processes of a node, read once: a [`Snapshot`](outrigger_watch::tree::Snapshot).
//!
//! [`read_tree`] has the rhythm, `answer` what the guest says, `take` (pure) what that means.

mod answer;
mod read;
mod take;

pub use read::{TreeConfig, read_tree};
