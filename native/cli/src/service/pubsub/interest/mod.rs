//! Interest on the wire: what nodes say that they want, and who gets which part of a run.
//!
//! The engine is `outrigger_fanout::interest`, the protocol `docs/design/interest.md`. One [`wants::Wants`] for each group is shared by all
//! links: runs are sorted and handed on under its shared lock, changes are made under the exclusive one. So a pattern that is new
//! is either seen by a run, or finds its messages in the ring.

mod groups;
mod parts;
mod told;
mod wants;

pub(super) use groups::Groups;
pub(super) use told::{MOST, Told};
pub(super) use wants::{Answer, Kept};
