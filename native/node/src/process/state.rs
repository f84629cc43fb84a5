//! What all who know a process share: its pid, its mailbox, its ties.

use outrigger_proto::OwnedPid;
use parking_lot::Mutex;
use tokio::sync::SetOnce;

use super::mailbox::Mailbox;
use super::relations::Relations;
use super::{ProcessOptions, Reason};

pub(crate) struct State {
    pub(super) pid: OwnedPid,
    pub(super) mailbox: Mailbox,
    /// Whether it is told which peer a term came from.
    pub(super) tell_peer: bool,
    pub(super) relations: Mutex<Relations>,
    /// Set when the process has ended, after all others were told.
    pub(super) ended: SetOnce<Reason>,
}

impl State {
    pub(super) fn new(pid: OwnedPid, options: &ProcessOptions) -> Self {
        let relations = Relations { trap_exit: options.trap_exit, ..Relations::default() };
        Self {
            pid,
            mailbox: Mailbox::new(options.mailbox),
            tell_peer: options.tell_peer,
            relations: Mutex::new(relations),
            ended: SetOnce::new(),
        }
    }
}
