//! The terms that servers get: calls, casts, system messages, anything else.

use outrigger_term::{Pid, Reader, TermError};

/// What a message is to a server. All parts borrow from it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Incoming<'a> {
    /// `{'$gen_call', {Caller, Tag}, Request}`
    Call { caller: Pid<'a>, tag: &'a [u8], request: &'a [u8] },
    /// `{'$gen_cast', Request}`
    Cast { request: &'a [u8] },
    /// `{system, {Caller, Tag}, Request}`
    System { caller: Pid<'a>, tag: &'a [u8], request: &'a [u8] },
    /// Another term.
    Info,
}

/// Reads a well-formed term.
pub(super) fn read(term: &[u8]) -> Incoming<'_> {
    parse(term).unwrap_or(Incoming::Info)
}

fn parse(term: &[u8]) -> Result<Incoming<'_>, TermError> {
    let mut reader = Reader::new(term);
    let arity = reader.tuple()?;
    let name = reader.atom()?;
    if arity == 2 && name.eq_str("$gen_cast") {
        return Ok(Incoming::Cast { request: reader.skip()? });
    }
    let system = name.eq_str("system");
    if arity != 3 || !(system || name.eq_str("$gen_call")) || reader.tuple()? != 2 {
        return Ok(Incoming::Info);
    }
    let (caller, tag, request) = (reader.pid()?, reader.skip()?, reader.skip()?);
    Ok(match system {
        true => Incoming::System { caller, tag, request },
        false => Incoming::Call { caller, tag, request },
    })
}
