//! Questions to a peer's registered processes, as `gen_server:call/3` asks them.
//!
//! The call has a pid of its own and a reference. Where the peer supports it, the callee is monitored by name
//! under the same reference, so that a missing or dying process is an answer, not a time-out.
//!
//! Limits: for rare questions (a doctor, a probe). An answer that comes too late is dropped and counted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use outrigger_proto::control::{Process, encode};
use outrigger_proto::frame::{self, Framing};
use outrigger_proto::{Flags, NodeName, OwnedPid, ProtoError};
use outrigger_term::{Atom, Pid, Reader, Reference, TermError, Writer};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::error::NodeError;
use crate::event::DownReason;
use crate::inner::Inner;
use crate::link::{Link, LinkId};
use crate::random;

/// References have three words here; the first uses 18 bits, as all releases accept.
const REFERENCE_WORDS: usize = 3;
const FIRST_WORD: u32 = (1 << 18) - 1;
/// Without both, a BEAM turns a monitor into a link.
const MONITORS: Flags = Flags::DIST_MONITOR.union(Flags::DIST_MONITOR_NAME);

/// The calls that wait for an answer.
pub(crate) struct Calls {
    waiting: Mutex<HashMap<(u32, u32), Waiting>>,
    max: usize,
}

struct Waiting {
    link: LinkId,
    reference: [u32; REFERENCE_WORDS],
    answer: oneshot::Sender<Answer>,
}

enum Answer {
    Reply(Vec<u8>),
    NoProcess,
    Died,
}

impl Calls {
    pub(crate) fn new(max: usize) -> Self {
        Self { waiting: Mutex::default(), max }
    }

    /// Takes `{Ref, Reply}` for a call. `false` if no call waits for it on that link.
    pub(crate) fn reply(&self, link: LinkId, to: Pid<'_>, payload: &[u8]) -> bool {
        let parse = || -> Result<(Reference<'_>, &[u8]), TermError> {
            let mut reader = Reader::new(payload);
            if reader.tuple()? != 2 {
                return Err(TermError::BadVersion { byte: 0 });
            }
            let reference = reader.reference()?;
            let reply = reader.skip()?;
            reader.expect_end()?;
            Ok((reference, reply))
        };
        match parse() {
            Ok((reference, reply)) => {
                self.answer(link, to, reference.words(), || Answer::Reply(reply.to_vec()))
            }
            Err(_error) => false,
        }
    }

    /// Takes the end of a callee.
    pub(crate) fn down(&self, link: LinkId, to: Pid<'_>, reference: &Reference<'_>, noproc: bool) -> bool {
        self.answer(link, to, reference.words(), || if noproc { Answer::NoProcess } else { Answer::Died })
    }

    fn answer(&self, link: LinkId, to: Pid<'_>, words: &[u32], answer: impl FnOnce() -> Answer) -> bool {
        let mut waiting = self.waiting.lock();
        let key = (to.id, to.serial);
        if !waiting.get(&key).is_some_and(|call| call.link == link && call.reference == words) {
            return false;
        }
        if let Some(call) = waiting.remove(&key) {
            // The caller may have given up in this moment.
            let _gone = call.answer.send(answer());
        }
        true
    }
}

/// Forgets the call when its future ends, however it ends.
struct Forget<'a>(&'a Calls, (u32, u32));

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.0.waiting.lock().remove(&self.1);
    }
}

pub(crate) async fn call(
    inner: &Arc<Inner>,
    peer: &NodeName,
    name: &str,
    request: impl FnOnce(&OwnedPid) -> Vec<u8>,
    timeout: Duration,
) -> Result<Vec<u8>, NodeError> {
    let link = inner.registry.link(peer).ok_or_else(|| NodeError::NotLinked { peer: peer.to_string() })?;
    let pid = inner.allocate_pid();
    let words = [random::challenge()? & FIRST_WORD, random::challenge()?, random::challenge()?];
    let (answer, answered) = oneshot::channel();
    {
        let mut waiting = inner.calls.waiting.lock();
        if waiting.len() >= inner.calls.max {
            let problem = format!("more than {} calls wait for an answer", inner.calls.max);
            return Err(NodeError::BadOption { option: "max_calls", problem });
        }
        waiting.insert((pid.id, pid.serial), Waiting { link: link.id(), reference: words, answer });
    }
    let _forget = Forget(&inner.calls, (pid.id, pid.serial));
    let failed = |reason: DownReason| NodeError::LinkDown { peer: peer.to_string(), reason };
    let question = question(inner, &link, &pid, &words, name, &request(&pid))
        .map_err(|error| NodeError::BadOption { option: "call", problem: error.to_string() })?;
    let reason = || link.0.closing.get().cloned().unwrap_or(DownReason::Internal);
    link.send(question).map_err(|_closed| failed(reason()))?;
    let answer = tokio::select! {
        biased;
        answer = answered => answer.ok(),
        _ = link.0.finished.wait() => return Err(failed(reason())),
        () = tokio::time::sleep(timeout) => None,
    };
    let (peer, name) = (peer.to_string(), name.to_owned());
    if !matches!(answer, Some(Answer::NoProcess | Answer::Died)) {
        end_monitor(inner, &link, &pid, &words, &name);
    }
    match answer {
        Some(Answer::Reply(reply)) => Ok(reply),
        Some(Answer::NoProcess) => Err(NodeError::NoProcess { peer, name }),
        Some(Answer::Died) => Err(NodeError::ProcessDown { peer, name }),
        None => Err(NodeError::CallTimeout { peer, name, after: timeout }),
    }
}

/// The monitor, if the peer understands one, and the request behind it, as one buffer.
fn question(
    inner: &Inner,
    link: &Link,
    pid: &OwnedPid,
    words: &[u32],
    name: &str,
    request: &[u8],
) -> Result<Bytes, ProtoError> {
    let mut payload = Vec::with_capacity(request.len() + 512);
    let mut writer = Writer::new(&mut payload);
    writer.tuple(3);
    let written = writer.atom("$gen_call").and_then(|()| {
        writer.tuple(2);
        writer.pid(&pid.borrow())?;
        writer.reference(&reference(inner, words)?)
    });
    written.map_err(ProtoError::Encode)?;
    writer.raw(request);
    // What is not one well-formed term would cost us the link.
    outrigger_proto::message::check_payload(&payload)?;
    let mut frames = Vec::with_capacity(payload.len() + 1024);
    if link.flags().contains(MONITORS) {
        frame::append(&mut frames, Framing::Header, None, |writer| {
            let callee = Process::Name(Atom::Utf8(name));
            encode::monitor_p(writer, &pid.borrow(), &callee, &reference(inner, words)?)
        })?;
    }
    frame::append(&mut frames, Framing::Header, Some(&payload), |writer| {
        encode::reg_send(writer, &pid.borrow(), name)
    })?;
    Ok(frames.into())
}

fn end_monitor(inner: &Inner, link: &Link, pid: &OwnedPid, words: &[u32], name: &str) {
    if !link.flags().contains(MONITORS) {
        return;
    }
    let mut bytes = Vec::new();
    let written = frame::append(&mut bytes, Framing::Header, None, |writer| {
        let callee = Process::Name(Atom::Utf8(name));
        encode::demonitor_p(writer, &pid.borrow(), &callee, &reference(inner, words)?)
    });
    // The same parts were written before, and a link that is down has no monitors.
    if written.is_ok() {
        let _down = link.send(bytes.into());
    }
}

fn reference<'a>(inner: &'a Inner, words: &[u32]) -> Result<Reference<'a>, TermError> {
    Reference::new(Atom::Utf8(inner.config.name.as_str()), inner.creation.0, words)
        .ok_or(TermError::CallerBadReference { words: words.len() })
}
