//! `ALTACT_SIG_SEND` (OTP 28): one operation for messages and exit signals with alternative actions.
//!
//! Its flags say what the other elements are: 1 priority, 2 a trace token follows, 4 the address is an alias,
//! 8 it is a name, 16 it is an exit signal. The payload is the message or the reason.
//!
//! It is made to grow: flags that we do not know and elements behind those that we know are passed over, as a BEAM does.

use outrigger_term::{Pid, Reader, TermError, Writer, tag};

use crate::ProtoError;
use crate::control::parse::Body;
use crate::control::{Control, Exit, ExitKind, Op, Reason, Send, To};

const PRIORITY: u64 = 1;
const TOKEN: u64 = 2;
const ALIAS: u64 = 4;
const NAME: u64 = 8;
const EXIT: u64 = 16;

impl<'a> Control<'a> {
    pub(super) fn parse_altact(mut body: Body<'_, 'a>) -> Result<Self, ProtoError> {
        let flags = body.read(low_byte)?;
        if flags & (ALIAS | NAME) == ALIAS | NAME {
            return Err(ProtoError::BadOperationFlags { op: body.op.number(), flags });
        }
        let traced = flags & TOKEN != 0;
        let known = 4 + u32::from(traced);
        body.arity_of_at_least(known)?;
        let from = body.read(Reader::pid)?;
        let to = match flags & (ALIAS | NAME) {
            ALIAS => To::Alias(body.read(Reader::reference)?),
            NAME => To::Name(body.read(Reader::atom)?),
            _ => To::Pid(body.read(Reader::pid)?),
        };
        let token = body.term_if(traced)?;
        for _ in known..body.arity {
            body.read(Reader::skip)?;
        }
        let priority = flags & PRIORITY != 0;
        Ok(match flags & EXIT {
            0 => Self::Send(Send { from: Some(from), to, token, priority }),
            _ => {
                Self::Exit(Exit { kind: ExitKind::Sent, from, to, reason: Reason::Payload, token, priority })
            }
        })
    }
}

/// The lowest byte of an integer that is not negative, however large.
fn low_byte(reader: &mut Reader<'_>) -> Result<u64, TermError> {
    if let Ok(flags) = reader.unsigned() {
        return Ok(flags & 0xff);
    }
    match *reader.clone().skip()? {
        [tag::SMALL_BIG, _, 0, low, ..] | [tag::LARGE_BIG, _, _, _, _, 0, low, ..] => {
            reader.skip().map(|_| low.into())
        }
        _ => reader.unsigned(),
    }
}

/// `ALTACT_SIG_SEND`: a message, to overtake others if it is for somebody who takes such messages and it has `priority`. For
/// links with [`crate::Flags::ALTACT_SIG`], on which it takes the place of `ALIAS_SEND`, which OTP 30 will not know.
pub fn altact_send(
    writer: &mut Writer<'_>,
    from: &Pid<'_>,
    to: &To<'_>,
    priority: bool,
) -> Result<(), TermError> {
    let address = match to {
        To::Pid(_) => 0,
        To::Name(_) => NAME,
        To::Alias(_) => ALIAS,
    };
    writer.tuple(4);
    writer.integer(Op::AltactSigSend.number().into());
    writer.unsigned(address | if priority { PRIORITY } else { 0 });
    writer.pid(from)?;
    match to {
        To::Pid(pid) => writer.pid(pid),
        To::Name(name) => writer.atom_of(name),
        To::Alias(alias) => writer.reference(alias),
    }
}
