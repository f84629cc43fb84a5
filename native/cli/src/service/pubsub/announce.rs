//! What the router says to workers: the members of a group, or a refusal. Whole frames, ready to send.

use bytes::Bytes;
use outrigger_fanout::{Change, Lost, RouteKey};
use outrigger_node::{Framing, OwnedPid};
use outrigger_term::{Atom, Pid, TermError, Writer};

/// REG_SEND: `{6, From, Unused, ToName}`.
const REG_SEND: i64 = 6;

/// Who we are to our peers: node, creation, and the pid of the router.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    /// The service's own pid.
    pub(super) router: OwnedPid,
}

impl Identity {
    /// The pid that stands for a route or a member.
    pub(super) fn pid(&self, key: RouteKey) -> Pid<'_> {
        let (id, serial) = key.to_pid();
        Pid { node: Atom::Utf8(&self.router.node), id, serial, creation: self.router.creation }
    }

    /// The part of a frame between its length and the payload, for messages to the registered name `group`.
    pub(super) fn prefix(&self, group: &str) -> Result<Vec<u8>, TermError> {
        let mut out = Framing::Header.before_control().to_vec();
        let mut writer = Writer::new(&mut out);
        writer.tuple(4);
        writer.integer(REG_SEND);
        writer.pid(&self.router.borrow())?;
        writer.atom("")?;
        writer.atom(group)?;
        Ok(out)
    }

    /// `{'$outrigger_members', router_pid, version, route_pid, [{node, member_pid}]}`. The same for all members.
    pub(super) fn members(&self, change: &Change) -> Result<Bytes, TermError> {
        self.frame(&change.group, |writer| {
            writer.tuple(5);
            writer.atom("$outrigger_members")?;
            writer.pid(&self.router.borrow())?;
            writer.unsigned(change.version);
            writer.pid(&self.pid(change.route))?;
            writer.list(u32::try_from(change.members.len()).unwrap_or(u32::MAX));
            for member in &change.members {
                writer.tuple(2);
                writer.atom(&member.node)?;
                writer.pid(&self.pid(member.key))?;
            }
            if !change.members.is_empty() {
                writer.nil();
            }
            Ok(())
        })
    }

    /// `{'$outrigger_lost', router_pid, [{publisher_node, count}]}`, to the worker of the group that all of them are of.
    pub(super) fn lost(&self, lost: &[Lost]) -> Result<Bytes, TermError> {
        let group = lost.first().map_or("", |lost| &*lost.origin.group);
        self.frame(group, |writer| {
            writer.tuple(3);
            writer.atom("$outrigger_lost")?;
            writer.pid(&self.router.borrow())?;
            writer.list(u32::try_from(lost.len()).unwrap_or(u32::MAX));
            for Lost { origin, messages, .. } in lost {
                writer.tuple(2);
                writer.atom(&origin.node)?;
                writer.unsigned(*messages);
            }
            if !lost.is_empty() {
                writer.nil();
            }
            Ok(())
        })
    }

    /// `{'$outrigger_refused', router_pid, group, reason, limit}`.
    pub(super) fn refused(&self, group: &str, reason: &str, limit: u64) -> Result<Bytes, TermError> {
        self.frame(group, |writer| {
            writer.tuple(5);
            writer.atom("$outrigger_refused")?;
            writer.pid(&self.router.borrow())?;
            writer.atom(group)?;
            writer.atom(reason)?;
            writer.unsigned(limit);
            Ok(())
        })
    }

    fn frame(
        &self,
        group: &str,
        term: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
    ) -> Result<Bytes, TermError> {
        let mut out = vec![0; 4];
        out.extend_from_slice(&self.prefix(group)?);
        term(&mut Writer::new(&mut out))?;
        let length = u32::try_from(out.len() - 4).unwrap_or(u32::MAX).to_be_bytes();
        out.splice(..4, length);
        Ok(out.into())
    }
}
