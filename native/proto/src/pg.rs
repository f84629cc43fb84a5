//! Process groups as the module `pg` of OTP 25 to 29 speaks about them between nodes, without sockets and clock.
//!
//! The processes of one scope, one on each node, tell each other which pids of their own node are in which group:
//!
//! 1. `{discover, Pid}` to a node's scope by name. It answers `{sync, Pid, [{Group, [Pid]}]}` with all of its members,
//!    monitors the asker, and asks back if it did not know it.
//! 2. `{join, Pid, Group, PidOrPids}` and `{leave, Pid, PidOrPids, [Group]}` for each change. A pid that joins a group twice
//!    must leave it twice.
//! 3. The end of a scope process takes all that it told.
//!
//! [`Scope`] is one of these processes as a state machine: messages and the ends of processes go in, [`Action`]s come out.
//! A BEAM asks visible nodes only when they come up, and we are hidden; so the scope asks each node itself, when it comes up
//! and again, less and less often, until it answers.
//!
//! Invariants: a peer that we know has our sync before it hears of any change, since a BEAM's scope process crashes when somebody
//! leaves whom it does not know. A peer speaks for its own node only. What it may make us keep is bounded ([`PgLimits`]); what is beyond is
//! counted and not taken. One scope process per node counts, the one that spoke last.
//!
//! Limits: groups are told apart by their canonical bytes (`outrigger_term::canonical`), which see a difference where `=:=` does,
//! except between `0.0` and `-0.0` before OTP 27. A member beyond a bound is missing here until it joins anew.

mod action;
mod message;
mod scope;
mod seek;
mod table;

pub use action::{Action, Address, Change, Event};
pub use message::{Group, PgError};
pub use scope::Scope;
pub use table::{PgFigures, PgLimits};
