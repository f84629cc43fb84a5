//! `ALTACT_SIG_SEND` (OTP 28): one operation for messages and exit signals with alternative actions.
//!
//! Its flags say what the other elements are: 1 priority, 2 a trace token follows, 4 the address is an alias,
//! 8 it is a name, 16 it is an exit signal. The payload is the message or the reason.

use outrigger_term::Reader;

use crate::ProtoError;
use crate::control::parse::Body;
use crate::control::{Control, Exit, ExitKind, Reason, Send, To};

const PRIORITY: u64 = 1;
const TOKEN: u64 = 2;
const ALIAS: u64 = 4;
const NAME: u64 = 8;
const EXIT: u64 = 16;
const KNOWN: u64 = PRIORITY | TOKEN | ALIAS | NAME | EXIT;

impl<'a> Control<'a> {
    pub(super) fn parse_altact(mut body: Body<'_, 'a>) -> Result<Self, ProtoError> {
        let flags = body.read(Reader::unsigned)?;
        if flags & !KNOWN != 0 || flags & (ALIAS | NAME) == ALIAS | NAME {
            return Err(ProtoError::BadOperationFlags { op: body.op.number(), flags });
        }
        let traced = flags & TOKEN != 0;
        body.arity(4 + u32::from(traced))?;
        let from = body.read(Reader::pid)?;
        let to = match flags & (ALIAS | NAME) {
            ALIAS => To::Alias(body.read(Reader::reference)?),
            NAME => To::Name(body.read(Reader::atom)?),
            _ => To::Pid(body.read(Reader::pid)?),
        };
        let token = body.term_if(traced)?;
        let priority = flags & PRIORITY != 0;
        Ok(match flags & EXIT {
            0 => Self::Send(Send { from: Some(from), to, token, priority }),
            _ => {
                Self::Exit(Exit { kind: ExitKind::Sent, from, to, reason: Reason::Payload, token, priority })
            }
        })
    }
}
