//! From a process to others: messages and signals, here or over a link.
//!
//! Limits: a node does not dial by itself when a message is for a node without a link, as a BEAM does: join it first.

use std::sync::Arc;

use bytes::Bytes;
use outrigger_proto::control::{Process as Named, To, encode};
use outrigger_proto::{Flags, NodeName, OwnedPid, OwnedRef};
use outrigger_term::{Atom, Pid, Reader, Reference, TermError, Writer};

use super::mailbox::Pushed;
use super::relations::Watcher;
use super::state::State;
use super::{Dest, Message, Reason, end};
use crate::inner::Inner;
use crate::link::{Link, SignalError};

/// Why a message was not sent. One to somebody who is not there is sent, and lost, as on a BEAM.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The caller's bytes are not exactly one term. On a link they would cost all of it.
    #[error("the caller's message is not one term: {0}")]
    NotATerm(#[source] TermError),
    /// There is no link to the node.
    #[error("there is no link to {node}; join it first")]
    NotLinked {
        /// The node of the receiver.
        node: String,
    },
    /// The caller's parts do not make a message.
    #[error("the caller's message cannot be encoded: {0}")]
    Encode(#[source] outrigger_proto::ProtoError),
}

impl Inner {
    /// Whether a node's name is ours.
    pub(crate) fn is_own(&self, node: &str) -> bool {
        node == self.config.name.as_str()
    }

    pub(crate) fn send(&self, from: &OwnedPid, to: &Dest, term: &[u8]) -> Result<(), SendError> {
        check(term).map_err(SendError::NotATerm)?;
        if self.is_own(to.node()) {
            if let Some(state) = self.find(to) {
                self.deliver(&state, Bytes::copy_from_slice(term));
            }
            return Ok(());
        }
        self.signal(from, to.node(), Some(term), |writer, link| match to {
            Dest::Pid(pid) => encode::send(writer, &pid.borrow()),
            Dest::Name { name, .. } => encode::reg_send(writer, &from.borrow(), name),
            Dest::Alias(alias) => to_alias(writer, link, &from.borrow(), &alias.borrow()),
        })
    }

    /// A process of this run of the node.
    pub(super) fn find(&self, dest: &Dest) -> Option<Arc<State>> {
        match dest {
            Dest::Pid(pid) if pid.creation == self.creation.0 => self.processes.get(pid.id, pid.serial),
            Dest::Pid(_earlier) => None,
            Dest::Name { name, .. } => self.processes.named(name),
            Dest::Alias(alias) if alias.creation == self.creation.0 => {
                self.processes.aliased(&alias.borrow())
            }
            Dest::Alias(_earlier) => None,
        }
    }

    /// Asks a process of this node, and watches it for the answer.
    pub(crate) fn ask_here(&self, from: &OwnedPid, to: &Dest, reference: &OwnedRef, term: &[u8]) {
        if self.watch_here(from, to, reference)
            && let Some(state) = self.find(to)
        {
            self.deliver(&state, Bytes::copy_from_slice(term));
        }
    }

    /// Watches a process of this node; one that is not there is down at once. Whether it is there.
    pub(super) fn watch_here(&self, watcher: &OwnedPid, to: &Dest, reference: &OwnedRef) -> bool {
        let watching = self.find(to).is_some_and(|state| {
            let mut ties = state.relations.lock();
            ties.ended.is_none() && {
                let watcher = Watcher { pid: watcher.clone(), of: to.clone(), _permit: None };
                ties.watchers.insert(reference.clone(), watcher);
                true
            }
        });
        if !watching {
            end::down(self, watcher, reference, &Reason::noproc());
        }
        watching
    }

    /// Puts a term into a mailbox.
    pub(crate) fn deliver(&self, state: &Arc<State>, term: Bytes) {
        self.push(state, Message::Term(term));
    }

    /// Puts a term of a peer into a mailbox.
    pub(crate) fn deliver_from(&self, peer: &NodeName, state: &Arc<State>, term: Bytes) {
        match state.tell_peer {
            true => self.push(state, Message::PeerTerm { peer: peer.clone(), term }),
            false => self.push(state, Message::Term(term)),
        }
    }

    /// Puts what somebody sent into a mailbox, and ends the process if that was too much.
    pub(super) fn push(&self, state: &Arc<State>, message: Message) {
        if self.put(state, message) == Pushed::Overflow {
            end::end(self, state, Reason::system_limit());
        }
    }

    /// The same, but the end is left to the caller.
    pub(super) fn put(&self, state: &State, message: Message) -> Pushed {
        let pushed = state.mailbox.push(message);
        if pushed != Pushed::Taken {
            self.counters.mailbox_dropped.one();
        }
        pushed
    }

    /// Puts what the node has to tell into a mailbox.
    pub(super) fn tell(&self, state: &State, message: Message) {
        if !state.mailbox.tell(message) {
            self.counters.reasons_shortened.one();
        }
    }

    /// `EXIT` of `from`, who has ended, to a linked process of a peer.
    pub(super) fn send_exit(&self, from: &OwnedPid, to: &OwnedPid, reason: &Reason) {
        self.send_reason(from, &to.node, reason, |writer, payload| match payload {
            true => encode::payload_exit(writer, &from.borrow(), &to.borrow()),
            false => encode::exit(writer, &from.borrow(), &to.borrow(), reason.as_bytes()),
        });
    }

    /// `EXIT2`: `from` calls `exit(To, Reason)`.
    pub(super) fn send_exit2(&self, from: &OwnedPid, to: &OwnedPid, reason: &Reason) {
        self.send_reason(from, &to.node, reason, |writer, payload| match payload {
            true => encode::payload_exit2(writer, &from.borrow(), &to.borrow()),
            false => encode::exit2(writer, &from.borrow(), &to.borrow(), reason.as_bytes()),
        });
    }

    /// `DOWN` of `from`, named as it was when the monitor was made, to a watcher on a peer.
    pub(super) fn send_down(
        &self,
        from: &OwnedPid,
        of: &Dest,
        to: &OwnedPid,
        reference: &OwnedRef,
        reason: &Reason,
    ) {
        let Some(of) = named(of) else { return };
        let reference = reference.borrow();
        self.send_reason(from, &to.node, reason, |writer, payload| match payload {
            true => encode::payload_monitor_p_exit(writer, &of, &to.borrow(), &reference),
            false => encode::monitor_p_exit(writer, &of, &to.borrow(), &reference, reason.as_bytes()),
        });
    }

    /// A signal with a reason: behind it where the peer takes that, else inside.
    fn send_reason(
        &self,
        from: &OwnedPid,
        node: &str,
        reason: &Reason,
        control: impl FnOnce(&mut Writer<'_>, bool) -> Result<(), TermError>,
    ) {
        let Some(link) = self.registry.link_to(node) else { return };
        // A link that is down tells by its end.
        let _down = match link.flags().contains(Flags::EXIT_PAYLOAD) {
            true => link.signal_shared(from, reason.to_bytes(), |writer| control(writer, true)),
            false => link.signal(from, None, |writer| control(writer, false)),
        };
    }

    /// Any signal to a node.
    pub(super) fn signal(
        &self,
        from: &OwnedPid,
        node: &str,
        payload: Option<&[u8]>,
        control: impl FnOnce(&mut Writer<'_>, &Link) -> Result<(), TermError>,
    ) -> Result<(), SendError> {
        let not_linked = || SendError::NotLinked { node: node.to_owned() };
        let link = self.registry.link_to(node).ok_or_else(not_linked)?;
        link.signal(from, payload, |writer| control(writer, &link)).map_err(|error| match error {
            SignalError::Closed(_) => not_linked(),
            SignalError::Encode(error) => SendError::Encode(error),
        })
    }
}

/// A message to an alias of a peer, the way that the peer knows: from OTP 28 on `ALTACT_SIG_SEND`.
pub(crate) fn to_alias(
    writer: &mut Writer<'_>,
    link: &Link,
    from: &Pid<'_>,
    alias: &Reference<'_>,
) -> Result<(), TermError> {
    match link.flags().contains(Flags::ALTACT_SIG) {
        true => encode::altact_send(writer, from, &To::Alias(*alias), false),
        false => encode::alias_send(writer, from, alias),
    }
}

/// As a monitor names it; nothing for an alias.
pub(crate) fn named(dest: &Dest) -> Option<Named<'_>> {
    match dest {
        Dest::Pid(pid) => Some(Named::Pid(pid.borrow())),
        Dest::Name { name, .. } => Some(Named::Name(Atom::Utf8(name))),
        Dest::Alias(_) => None,
    }
}

fn check(term: &[u8]) -> Result<(), TermError> {
    let mut reader = Reader::new(term);
    reader.skip()?;
    reader.expect_end()
}
