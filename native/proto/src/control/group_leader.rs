//! `GROUP_LEADER`: a process of the peer is to be the group leader of one of ours.

use outrigger_term::{Pid, Reader, TermError, Writer};

use crate::ProtoError;
use crate::control::Op;
use crate::control::parse::Body;

/// A change of group leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLeader<'a> {
    /// The new group leader.
    pub from: Pid<'a>,
    /// The process that gets it.
    pub to: Pid<'a>,
}

impl<'a> GroupLeader<'a> {
    pub(super) fn parse(mut body: Body<'_, 'a>) -> Result<Self, ProtoError> {
        body.arity(3)?;
        Ok(Self { from: body.read(Reader::pid)?, to: body.read(Reader::pid)? })
    }
}

/// `GROUP_LEADER`: makes `from` the group leader of the peer's process `to`.
pub fn group_leader(writer: &mut Writer<'_>, from: &Pid<'_>, to: &Pid<'_>) -> Result<(), TermError> {
    writer.tuple(3);
    writer.integer(Op::GroupLeader.number().into());
    writer.pid(from)?;
    writer.pid(to)
}
