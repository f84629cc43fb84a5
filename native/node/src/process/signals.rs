//! What peers do to our processes: links, monitors, exits, and the end of a link to a node.
//!
//! Invariants: a peer speaks for its own processes only (`dispatch` sees to it), and ends only what is tied to it. What it asks of nobody is answered with `noproc`. What it adds is
//! counted against its quota; beyond that it gets `system_limit`.

use std::sync::Arc;

use outrigger_proto::control::{self, ExitKind, Process as Named, To};
use outrigger_proto::{OwnedPid, OwnedRef};
use outrigger_term::Pid;

use super::relations::Watcher;
use super::state::State;
use super::{Dest, Message, Process, Reason, end};
use crate::builtin;
use crate::inner::Inner;
use crate::link::Link;

impl Inner {
    /// A process of this run of the node, by a pid that came over a link.
    pub(crate) fn process_at(&self, pid: &Pid<'_>) -> Option<Arc<State>> {
        let ours = pid.creation == self.creation.0 && pid.node.eq_str(self.config.name.as_str());
        if ours { self.processes.get(pid.id, pid.serial) } else { None }
    }

    /// `LINK`: accepted, or refused with an exit.
    pub(crate) fn on_link(&self, link: &Link, signal: &control::Link<'_>) {
        let refuse = |reason: &Reason| {
            builtin::refuse_link(link, &signal.to, &signal.from, reason);
        };
        let Some(state) = self.process_at(&signal.to) else { return refuse(&Reason::noproc()) };
        let Some(permit) = link.quota().take(self.config.bounds.max_ties) else {
            self.counters.ties_refused.one();
            return refuse(&Reason::system_limit());
        };
        let peer = OwnedPid::from(signal.from);
        let mut ties = state.relations.lock();
        if ties.ended.is_some() {
            drop(ties);
            return refuse(&Reason::noproc());
        }
        if ties.links.on_link(peer.clone()) {
            ties.paid.insert(peer, permit);
        }
    }

    /// Links a process of a peer with one of ours, on the peer's account. `false` if it has too many ties.
    pub(crate) fn accept_link(&self, link: &Link, process: &Process, peer: &OwnedPid) -> bool {
        let Some(permit) = link.quota().take(self.config.bounds.max_ties) else { return false };
        let mut ties = process.state().relations.lock();
        if ties.links.on_link(peer.clone()) {
            ties.paid.insert(peer.clone(), permit);
        }
        true
    }

    /// Has a process of a peer watch one of ours. `false` if the peer has too many ties.
    pub(crate) fn accept_monitor(
        &self,
        link: &Link,
        process: &Process,
        peer: &OwnedPid,
        reference: OwnedRef,
    ) -> bool {
        let permit = link.quota().take(self.config.bounds.max_ties);
        let accepted = permit.is_some();
        if accepted {
            let watcher = Watcher { pid: peer.clone(), of: Dest::from(process.pid()), _permit: permit };
            process.state().relations.lock().watchers.insert(reference, watcher);
        }
        accepted
    }

    /// `UNLINK_ID`: acknowledged before anything else, whether or not there is a link.
    pub(crate) fn on_unlink(&self, link: &Link, signal: &control::UnlinkId<'_>) {
        let state = self.process_at(&signal.to);
        let mut ties = state.as_ref().map(|state| state.relations.lock());
        builtin::acknowledge(link, signal);
        if let Some(ties) = &mut ties {
            let peer = OwnedPid::from(signal.from);
            ties.links.on_unlink(&peer);
            ties.settle(&peer);
        }
    }

    /// `UNLINK_ID_ACK`.
    pub(crate) fn on_unlink_ack(&self, signal: &control::UnlinkId<'_>) {
        if let Some(state) = self.process_at(&signal.to) {
            state.relations.lock().links.on_ack(&OwnedPid::from(signal.from), signal.id);
        }
    }

    /// `EXIT` and `EXIT2`. Whether somebody was there.
    pub(crate) fn on_exit(&self, kind: ExitKind, from: &Pid<'_>, to: &To<'_>, reason: &[u8]) -> bool {
        let state = match to {
            To::Pid(pid) => self.process_at(pid),
            To::Name(name) => name.as_str().and_then(|name| self.processes.named(name)),
            To::Alias(alias) if self.owns(alias) => self.processes.aliased(alias),
            To::Alias(_not_ours) => None,
        };
        let Some(state) = state else { return false };
        let reason = Reason::checked(reason);
        if let Some(reason) = end::exit_signal(self, &state, kind, &OwnedPid::from(*from), &reason) {
            end::end(self, &state, reason);
        }
        true
    }

    /// `MONITOR_P`: accepted, or answered with a `DOWN`.
    pub(crate) fn on_monitor(&self, link: &Link, signal: &control::Monitor<'_>) {
        let refuse = |reason: &Reason| builtin::refuse_monitor(link, signal, reason);
        let (state, of) = match &signal.to {
            Named::Pid(pid) => (self.process_at(pid), Dest::Pid(OwnedPid::from(*pid))),
            Named::Name(name) => {
                let name = name.as_str().unwrap_or_default();
                (self.processes.named(name), Dest::name(name, self.config.name.clone()))
            }
        };
        let Some(state) = state else { return refuse(&Reason::noproc()) };
        let permit = link.quota().take(self.config.bounds.max_ties);
        if permit.is_none() {
            self.counters.ties_refused.one();
            return refuse(&Reason::system_limit());
        }
        let mut ties = state.relations.lock();
        if ties.ended.is_some() {
            drop(ties);
            return refuse(&Reason::noproc());
        }
        let watcher = Watcher { pid: OwnedPid::from(signal.from), of, _permit: permit };
        ties.watchers.insert(OwnedRef::from(signal.reference), watcher);
    }

    /// `DEMONITOR_P`.
    pub(crate) fn on_demonitor(&self, signal: &control::Monitor<'_>) {
        let state = match &signal.to {
            Named::Pid(pid) => self.process_at(pid),
            Named::Name(name) => name.as_str().and_then(|name| self.processes.named(name)),
        };
        if let Some(state) = state {
            state.relations.lock().watchers.remove(&OwnedRef::from(signal.reference));
        }
    }

    /// `MONITOR_P_EXIT`. Whether a process of ours was watching something of that peer.
    pub(crate) fn on_down(&self, link: &Link, signal: &control::MonitorExit<'_>, reason: &[u8]) -> bool {
        let Some(state) = self.process_at(&signal.to) else { return false };
        let reference = OwnedRef::from(signal.reference);
        let of = {
            let mut ties = state.relations.lock();
            match ties.monitors.get(&reference) {
                Some(of) if of.node() == link.peer().as_str() => ties.monitors.remove(&reference),
                _ => None,
            }
        };
        let Some(of) = of else { return false };
        self.tell(&state, Message::Down { reference, of, reason: Reason::checked(reason) });
        true
    }

    /// The link to a node is down: `noconnection` to all who were tied to its processes.
    pub(crate) fn node_down(&self, node: &str) {
        for state in self.processes.all() {
            let mut ties = state.relations.lock();
            ties.watchers.retain(|_, watcher| &*watcher.pid.node != node);
            ties.paid.retain(|peer, _| &*peer.node != node);
            let watched: Vec<_> = ties.monitors.extract_if(|_, of| of.node() == node).collect();
            let traps = ties.trap_exit;
            let linked = ties.links.take(|peer| &*peer.node == node);
            drop(ties);
            for (reference, of) in watched {
                self.tell(&state, Message::Down { reference, of, reason: Reason::noconnection() });
            }
            let alone = linked.is_empty();
            for from in linked.into_iter().filter(|_| traps) {
                self.tell(&state, Message::Exit { from, reason: Reason::noconnection() });
            }
            if !alone && !traps {
                end::end(self, &state, Reason::noconnection());
            }
        }
    }
}
