//! The end of a process, and all who hear of it.
//!
//! The order is that of a BEAM: the pid and the names are gone first, then links, then monitors. Processes of this node
//! that end along do so in a loop, not in each other's frames: a long chain of links costs no stack.

use std::sync::Arc;

use outrigger_proto::control::{ExitKind, encode};
use outrigger_proto::{OwnedPid, OwnedRef};

use super::mailbox::Pushed;
use super::outward::named;
use super::relations::Relations;
use super::state::State;
use super::{Dest, Message, Reason};
use crate::inner::Inner;

/// Ends a process. Once it has ended, nothing happens.
pub(super) fn end(inner: &Inner, state: &Arc<State>, reason: Reason) {
    let mut dying = vec![(state.clone(), reason)];
    while let Some((state, reason)) = dying.pop() {
        let Some(ties) = leave(inner, &state, &reason) else { continue };
        tell_linked(inner, &state, ties.links, &reason, &mut dying);
        for (reference, watcher) in ties.watchers {
            if inner.is_own(&watcher.pid.node) {
                down(inner, &watcher.pid, &reference, &reason);
            } else {
                inner.send_down(&state.pid, &watcher.of, &watcher.pid, &reference, &reason);
            }
        }
        for (reference, watched) in ties.monitors {
            inner.stop_watching(&state.pid, &watched, &reference);
        }
        // Only set here, by the one who took the ties.
        let _first = state.ended.set(reason);
    }
}

/// Takes the process out of all tables. Its ties; `None` if it has ended already.
fn leave(inner: &Inner, state: &Arc<State>, reason: &Reason) -> Option<Relations> {
    let mut ties = state.relations.lock();
    if ties.ended.is_some() {
        return None;
    }
    let taken = std::mem::take(&mut *ties);
    ties.ended = Some(reason.clone());
    drop(ties);
    inner.processes.remove(state.pid.id, state.pid.serial);
    for name in &taken.names {
        inner.processes.unname(name, state);
    }
    if taken.monitors_nodes {
        inner.processes.watch_nodes(state, false);
    }
    for alias in &taken.aliases {
        inner.processes.unalias(alias);
    }
    state.mailbox.close();
    Some(taken)
}

fn tell_linked(
    inner: &Inner,
    state: &Arc<State>,
    mut links: outrigger_proto::links::Links,
    reason: &Reason,
    dying: &mut Vec<(Arc<State>, Reason)>,
) {
    for peer in links.take(|_all| true) {
        if !inner.is_own(&peer.node) {
            inner.send_exit(&state.pid, &peer, reason);
        } else if let Some(other) = inner.processes.get(peer.id, peer.serial)
            && let Some(reason) = exit_signal(inner, &other, ExitKind::Linked, &state.pid, reason)
        {
            dying.push((other, reason));
        }
    }
}

/// An exit signal reaches a process. The reason to end it with, if it is to end.
pub(super) fn exit_signal(
    inner: &Inner,
    state: &State,
    kind: ExitKind,
    from: &OwnedPid,
    reason: &Reason,
) -> Option<Reason> {
    let mut ties = state.relations.lock();
    if ties.ended.is_some() {
        return None;
    }
    match kind {
        ExitKind::Linked if !ties.links.on_exit(from) => return None,
        ExitKind::Linked => ties.settle(from),
        ExitKind::Sent if reason.is("kill") => return Some(Reason::killed()),
        ExitKind::Sent => {}
    }
    if ties.trap_exit {
        drop(ties);
        let message = Message::Exit { from: from.clone(), reason: reason.clone() };
        return match kind {
            ExitKind::Linked => {
                inner.tell(state, message);
                None
            }
            // Anybody may send as many as he likes.
            ExitKind::Sent => (inner.put(state, message) == Pushed::Overflow).then(Reason::system_limit),
        };
    }
    let by_itself = kind == ExitKind::Sent && *from == state.pid;
    (by_itself || !reason.is("normal")).then(|| reason.clone())
}

/// What a process or a call of ours watches has ended, and this node says so. Nothing if it was not watching any more.
pub(super) fn down(inner: &Inner, watcher: &OwnedPid, reference: &OwnedRef, reason: &Reason) {
    if inner.calls.down(None, reference.borrow().words(), reason) {
        return;
    }
    let Some(state) = inner.processes.get(watcher.id, watcher.serial) else { return };
    let Some(of) = state.relations.lock().monitors.remove(reference) else { return };
    inner.tell(&state, Message::Down { reference: reference.clone(), of, reason: reason.clone() });
}

impl Inner {
    /// Ends a monitor at the one that is watched.
    pub(crate) fn stop_watching(&self, watcher: &OwnedPid, watched: &Dest, reference: &OwnedRef) {
        if self.is_own(watched.node()) {
            if let Some(state) = self.find(watched) {
                state.relations.lock().watchers.remove(reference);
            }
            return;
        }
        let Some(process) = named(watched) else { return };
        // A link that is down has no monitors.
        let _down = self.signal(watcher, watched.node(), None, |writer, _link| {
            encode::demonitor_p(writer, &watcher.borrow(), &process, &reference.borrow())
        });
    }
}
