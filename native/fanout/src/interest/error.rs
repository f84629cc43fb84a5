//! What a member may name, and what happens to one that names more.

use thiserror::Error;

use super::Digest;

/// What one member may name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InterestBounds {
    /// Patterns of one member. Default 4,000,000.
    pub max_patterns: u64,
    /// Bytes of a topic or prefix. Default 4,096.
    pub max_bytes: usize,
    /// Prefixes of one member. Default 10,000.
    pub max_prefixes: u64,
}

impl Default for InterestBounds {
    fn default() -> Self {
        Self { max_patterns: 4_000_000, max_bytes: 4096, max_prefixes: 10_000 }
    }
}

/// Why a member gets everything from now on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InterestError {
    /// The peer is no member.
    #[error("peer speaks of interest without being a member")]
    NotAMember,
    /// It wants more patterns than `limit`.
    #[error("peer wants more than {limit} topics and prefixes, and gets everything")]
    TooMany {
        /// `InterestBounds::max_patterns` or `max_prefixes`.
        limit: u64,
    },
    /// A topic or prefix has more bytes than `limit`.
    #[error("peer wants a topic of {bytes} bytes, the limit is {limit}, and gets everything")]
    TooLong {
        /// Bytes of the topic.
        bytes: usize,
        /// `InterestBounds::max_bytes`
        limit: usize,
    },
    /// The peer means another set of patterns than we know of.
    #[error(
        "peer wants {theirs:?} by its own account and {ours:?} by ours, and gets everything; it has to name all again"
    )]
    Differs {
        /// What we have.
        ours: Digest,
        /// What it says.
        theirs: Digest,
    },
}
