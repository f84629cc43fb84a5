//! What the router says to workers: the members of a group, a refusal, what was lost, that it leaves. Whole frames, ready to send.

use bytes::Bytes;
use outrigger_fanout::{Change, Counts, Lost, RouteKey};
use outrigger_node::{Framing, OwnedPid};
use outrigger_term::{Atom, Pid, TermError, Writer};

/// REG_SEND: `{6, From, Unused, ToName}`.
const REG_SEND: i64 = 6;
/// SEND: `{2, Unused, ToPid}`.
const SEND: i64 = 2;

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
        self.counts(group, "$outrigger_lost", lost.iter().map(|lost| (&*lost.origin.node, lost.messages)))
    }

    /// `{'$outrigger_unconfirmed', router_pid, [{publisher_node, at_most}]}`.
    pub(super) fn unconfirmed(&self, group: &str, counts: &Counts) -> Result<Bytes, TermError> {
        self.counts(group, "$outrigger_unconfirmed", counts.iter().map(|(node, at_most)| (&**node, *at_most)))
    }

    fn counts<'a>(
        &self,
        group: &str,
        tag: &str,
        counts: impl ExactSizeIterator<Item = (&'a str, u64)>,
    ) -> Result<Bytes, TermError> {
        self.frame(group, |writer| {
            writer.tuple(3);
            writer.atom(tag)?;
            writer.pid(&self.router.borrow())?;
            let length = counts.len();
            writer.list(u32::try_from(length).unwrap_or(u32::MAX));
            for (node, count) in counts {
                writer.tuple(2);
                writer.atom(node)?;
                writer.unsigned(count);
            }
            if length > 0 {
                writer.nil();
            }
            Ok(())
        })
    }

    /// `{'$outrigger_ordered', router_pid, prefix, ordered_pid, term}`: where messages of a prefix are put in order.
    pub(super) fn ordered(
        &self,
        group: &str,
        prefix: &[u8],
        key: RouteKey,
        term: u64,
    ) -> Result<Bytes, TermError> {
        self.frame(group, |writer| {
            writer.tuple(5);
            writer.atom("$outrigger_ordered")?;
            writer.pid(&self.router.borrow())?;
            writer.binary(prefix)?;
            writer.pid(&self.pid(key))?;
            writer.unsigned(term);
            Ok(())
        })
    }

    /// `{'$outrigger_leaving', router_pid}`.
    pub(super) fn leaving(&self, group: &str) -> Result<Bytes, TermError> {
        self.frame(group, |writer| {
            writer.tuple(2);
            writer.atom("$outrigger_leaving")?;
            writer.pid(&self.router.borrow())
        })
    }

    /// `{'$outrigger_total_end', router_pid, prefix, term, next}`: nothing of that term is under way any more.
    pub(super) fn ended(&self, group: &str, prefix: &[u8], term: u64, next: u64) -> Result<Bytes, TermError> {
        self.frame(group, |writer| {
            writer.tuple(5);
            writer.atom("$outrigger_total_end")?;
            writer.pid(&self.router.borrow())?;
            writer.binary(prefix)?;
            writer.unsigned(term);
            writer.unsigned(next);
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

    /// `{'$outrigger_interest', router_pid, number, state, stamp, complete}`, to the teller that this answers.
    pub(super) fn interest(
        &self,
        teller: &Pid<'_>,
        number: u64,
        state: &str,
        stamp: u64,
        complete: bool,
    ) -> Result<Bytes, TermError> {
        let mut control = Framing::Header.before_control().to_vec();
        let mut writer = Writer::new(&mut control);
        writer.tuple(3);
        writer.integer(SEND);
        writer.atom("")?;
        writer.pid(teller)?;
        whole(&control, |writer| {
            writer.tuple(6);
            writer.atom("$outrigger_interest")?;
            writer.pid(&self.router.borrow())?;
            writer.unsigned(number);
            writer.atom(state)?;
            writer.unsigned(stamp);
            writer.atom(if complete { "true" } else { "false" })
        })
    }

    fn frame(
        &self,
        group: &str,
        term: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
    ) -> Result<Bytes, TermError> {
        whole(&self.prefix(group)?, term)
    }
}

/// A frame of a control message and a term.
fn whole(
    control: &[u8],
    term: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
) -> Result<Bytes, TermError> {
    let mut out = [&[0; 4], control].concat();
    term(&mut Writer::new(&mut out))?;
    let length = u32::try_from(out.len() - 4).unwrap_or(u32::MAX).to_be_bytes();
    out.splice(..4, length);
    Ok(out.into())
}
