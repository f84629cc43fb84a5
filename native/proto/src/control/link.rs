//! Links: `LINK`, `UNLINK_ID` with its acknowledgement, and the old `UNLINK`.
//!
//! A link is one per pair. Who unlinks numbers the request and ignores exits of that link until the
//! acknowledgement with the same number has come (ERTS User's Guide, "Link Protocol").

use outrigger_term::{Pid, Reader, TermError, Writer};

use crate::ProtoError;
use crate::control::Op;
use crate::control::parse::Body;

/// A pair of processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link<'a> {
    /// The peer's process.
    pub from: Pid<'a>,
    /// Our process.
    pub to: Pid<'a>,
}

/// A numbered unlink, or its acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnlinkId<'a> {
    /// Chosen by who unlinks, never 0.
    pub id: u64,
    /// The peer's process.
    pub from: Pid<'a>,
    /// Our process.
    pub to: Pid<'a>,
}

impl<'a> Link<'a> {
    pub(super) fn parse(mut body: Body<'_, 'a>) -> Result<Self, ProtoError> {
        body.arity(3)?;
        Ok(Self { from: body.read(Reader::pid)?, to: body.read(Reader::pid)? })
    }
}

impl<'a> UnlinkId<'a> {
    pub(super) fn parse(mut body: Body<'_, 'a>) -> Result<Self, ProtoError> {
        body.arity(4)?;
        let id = body.read(Reader::unsigned)?;
        if id == 0 {
            return Err(ProtoError::BadControl(TermError::IntegerOutOfRange));
        }
        Ok(Self { id, from: body.read(Reader::pid)?, to: body.read(Reader::pid)? })
    }
}

/// `LINK`: `from` of ours asks to be linked to `to` of the peer.
pub fn link(writer: &mut Writer<'_>, from: &Pid<'_>, to: &Pid<'_>) -> Result<(), TermError> {
    writer.tuple(3);
    writer.integer(Op::Link.number().into());
    writer.pid(from)?;
    writer.pid(to)
}

/// `UNLINK_ID`: `id` must not be 0 nor in use for this pair.
pub fn unlink_id(writer: &mut Writer<'_>, id: u64, from: &Pid<'_>, to: &Pid<'_>) -> Result<(), TermError> {
    numbered(writer, Op::UnlinkId, id, from, to)
}

/// `UNLINK_ID_ACK`: answers an [`UnlinkId`]; `from` is our process, `to` the peer's, the other way round than
/// they came.
pub fn unlink_id_ack(
    writer: &mut Writer<'_>,
    id: u64,
    from: &Pid<'_>,
    to: &Pid<'_>,
) -> Result<(), TermError> {
    numbered(writer, Op::UnlinkIdAck, id, from, to)
}

fn numbered(writer: &mut Writer<'_>, op: Op, id: u64, from: &Pid<'_>, to: &Pid<'_>) -> Result<(), TermError> {
    writer.tuple(4);
    writer.integer(op.number().into());
    writer.unsigned(id);
    writer.pid(from)?;
    writer.pid(to)
}
