//! What a scope wants done, and what it tells about its groups.

use std::sync::Arc;

use super::Group;
use crate::OwnedPid;

/// What the driver is to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send a term (no version byte) from the scope process. A link that is down loses it, rightly.
    Send {
        /// To whom.
        to: Address,
        /// The term; shared by all who get the same.
        term: Arc<[u8]>,
    },
    /// Watch a process: a peer's scope, or a member here. Its end is [`Scope::ended`](super::Scope::ended).
    Monitor(OwnedPid),
    /// Watch it no longer. An end that was told already must not come any more.
    Demonitor(OwnedPid),
    /// Tell those who watch the group.
    Tell(Event),
}

/// A scope process, by what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// The one on this node, whose pid is not known: by the scope's name.
    Node(Arc<str>),
    /// One that has spoken.
    Pid(OwnedPid),
}

/// A change of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The group, as a canonical term.
    pub group: Group,
    /// What happened.
    pub change: Change,
    /// To whom. A pid that joined twice at once is there twice.
    pub pids: Vec<OwnedPid>,
}

/// What happened to members of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// They joined.
    Joined,
    /// They left, or ended.
    Left,
}
