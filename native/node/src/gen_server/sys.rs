//! System messages: what `:sys` asks of a server.
//!
//! Answered: `get_state`, `get_status`, `{terminate, Reason}`. Anything else, as a callback module that does not know it
//! does, with `{error, {unknown_system_msg, Request}}`: a Rust server cannot be suspended or traced from outside.
//!
//! Limits: the state comes as `{ok, State}`, as `sys` of current releases takes it. That of OTP 25 wanted it bare, and shows
//! the pair, as it does for a server on a later release.

use outrigger_proto::OwnedPid;
use outrigger_term::{Reader, TermError, Writer};

use super::Flow;
use crate::process::Reason;

/// The answer, and what comes after it.
pub(super) fn answer(request: &[u8], state: &[u8], pid: &OwnedPid) -> (Vec<u8>, Flow) {
    let mut out = Vec::with_capacity(state.len() + 128);
    let mut flow = Flow::Continue;
    // Only atoms of this file and parts that are there: nothing can fail.
    let _always = write(&mut Writer::new(&mut out), request, state, pid, &mut flow);
    (out, flow)
}

fn write(
    writer: &mut Writer<'_>,
    request: &[u8],
    state: &[u8],
    pid: &OwnedPid,
    flow: &mut Flow,
) -> Result<(), TermError> {
    let mut reader = Reader::new(request);
    if let Ok(word) = reader.atom() {
        if word.eq_str("get_state") {
            writer.tuple(2);
            writer.atom("ok")?;
            writer.raw(state);
            return Ok(());
        }
        if word.eq_str("get_status") {
            return status(writer, state, pid);
        }
    } else if reader.tuple() == Ok(2)
        && reader.atom().is_ok_and(|word| word.eq_str("terminate"))
        && let Ok(reason) = reader.skip()
    {
        *flow = Flow::Stop(Reason::checked(reason));
        return writer.atom("ok");
    }
    writer.tuple(2);
    writer.atom("error")?;
    writer.tuple(2);
    writer.atom("unknown_system_msg")?;
    writer.raw(request);
    Ok(())
}

/// `{status, Pid, {module, gen_server}, [PDict, running, Parent, [], [{state, State}]]}`
fn status(writer: &mut Writer<'_>, state: &[u8], pid: &OwnedPid) -> Result<(), TermError> {
    writer.tuple(4);
    writer.atom("status")?;
    writer.pid(&pid.borrow())?;
    writer.tuple(2);
    writer.atom("module")?;
    writer.atom("gen_server")?;
    writer.list(5);
    writer.nil();
    writer.atom("running")?;
    // It has no parent; itself, as for a process that was not started by proc_lib.
    writer.pid(&pid.borrow())?;
    writer.nil();
    writer.list(1);
    writer.tuple(2);
    writer.atom("state")?;
    writer.raw(state);
    writer.nil();
    writer.nil();
    Ok(())
}
