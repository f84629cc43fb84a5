//! From a tuple to its family.

use outrigger_term::{Reader, TermError};

use crate::ProtoError;
use crate::control::{
    Exit, GroupLeader, Link, Monitor, MonitorExit, Op, Send, SpawnReply, SpawnRequest, UnlinkId,
};

/// A control message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Control<'a> {
    /// A message to a process.
    Send(Send<'a>),
    /// An exit signal.
    Exit(Exit<'a>),
    /// A link is asked for.
    Link(Link<'a>),
    /// A link is given up, the old way.
    Unlink(Link<'a>),
    /// A link is given up; to be acknowledged before any other signal from the same sender to the same
    /// receiver.
    UnlinkId(UnlinkId<'a>),
    /// Our giving up of a link is acknowledged.
    UnlinkIdAck(UnlinkId<'a>),
    /// A monitor is asked for.
    Monitor(Monitor<'a>),
    /// A monitor is given up.
    Demonitor(Monitor<'a>),
    /// What we monitor is gone.
    MonitorExit(MonitorExit<'a>),
    /// The group leader of a process is to change.
    GroupLeader(GroupLeader<'a>),
    /// A process is to be spawned.
    SpawnRequest(SpawnRequest<'a>),
    /// Our request to spawn is answered.
    SpawnReply(SpawnReply<'a>),
    /// `NODE_LINK`, without meaning.
    NodeLink,
}

/// What is left of a control tuple behind the operation.
pub(super) struct Body<'r, 'a> {
    pub(super) op: Op,
    pub(super) arity: u32,
    pub(super) reader: &'r mut Reader<'a>,
}

impl<'a> Body<'_, 'a> {
    /// Checks the number of elements, the operation included.
    pub(super) const fn arity(&self, expected: u32) -> Result<(), ProtoError> {
        match self.arity == expected {
            true => Ok(()),
            false => Err(ProtoError::BadArity { op: self.op.number(), arity: self.arity }),
        }
    }

    /// The same for an operation that may have more elements some day.
    pub(super) const fn arity_of_at_least(&self, expected: u32) -> Result<(), ProtoError> {
        match self.arity >= expected {
            true => Ok(()),
            false => Err(ProtoError::BadArity { op: self.op.number(), arity: self.arity }),
        }
    }

    /// Reads with the term reader's error turned into ours.
    pub(super) fn read<T>(
        &mut self,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, TermError>,
    ) -> Result<T, ProtoError> {
        read(self.reader).map_err(ProtoError::BadControl)
    }

    /// Reads one term without looking into it, if `there`.
    pub(super) fn term_if(&mut self, there: bool) -> Result<Option<&'a [u8]>, ProtoError> {
        if there { self.read(Reader::skip).map(Some) } else { Ok(None) }
    }
}

impl<'a> Control<'a> {
    /// Reads one control tuple, without version byte. What stands behind it is left in `reader`.
    pub fn parse(reader: &mut Reader<'a>) -> Result<(Op, Self), ProtoError> {
        let arity = reader.tuple().map_err(ProtoError::BadControl)?;
        let number = reader.integer().map_err(ProtoError::BadControl)?;
        let op = Op::from_number(number).ok_or(ProtoError::UnknownOperation { op: number })?;
        let body = Body { op, arity, reader };
        let control = match op {
            Op::Send | Op::SendTt | Op::SendSender | Op::SendSenderTt | Op::RegSend | Op::RegSendTt => {
                Self::Send(Send::parse(body)?)
            }
            Op::AliasSend | Op::AliasSendTt => Self::Send(Send::parse_alias(body)?),
            Op::AltactSigSend => Self::parse_altact(body)?,
            Op::Exit | Op::ExitTt | Op::PayloadExit | Op::PayloadExitTt => Self::Exit(Exit::parse(body)?),
            Op::Exit2 | Op::Exit2Tt | Op::PayloadExit2 | Op::PayloadExit2Tt => Self::Exit(Exit::parse(body)?),
            Op::Link => Self::Link(Link::parse(body)?),
            Op::Unlink => Self::Unlink(Link::parse(body)?),
            Op::UnlinkId => Self::UnlinkId(UnlinkId::parse(body)?),
            Op::UnlinkIdAck => Self::UnlinkIdAck(UnlinkId::parse(body)?),
            Op::MonitorP => Self::Monitor(Monitor::parse(body)?),
            Op::DemonitorP => Self::Demonitor(Monitor::parse(body)?),
            Op::MonitorPExit | Op::PayloadMonitorPExit => Self::MonitorExit(MonitorExit::parse(body)?),
            Op::GroupLeader => Self::GroupLeader(GroupLeader::parse(body)?),
            Op::SpawnRequest | Op::SpawnRequestTt => Self::SpawnRequest(SpawnRequest::parse(body)?),
            Op::SpawnReply | Op::SpawnReplyTt => Self::SpawnReply(SpawnReply::parse(body)?),
            Op::NodeLink => body.arity(1).map(|()| Self::NodeLink)?,
        };
        Ok((op, control))
    }
}
