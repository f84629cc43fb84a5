//! What can be wrong with what a peer sent or a caller asked for.

/// Why a message or a rule is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// The peer speaks a version of the protocol that we do not.
    #[error("the peer speaks version {0} of the lease protocol, we speak {ours}; upgrade the older node", ours = super::wire::VERSION)]
    Version(u8),
    /// The peer's bytes are no message, or not exactly one.
    #[error("the peer sent bytes that are no message of the lease protocol")]
    Malformed,
    /// The peer's message has more of something than is taken.
    #[error("the peer sent a message with too many {0}")]
    TooMany(&'static str),
    /// There are as many peers as we take.
    #[error("the peer comes on top of as many nodes as one limiter takes")]
    TooManyPeers,
    /// The caller's rule cannot be kept.
    #[error(
        "the caller's rule is out of range: limit, period and burst must be positive, and burst times period under 2^120"
    )]
    Rule,
}
