//! Messages: `SEND`, `SEND_SENDER`, `REG_SEND`, `ALIAS_SEND` and their `_TT` forms with a trace token.
//!
//! The message itself is the payload.

use outrigger_term::{Atom, Pid, Reader, Reference, TermError, Writer};

use crate::ProtoError;
use crate::control::Op;
use crate::control::parse::Body;

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send<'a> {
    /// Who sends; `None` for `SEND`, which does not say.
    pub from: Option<Pid<'a>>,
    /// Where it goes.
    pub to: To<'a>,
    /// The trace token, if the message is traced.
    pub token: Option<&'a [u8]>,
    /// Whether it is to overtake others (OTP 28).
    pub priority: bool,
}

/// An address on the receiving node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To<'a> {
    /// A process.
    Pid(Pid<'a>),
    /// A registered name.
    Name(Atom<'a>),
    /// An alias of a process.
    Alias(Reference<'a>),
}

impl<'a> Send<'a> {
    pub(super) fn parse(mut body: Body<'_, 'a>) -> Result<Self, ProtoError> {
        let traced = matches!(body.op, Op::SendTt | Op::SendSenderTt | Op::RegSendTt);
        let named = matches!(body.op, Op::RegSend | Op::RegSendTt);
        body.arity(3 + u32::from(traced) + u32::from(named))?;
        let from = match body.op {
            // The unused element once held the cookie; a BEAM sends '' and does not look at it.
            Op::Send | Op::SendTt => body.read(Reader::skip).map(|_| None)?,
            _ => body.read(Reader::pid).map(Some)?,
        };
        let to = if named {
            body.read(Reader::skip)?;
            To::Name(body.read(Reader::atom)?)
        } else {
            To::Pid(body.read(Reader::pid)?)
        };
        let token = body.term_if(traced)?;
        Ok(Self { from, to, token, priority: false })
    }

    pub(super) fn parse_alias(mut body: Body<'_, 'a>) -> Result<Self, ProtoError> {
        let traced = body.op == Op::AliasSendTt;
        body.arity(3 + u32::from(traced))?;
        let from = body.read(Reader::pid)?;
        let to = To::Alias(body.read(Reader::reference)?);
        let token = body.term_if(traced)?;
        Ok(Self { from: Some(from), to, token, priority: false })
    }
}

/// `SEND`: to a process of the peer. Valid whatever was agreed.
pub fn send(writer: &mut Writer<'_>, to: &Pid<'_>) -> Result<(), TermError> {
    writer.tuple(3);
    writer.integer(Op::Send.number().into());
    writer.atom("")?;
    writer.pid(to)
}

/// `SEND_SENDER`: to a process of the peer, and from whom. For links with [`crate::Flags::SEND_SENDER`].
pub fn send_sender(writer: &mut Writer<'_>, from: &Pid<'_>, to: &Pid<'_>) -> Result<(), TermError> {
    writer.tuple(3);
    writer.integer(Op::SendSender.number().into());
    writer.pid(from)?;
    writer.pid(to)
}

/// `REG_SEND`: to a registered name at the peer.
pub fn reg_send(writer: &mut Writer<'_>, from: &Pid<'_>, to: &str) -> Result<(), TermError> {
    writer.tuple(4);
    writer.integer(Op::RegSend.number().into());
    writer.pid(from)?;
    writer.atom("")?;
    writer.atom(to)
}

/// `ALIAS_SEND`: to an alias that a process of the peer made. For links with [`crate::Flags::ALIAS`].
pub fn alias_send(writer: &mut Writer<'_>, from: &Pid<'_>, to: &Reference<'_>) -> Result<(), TermError> {
    writer.tuple(3);
    writer.integer(Op::AliasSend.number().into());
    writer.pid(from)?;
    writer.reference(to)
}
