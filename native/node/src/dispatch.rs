//! From a frame to whoever it is for: a service, a call that waits, or one of the node's own answers.
//!
//! - A frame that breaks the protocol ends the link, and so does a payload that is no well-formed term: services
//!   pass payloads on to other nodes, and a BEAM drops the link over a term that it cannot decode.
//! - What is valid and for nobody is counted. Links and monitors to nobody are answered (`builtin`).
//! - Nothing here allocates for a message to a service.

use bytes::Bytes;
use outrigger_proto::control::{Control, Monitor, MonitorExit, Process, Reason, Send, To as Address, encode};
use outrigger_proto::{ProtoError, message};
use outrigger_term::{Atom, Pid};

use crate::builtin;
use crate::escape::Printable;
use crate::event::DownReason;
use crate::inner::{GROUP_LEADER_ID, SERVICE_SERIALS};
use crate::process::Reason as ExitReason;
use crate::reader::Reader;
use crate::rpc::io_request;
use crate::service::{Payload, To};

/// The one name that the node itself answers to.
pub(crate) const NET_KERNEL: &str = "net_kernel";

impl Reader {
    /// Hands one message on.
    pub(crate) fn dispatch(&mut self, frame: &Bytes) -> Result<(), DownReason> {
        let message = message::split(frame, self.framing).map_err(broken)?;
        message_payload_ok(&message)?;
        self.speaks_for_itself(&message.control)?;
        match &message.control {
            Control::Send(send) => self.on_send(send, Payload::new(frame, message.payload_at)),
            Control::Monitor(monitor) => self.on_monitor(monitor),
            Control::MonitorExit(exit) => self.on_monitor_exit(exit, message.payload),
            Control::Demonitor(monitor) => self.inner.on_demonitor(monitor),
            // Links and monitors at services end with the node's link; there is nothing to forget.
            Control::Link(link) if self.owner(&link.to).is_none() => self.inner.on_link(&self.link, link),
            Control::Link(_) | Control::Unlink(_) => {}
            Control::UnlinkId(unlink) => self.inner.on_unlink(&self.link, unlink),
            Control::UnlinkIdAck(unlink) => self.inner.on_unlink_ack(unlink),
            Control::Exit(exit) => {
                let reason = reason(exit.reason, message.payload);
                if !self.inner.on_exit(exit.kind, &exit.from, &exit.to, reason) {
                    self.stray();
                }
            }
            Control::SpawnRequest(request) => {
                let args = frame.slice(message.payload_at..);
                self.inner.on_spawn(&self.link, request, &args);
            }
            Control::SpawnReply(reply) => {
                let ours = self.inner.owns(&reply.request);
                if !(ours && self.inner.calls.spawned(self.link.id(), reply)) {
                    self.stray();
                }
            }
            _ => self.ignored(),
        }
        Ok(())
    }

    fn on_send(&mut self, send: &Send<'_>, payload: Payload<'_>) {
        match &send.to {
            Address::Name(name) => {
                // Atoms that are not UTF-8 on the wire come from very old C nodes only.
                let name = name.as_str().unwrap_or_default();
                match self.inner.name_owner(name).and_then(|owner| self.inbounds.get_mut(owner)) {
                    Some(inbound) => inbound.message(To::Name(name), send.from, payload),
                    None if name == NET_KERNEL => {
                        let us = self.inner.net_kernel.borrow();
                        if !builtin::net_kernel(&self.link, &us, payload.as_slice()) {
                            self.ignored();
                        }
                    }
                    None => match self.inner.processes.named(name) {
                        Some(process) => self.inner.deliver_from(self.link.peer(), &process, body(payload)),
                        None => self.stray(),
                    },
                }
            }
            Address::Pid(pid) if !self.is_ours(pid) => self.stray(),
            Address::Pid(pid) => {
                let is_reply = pid.serial >= SERVICE_SERIALS
                    && self.inner.calls.reply(Some(self.link.id()), payload.as_slice());
                if is_reply {
                    return;
                }
                if is_group_leader(pid) {
                    return self.on_io(payload);
                }
                let owner = self.inner.pid_owner(pid.id, pid.serial);
                match owner.and_then(|owner| self.inbounds.get_mut(owner)) {
                    Some(inbound) => inbound.message(To::Pid(*pid), send.from, payload),
                    None => match self.inner.processes.get(pid.id, pid.serial) {
                        Some(process) => self.inner.deliver_from(self.link.peer(), &process, body(payload)),
                        None => self.stray(),
                    },
                }
            }
            Address::Alias(alias) => {
                // What comes too late for a call is for nobody.
                if self.inner.calls.reply(Some(self.link.id()), payload.as_slice()) {
                    return;
                }
                let ours = self.inner.owns(alias);
                match ours.then(|| self.inner.processes.aliased(alias)).flatten() {
                    Some(process) => self.inner.deliver_from(self.link.peer(), &process, body(payload)),
                    None => self.stray(),
                }
            }
        }
    }

    /// A function that we called at the peer prints.
    fn on_io(&self, payload: Payload<'_>) {
        let Some((to, answer)) = io_request(payload.as_slice()) else { return self.stray() };
        // The answer holds parts of the request, which was checked.
        let _down = self
            .link
            .signal(&self.inner.group_leader, Some(&answer), |writer| encode::send(writer, &to.borrow()));
    }

    fn on_monitor(&self, monitor: &Monitor<'_>) {
        let known = match &monitor.to {
            Process::Pid(pid) => self.owner(pid).is_some() || (self.is_ours(pid) && is_group_leader(pid)),
            Process::Name(name) => {
                name.eq_str(NET_KERNEL)
                    || name.as_str().is_some_and(|name| self.inner.name_owner(name).is_some())
            }
        };
        if !known {
            self.inner.on_monitor(&self.link, monitor);
        }
    }

    fn on_monitor_exit(&self, exit: &MonitorExit<'_>, payload: &[u8]) {
        let reason = reason(exit.reason, payload);
        let words = exit.reference.words();
        let known = self.inner.owns(&exit.reference)
            && (self.inner.calls.down(Some(self.link.id()), words, &ExitReason::checked(reason))
                || self.inner.on_down(&self.link, exit, reason));
        if !known {
            self.stray();
        }
    }

    /// A peer signals for its own processes and with its own references only, as on a BEAM: another's would end the links and
    /// monitors of that other. (Who sent a message is a claim that nothing here depends on.)
    fn speaks_for_itself(&self, control: &Control<'_>) -> Result<(), DownReason> {
        let of_peer = |node: &Atom<'_>| node.eq_str(self.link.peer().as_str());
        let for_itself = match control {
            Control::Monitor(monitor) | Control::Demonitor(monitor) => {
                of_peer(&monitor.from.node) && of_peer(&monitor.reference.node)
            }
            Control::MonitorExit(MonitorExit { from: Process::Pid(pid), .. }) => of_peer(&pid.node),
            Control::Link(link) | Control::Unlink(link) => of_peer(&link.from.node),
            Control::UnlinkId(unlink) | Control::UnlinkIdAck(unlink) => of_peer(&unlink.from.node),
            Control::Exit(exit) => of_peer(&exit.from.node),
            Control::SpawnRequest(request) => of_peer(&request.from.node) && of_peer(&request.request.node),
            _ => true,
        };
        if for_itself {
            return Ok(());
        }
        Err(DownReason::Protocol("peer signalled for a process of another node".into()))
    }

    /// The service that owns a pid of this run of the node.
    fn owner(&self, pid: &Pid<'_>) -> Option<usize> {
        if self.is_ours(pid) { self.inner.pid_owner(pid.id, pid.serial) } else { None }
    }

    /// Whether a pid is of this node and of this run of it.
    fn is_ours(&self, pid: &Pid<'_>) -> bool {
        pid.creation == self.inner.creation.0 && pid.node.eq_str(self.inner.config.name.as_str())
    }

    fn stray(&self) {
        self.link.0.counters.read.stray.one();
        self.inner.counters.stray.one();
    }

    fn ignored(&self) {
        self.link.0.counters.read.ignored.one();
        self.inner.counters.ignored.one();
    }
}

/// The group leader lives as long as the node: whoever waits for it learns of its end by the end of the link.
fn is_group_leader(pid: &Pid<'_>) -> bool {
    (pid.id, pid.serial) == (GROUP_LEADER_ID, SERVICE_SERIALS)
}

/// The reason of an exit, wherever it is.
fn reason<'a>(reason: Reason<'a>, payload: &'a [u8]) -> &'a [u8] {
    match reason {
        Reason::Term(term) => term,
        Reason::Payload => payload,
    }
}

/// The bare term for a mailbox. A small one is copied: to share it would keep the whole read buffer.
fn body(payload: Payload<'_>) -> Bytes {
    /// From this size on the buffer is shared.
    const SHARED: usize = 16 << 10;
    let term = payload.as_slice();
    if term.len() < SHARED { Bytes::copy_from_slice(term) } else { payload.to_bytes() }
}

fn message_payload_ok(message: &message::Message<'_>) -> Result<(), DownReason> {
    if message.payload.is_empty() { Ok(()) } else { message.check_payload().map_err(broken) }
}

pub(crate) fn broken(error: ProtoError) -> DownReason {
    DownReason::Protocol(Printable::text(&error.to_string()).to_string())
}
