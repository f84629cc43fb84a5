//! What the exit of an `erpc` process means. (OTP's `erpc:execute_call/4` ends with the outcome as its exit reason.)

use bytes::Bytes;
use outrigger_term::{Reader, TermError};

use super::error::RpcError;
use crate::process::Reason;

/// The value, or what came instead. `mark` is the reference that tells the outcome from any other exit.
pub(super) fn outcome(reason: Reason, mark: &[u8]) -> Result<Bytes, RpcError> {
    match parse(reason.as_bytes(), mark) {
        Ok(Some(outcome)) => outcome,
        Ok(None) => Err(RpcError::Signal { reason }),
        Err(_malformed) => Err(RpcError::Protocol),
    }
}

/// `{Mark, return, Value}`, `{Mark, throw, Term}`, `{Mark, exit, Reason}`, `{Mark, error, Reason, Stack}` or
/// `{Mark, error, {erpc, Why}}`; nothing for an exit that has no mark.
#[allow(clippy::type_complexity, reason = "a parse that may find nothing, of an outcome")]
fn parse(reason: &[u8], mark: &[u8]) -> Result<Option<Result<Bytes, RpcError>>, TermError> {
    let mut reader = Reader::new(reason);
    let Ok(arity @ 3..=4) = reader.tuple() else { return Ok(None) };
    if reader.skip()? != mark {
        return Ok(None);
    }
    let kind = reader.atom()?;
    let term = reader.skip()?;
    let copy = || Bytes::copy_from_slice(term);
    let why = || Reason::checked(term);
    let outcome = match (kind.as_str(), arity) {
        (Some("return"), 3) => Ok(copy()),
        (Some("throw"), 3) => Err(RpcError::Throw { thrown: copy() }),
        (Some("exit"), 3) => Err(RpcError::Exit { reason: why() }),
        (Some("error"), 4) => {
            Err(RpcError::Error { reason: why(), stack: Bytes::copy_from_slice(reader.skip()?) })
        }
        (Some("error"), 3) => Err(RpcError::Refused { why: of_erpc(term)? }),
        _ => Err(RpcError::Protocol),
    };
    Ok(Some(outcome))
}

/// The word in `{erpc, Word}`.
fn of_erpc(term: &[u8]) -> Result<String, TermError> {
    let mut reader = Reader::new(term);
    reader.tuple()?;
    reader.atom()?;
    Ok(reader.atom()?.text().into_owned())
}
