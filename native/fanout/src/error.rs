//! What can go wrong, and who erred.

use thiserror::Error;

/// Why an attachment was refused. The state of the router is as before.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AttachError {
    /// The peer asks for a new group, and there are `limit` already.
    #[error("peer wants a new group beyond the limit of {limit}")]
    TooManyGroups {
        /// `RouterConfig::max_groups`
        limit: usize,
    },
    /// The peer asks to join a group that has `limit` members already.
    #[error("peer wants to join a group beyond its limit of {limit} members")]
    TooManyMembers {
        /// `RouterConfig::max_members`
        limit: usize,
    },
    /// The peer sent a group name of more than `limit` bytes.
    #[error("peer sent a group name of {bytes} bytes, the limit is {limit}")]
    NameTooLong {
        /// Bytes of the name.
        bytes: usize,
        /// `RouterConfig::max_name`
        limit: usize,
    },
    /// All 2^41 keys are given out: this router has to be started anew.
    #[error("we are out of route keys, this router has to be restarted")]
    OutOfKeys,
}

/// Why a message was not forwarded to anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Dropped {
    /// No route and no member has ever had this key.
    #[error("peer sent to a route that does not exist")]
    UnknownRoute,
    /// The key named a route that is no longer kept, or a member that is gone.
    #[error("peer sent to a route that has expired")]
    ExpiredRoute,
    /// The link the message came over has no live attachment that the route lists.
    #[error("peer is not attached to the route it sent to")]
    Unattached,
}

/// Why a text is no list of policies. The caller erred.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// `news`
    #[error("`{0}` names no policy, write PATTERN=POLICY such as presence:*=keep_latest")]
    NoPolicy(String),
    /// `news=keep`
    #[error("`{0}` is no policy: drop_oldest, drop_newest, keep_latest and disconnect are")]
    UnknownPolicy(String),
    /// `a*b=drop_oldest`
    #[error("`{0}` is no pattern: it is a topic, or the beginning of topics with a `*` behind it")]
    BadPattern(String),
    /// `a=drop_oldest,a=disconnect`
    #[error("pattern `{0}` twice, leave one of them out")]
    Twice(String),
    /// More patterns than are looked through for a message.
    #[error("more than {limit} patterns, use shorter beginnings")]
    TooMany {
        /// [`Policies::MAX`](crate::Policies::MAX)
        limit: usize,
    },
}
