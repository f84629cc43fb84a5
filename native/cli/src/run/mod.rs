//! `outrigger node`: from options to a running node and back to an exit code.
//!
//! The flow: [`Stdin`] starts first, because its end must end the process whatever else happens; then the log;
//! then the settings are resolved; then the node runs until a signal, the end of standard input or a fatal
//! error. [`FirstJoin`] decides when the node is ready and when it gives up.

mod first_join;
mod node;
mod reason;
mod stdin;
mod stop;

use first_join::{FirstJoin, Verdict};
pub(crate) use node::{bad_option, run};
pub(crate) use reason::Reason;
pub(crate) use stdin::Stdin;
pub(crate) use stop::Stop;
