//! Spawning: `SPAWN_REQUEST`, `SPAWN_REPLY` and their `_TT` forms. The argument list is the request's
//! payload.
//!
//! An OTP node spawns a process for each `erpc` call. The options that concern the wire are `link` and `monitor`; how the caller
//! wants to be told is its own affair.

use outrigger_term::{Atom, Pid, Reader, Reference, TermError, Writer, tag};

use crate::ProtoError;
use crate::control::Op;
use crate::control::parse::Body;

/// A process is to be spawned at us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpawnRequest<'a> {
    /// Names the request; the monitor too, if the options ask for one.
    pub request: Reference<'a>,
    /// Who asks.
    pub from: Pid<'a>,
    /// Group leader of the new process.
    pub group_leader: Pid<'a>,
    /// Module of the function.
    pub module: Atom<'a>,
    /// Name of the function.
    pub function: Atom<'a>,
    /// Number of its arguments.
    pub arity: u32,
    /// The options, a list.
    pub options: &'a [u8],
    /// The trace token, if the request is traced.
    pub token: Option<&'a [u8]>,
}

/// The answer to a request of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpawnReply<'a> {
    /// The request.
    pub request: Reference<'a>,
    /// Who asked.
    pub to: Pid<'a>,
    /// 1: a link was made; 2: a monitor was made.
    pub flags: u32,
    /// The outcome.
    pub result: Spawned<'a>,
    /// The trace token, if the request was traced.
    pub token: Option<&'a [u8]>,
}

/// The outcome of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spawned<'a> {
    /// The new process.
    Pid(Pid<'a>),
    /// Why there is none.
    Error(Atom<'a>),
}

impl<'a> SpawnRequest<'a> {
    pub(super) fn parse(mut body: Body<'_, 'a>) -> Result<Self, ProtoError> {
        let traced = body.op == Op::SpawnRequestTt;
        body.arity(6 + u32::from(traced))?;
        let request = body.read(Reader::reference)?;
        let from = body.read(Reader::pid)?;
        let group_leader = body.read(Reader::pid)?;
        let parts = body.read(Reader::tuple)?;
        if parts != 3 {
            return Err(ProtoError::BadArity { op: body.op.number(), arity: parts });
        }
        let module = body.read(Reader::atom)?;
        let function = body.read(Reader::atom)?;
        let arity = body.read(unsigned32)?;
        let options = body.read(Reader::skip)?;
        let token = body.term_if(traced)?;
        Ok(Self { request, from, group_leader, module, function, arity, options, token })
    }
}

impl<'a> SpawnReply<'a> {
    pub(super) fn parse(mut body: Body<'_, 'a>) -> Result<Self, ProtoError> {
        let traced = body.op == Op::SpawnReplyTt;
        body.arity(5 + u32::from(traced))?;
        Ok(Self {
            request: body.read(Reader::reference)?,
            to: body.read(Reader::pid)?,
            flags: body.read(unsigned32)?,
            result: body.read(|reader| match reader.tag()? {
                tag::NEW_PID | tag::PID => reader.pid().map(Spawned::Pid),
                _ => reader.atom().map(Spawned::Error),
            })?,
            token: body.term_if(traced)?,
        })
    }
}

fn unsigned32(reader: &mut Reader<'_>) -> Result<u32, TermError> {
    u32::try_from(reader.unsigned()?).map_err(|_| TermError::IntegerOutOfRange)
}

/// `SPAWN_REQUEST` without a trace token. `options` is a list; the argument list is the payload.
pub fn spawn_request(writer: &mut Writer<'_>, request: &SpawnRequest<'_>) -> Result<(), TermError> {
    writer.tuple(6);
    writer.integer(Op::SpawnRequest.number().into());
    writer.reference(&request.request)?;
    writer.pid(&request.from)?;
    writer.pid(&request.group_leader)?;
    writer.tuple(3);
    writer.atom_of(&request.module)?;
    writer.atom_of(&request.function)?;
    writer.integer(request.arity.into());
    writer.raw(request.options);
    Ok(())
}

/// `SPAWN_REPLY` without a trace token.
pub fn spawn_reply(writer: &mut Writer<'_>, reply: &SpawnReply<'_>) -> Result<(), TermError> {
    writer.tuple(5);
    writer.integer(Op::SpawnReply.number().into());
    writer.reference(&reply.request)?;
    writer.pid(&reply.to)?;
    writer.integer(reply.flags.into());
    match &reply.result {
        Spawned::Pid(pid) => writer.pid(pid),
        Spawned::Error(why) => writer.atom_of(why),
    }
}
