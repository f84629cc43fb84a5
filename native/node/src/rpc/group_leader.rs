//! The group leader of what we call at peers: what a called function prints goes there.
//!
//! Output is taken and dropped, with the `ok` that the function waits for; input is refused with `enotsup`. Without an answer
//! an `io:format` in a called function would wait for ever. (STDLIB User's Guide, "The Erlang I/O Protocol".)

use outrigger_proto::OwnedPid;
use outrigger_term::{Reader, TermError, Writer};

/// The pid to answer, and the answer, if the term is an I/O request.
pub(crate) fn io_request(term: &[u8]) -> Option<(OwnedPid, Vec<u8>)> {
    parse(term).ok().flatten()
}

/// `{io_request, From, ReplyAs, Request}` is answered with `{io_reply, ReplyAs, Reply}`.
fn parse(term: &[u8]) -> Result<Option<(OwnedPid, Vec<u8>)>, TermError> {
    let mut reader = Reader::new(term);
    if reader.tuple()? != 4 || !reader.atom()?.eq_str("io_request") {
        return Ok(None);
    }
    let from = OwnedPid::from(reader.pid()?);
    let reply_as = reader.skip()?;
    let output = reader.tuple().is_ok()
        && reader.atom().is_ok_and(|kind| kind.eq_str("put_chars") || kind.eq_str("requests"));
    let mut answer = Vec::with_capacity(reply_as.len() + 48);
    let mut writer = Writer::new(&mut answer);
    writer.tuple(3);
    writer.atom("io_reply")?;
    writer.raw(reply_as);
    if output {
        writer.atom("ok")?;
    } else {
        writer.tuple(2);
        writer.atom("error")?;
        writer.atom("enotsup")?;
    }
    Ok(Some((from, answer)))
}
