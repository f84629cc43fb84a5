//! Why a prefix is not put in order. Nothing has changed then.

use thiserror::Error;

/// Why a node that asks for a sequence gets none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OrderError {
    /// The group has `limit` prefixes already.
    #[error("peer wants another prefix in order, beyond the limit of {limit} of a group")]
    TooManyPrefixes {
        /// `OrderBounds::max_prefixes`
        limit: usize,
    },
    /// The prefix is longer than `limit` bytes.
    #[error("peer wants a prefix of {bytes} bytes in order, the limit is {limit}")]
    PrefixTooLong {
        /// Bytes of the prefix.
        bytes: usize,
        /// `OrderBounds::max_prefix`
        limit: usize,
    },
    /// No term is left above the one that the peer has seen.
    #[error("peer has seen the term {floor}, which none can be above")]
    NoTermAbove {
        /// What the peer has seen.
        floor: u64,
    },
    /// All keys are given out: this router has to be started anew.
    #[error("we are out of keys, this router has to be restarted")]
    OutOfKeys,
}
