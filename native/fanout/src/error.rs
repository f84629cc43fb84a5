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
