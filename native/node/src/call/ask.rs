//! The caller's side.
//!
//! The callee is monitored under the same reference that tags the question, so that a missing or dying process is an
//! answer and not a time-out. The tag is `[alias | Reference]` where the peer knows aliases: an answer that comes too late is
//! then for nobody, here as on a BEAM.
//!
//! Limits: a peer without both monitor flags is not monitored, since it would make a link of it.

use std::sync::Arc;
use std::time::Duration;

use outrigger_proto::control::encode;
use outrigger_proto::{Flags, OwnedPid, OwnedRef};
use outrigger_term::{Reader, TermError, Writer};
use tracing::Instrument;

use super::waiting::Answer;
use crate::error::NodeError;
use crate::inner::Inner;
use crate::link::{Link, SignalError};
use crate::process::{Dest, named, to_alias};
use crate::span;

/// Without both, a BEAM turns a monitor into a link.
const MONITORS: Flags = Flags::DIST_MONITOR.union(Flags::DIST_MONITOR_NAME);

/// Who asks whom, and for how long.
pub(crate) struct Question<'a> {
    pub(crate) from: &'a OwnedPid,
    pub(crate) to: &'a Dest,
    pub(crate) timeout: Duration,
}

/// Asks, and waits for the bytes of the answer.
pub(crate) async fn call(
    inner: &Arc<Inner>,
    question: Question<'_>,
    request: &[u8],
) -> Result<Vec<u8>, NodeError> {
    let Question { from, to, timeout } = question;
    let link = match inner.is_own(to.node()) {
        true => None,
        false => Some(inner.registry.link_to(to.node()).ok_or_else(|| not_linked(to))?),
    };
    let words = inner.processes.next_reference();
    let reference = inner.reference(words);
    let Some(mut place) = inner.calls.begin(link.as_ref().map(Link::id), words) else {
        return Err(inner.calls.full());
    };
    let term = message(from, &reference, link.as_ref(), request)
        .map_err(|error| NodeError::BadOption { option: "call", problem: error.to_string() })?;
    match &link {
        Some(link) => ask(link, from, to, &reference, &term)?,
        None => inner.ask_here(from, to, &reference, &term),
    }
    let answer = async {
        tokio::select! {
            biased;
            answer = &mut place.answer => Ok(answer.ok()),
            error = ended(link.as_ref()) => Err(error),
            () = tokio::time::sleep(timeout) => Ok(None),
        }
    };
    let answer = answer.instrument(span::call(to)).await?;
    let name = match to {
        Dest::Name { name, .. } => name.to_string(),
        Dest::Pid(_) | Dest::Alias(_) => to.to_string(),
    };
    let peer = to.node().to_owned();
    if !matches!(answer, Some(Answer::Down(_))) {
        inner.end_monitor(link.as_ref(), from, to, &reference);
    }
    match answer {
        Some(Answer::Reply(reply)) => Ok(reply),
        Some(Answer::Down(reason)) if reason.is("noproc") => Err(NodeError::NoProcess { peer, name }),
        Some(Answer::Refused(why)) => Err(NodeError::BadOption { option: "call", problem: why }),
        Some(Answer::Down(reason)) => Err(NodeError::ProcessDown { peer, name, reason }),
        None => Err(NodeError::CallTimeout { peer, name, after: timeout }),
    }
}

/// `{'$gen_call', {From, Tag}, Request}`, with a request that is exactly one term: anything else would cost the link.
fn message(
    from: &OwnedPid,
    reference: &OwnedRef,
    link: Option<&Link>,
    request: &[u8],
) -> Result<Vec<u8>, TermError> {
    let mut reader = Reader::new(request);
    reader.skip()?;
    reader.expect_end()?;
    let mut term = Vec::with_capacity(request.len() + 256);
    let mut writer = Writer::new(&mut term);
    writer.tuple(3);
    writer.atom("$gen_call")?;
    writer.tuple(2);
    writer.pid(&from.borrow())?;
    if link.is_none_or(|link| link.flags().contains(Flags::ALIAS)) {
        writer.list(1);
        writer.atom("alias")?;
    }
    writer.reference(&reference.borrow())?;
    writer.raw(request);
    Ok(term)
}

/// The monitor, if the peer understands one, and the question behind it.
fn ask(link: &Link, from: &OwnedPid, to: &Dest, reference: &OwnedRef, term: &[u8]) -> Result<(), NodeError> {
    let failed = |error: SignalError| match error {
        SignalError::Closed(_) => link.down_error(),
        SignalError::Encode(error) => NodeError::BadOption { option: "call", problem: error.to_string() },
    };
    if let Some(callee) = named(to).filter(|_| link.flags().contains(MONITORS)) {
        link.signal(from, None, |writer| {
            encode::monitor_p(writer, &from.borrow(), &callee, &reference.borrow())
        })
        .map_err(failed)?;
    }
    link.signal(from, Some(term), |writer| match to {
        Dest::Pid(pid) => encode::send(writer, &pid.borrow()),
        Dest::Name { name, .. } => encode::reg_send(writer, &from.borrow(), name),
        Dest::Alias(alias) => to_alias(writer, link, &from.borrow(), &alias.borrow()),
    })
    .map_err(failed)
}

impl Inner {
    fn end_monitor(&self, link: Option<&Link>, from: &OwnedPid, to: &Dest, reference: &OwnedRef) {
        let Some(link) = link else { return self.stop_watching(from, to, reference) };
        if let Some(callee) = named(to).filter(|_| link.flags().contains(MONITORS)) {
            // A link that is down has no monitors.
            let _down = link.signal(from, None, |writer| {
                encode::demonitor_p(writer, &from.borrow(), &callee, &reference.borrow())
            });
        }
    }
}

/// The end of the link, with all that was read from it.
async fn ended(link: Option<&Link>) -> NodeError {
    match link {
        Some(link) => {
            link.0.finished.wait().await;
            link.down_error()
        }
        None => std::future::pending().await,
    }
}

fn not_linked(to: &Dest) -> NodeError {
    NodeError::NotLinked { peer: to.node().to_owned() }
}
