//! Randomness of the operating system, drawn at the edge and handed down as arguments.

use crate::error::NodeError;

/// A challenge for a handshake, or the parts of a reference. Never guessable.
pub(crate) fn challenge() -> Result<u32, NodeError> {
    getrandom::u32().map_err(|_error| NodeError::NoRandomness)
}

/// What the name of a node without one is made of.
pub(crate) fn number() -> Result<u64, NodeError> {
    getrandom::u64().map_err(|_error| NodeError::NoRandomness)
}

/// A creation for a node that no EPMD numbers: as OTP draws it, from 4 up, since 1 to 3 meant something
/// before OTP 23.
pub(crate) fn creation() -> Result<u32, NodeError> {
    Ok(challenge()?.max(4))
}

/// Jitter needs no secrecy: without a random source the longest wait is taken.
pub(crate) fn jitter() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX)
}
