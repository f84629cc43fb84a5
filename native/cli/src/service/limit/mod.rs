//! The service `outrigger_limit`: puts the owner's end of cluster limits on the node. Protocol: `docs/design/limits.md`.
//!
//! One process, registered as `outrigger_limit`, has an [`Owner`](outrigger_limit::lease::Owner) for each limiter that app nodes have named.
//! It carries bytes between them and the app nodes' processes, and tells it what time it is and who is gone.
//!
//! Messages: an app node sends `{'$outrigger_limit', Limiter, Pid, Bytes}` and gets `{'$outrigger_limit', Node, Bytes}` at `Pid`.
//!
//! Invariants:
//! - a message counts for the node whose link it came over: a pid of another node is refused;
//! - what is malformed costs a counter and at most one log line a second.
//!
//! Limits: 256 limiters, which stay until the node ends, for they remember that they have counted. Those of the engine for each.

mod request;
mod run;
mod service;

pub(crate) use service::Limits;
