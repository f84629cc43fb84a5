//! Exit signals: `EXIT` and `EXIT2`, with the reason inside or (`PAYLOAD_`, when `EXIT_PAYLOAD` was agreed)
//! behind.

use outrigger_term::{Pid, Reader, TermError, Writer};

use crate::ProtoError;
use crate::control::parse::Body;
use crate::control::{Op, To};

/// An exit signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit<'a> {
    /// Why it was sent.
    pub kind: ExitKind,
    /// Who ended, or who sent it.
    pub from: Pid<'a>,
    /// To whom; a pid but for signals of OTP 28 with alternative actions.
    pub to: To<'a>,
    /// The reason, or where it is.
    pub reason: Reason<'a>,
    /// The trace token, if the signal is traced.
    pub token: Option<&'a [u8]>,
    /// Whether it is to overtake others (OTP 28).
    pub priority: bool,
}

/// The two kinds of exit signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitKind {
    /// `EXIT`: the linked process has ended, or its link is refused.
    Linked,
    /// `EXIT2`: somebody called `exit/2`.
    Sent,
}

/// Where a reason is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason<'a> {
    /// In the control message: this term, without a version byte.
    Term(&'a [u8]),
    /// It is the payload.
    Payload,
}

impl<'a> Exit<'a> {
    pub(super) fn parse(mut body: Body<'_, 'a>) -> Result<Self, ProtoError> {
        let op = body.op;
        let traced = matches!(op, Op::ExitTt | Op::Exit2Tt | Op::PayloadExitTt | Op::PayloadExit2Tt);
        body.arity(3 + u32::from(traced) + u32::from(!op.has_payload()))?;
        let from = body.read(Reader::pid)?;
        let to = To::Pid(body.read(Reader::pid)?);
        let token = body.term_if(traced)?;
        let reason = body.reason()?;
        let kind = match op {
            Op::Exit | Op::ExitTt | Op::PayloadExit | Op::PayloadExitTt => ExitKind::Linked,
            _ => ExitKind::Sent,
        };
        Ok(Self { kind, from, to, reason, token, priority: false })
    }
}

impl<'a> Body<'_, 'a> {
    /// The reason, which is inside unless the operation has a payload.
    pub(super) fn reason(&mut self) -> Result<Reason<'a>, ProtoError> {
        Ok(self.term_if(!self.op.has_payload())?.map_or(Reason::Payload, Reason::Term))
    }
}

/// `EXIT`: `from` has ended with `reason`, a term without its version byte. Valid whatever was agreed.
pub fn exit(writer: &mut Writer<'_>, from: &Pid<'_>, to: &Pid<'_>, reason: &[u8]) -> Result<(), TermError> {
    signal(writer, Op::Exit, from, to)?;
    writer.raw(reason);
    Ok(())
}

/// `EXIT2`: `exit(To, Reason)` called by `from`. Valid whatever was agreed.
pub fn exit2(writer: &mut Writer<'_>, from: &Pid<'_>, to: &Pid<'_>, reason: &[u8]) -> Result<(), TermError> {
    signal(writer, Op::Exit2, from, to)?;
    writer.raw(reason);
    Ok(())
}

/// `PAYLOAD_EXIT`: as [`exit`] with the reason as payload. For links with [`crate::Flags::EXIT_PAYLOAD`].
pub fn payload_exit(writer: &mut Writer<'_>, from: &Pid<'_>, to: &Pid<'_>) -> Result<(), TermError> {
    signal(writer, Op::PayloadExit, from, to)
}

/// `PAYLOAD_EXIT2`: as [`exit2`] with the reason as payload. For links with [`crate::Flags::EXIT_PAYLOAD`].
pub fn payload_exit2(writer: &mut Writer<'_>, from: &Pid<'_>, to: &Pid<'_>) -> Result<(), TermError> {
    signal(writer, Op::PayloadExit2, from, to)
}

fn signal(writer: &mut Writer<'_>, op: Op, from: &Pid<'_>, to: &Pid<'_>) -> Result<(), TermError> {
    writer.tuple(if op.has_payload() { 3 } else { 4 });
    writer.integer(op.number().into());
    writer.pid(from)?;
    writer.pid(to)
}
