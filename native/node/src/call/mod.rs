//! Questions to other processes, as `gen_server:call/3` asks them: `waiting` holds who waits, `ask` is the caller's side.

mod ask;
mod waiting;

pub(crate) use ask::{Question, call};
pub(crate) use waiting::{Answer, Calls, Place};
