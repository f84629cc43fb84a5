//! What a remote call can come to besides its value, told apart as `:erpc` does.

use std::time::Duration;

use bytes::Bytes;

use crate::error::NodeError;
use crate::process::Reason;

/// A remote call without a value. Terms are bare, without the version byte.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// The function threw this.
    #[error("the function threw {} bytes of term", thrown.len())]
    Throw {
        /// The term.
        thrown: Bytes,
    },
    /// The function called `exit/1`, or its process was linked with one that did.
    #[error("the function exited: {reason}")]
    Exit {
        /// The reason.
        reason: Reason,
    },
    /// The function failed: `undef`, `badarg`, `badmatch`, whatever it raised.
    #[error("the function failed: {reason}")]
    Error {
        /// The reason.
        reason: Reason,
        /// The stack, a list, from where the function was called.
        stack: Bytes,
    },
    /// The process that ran the function was ended from outside.
    #[error("the process of the call was ended by a signal: {reason}")]
    Signal {
        /// The reason.
        reason: Reason,
    },
    /// The peer did not run it: `notsup`, `system_limit`, `badarg`, ...
    #[error("the peer refused the call: {why}")]
    Refused {
        /// The peer's word for it.
        why: String,
    },
    /// `rex` answered `{badrpc, Reason}`.
    #[error("rex could not call it: {reason}")]
    BadRpc {
        /// The reason.
        reason: Reason,
    },
    /// No answer in time. The function may go on at the peer.
    #[error("no answer within {} ms", after.as_millis())]
    Timeout {
        /// The time that it had.
        after: Duration,
    },
    /// The peer's answer is none that `erpc` gives.
    #[error("the peer broke the protocol of erpc")]
    Protocol,
    /// There is no link, the link went down, or our own options are wrong.
    #[error(transparent)]
    Node(#[from] NodeError),
}
