//! The calls that wait for an answer, by their reference.
//!
//! Invariants: a call is answered at most once, and only over the link that its question went out on. One whose future is
//! dropped is forgotten; what comes for it later is nobody's.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use outrigger_proto::OwnedPid;
use outrigger_proto::control::{SpawnReply, Spawned};
use outrigger_term::{Reader, Reference, TermError, tag};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::error::NodeError;
use crate::escape::Printable;
use crate::gen_server::alias_of;
use crate::link::LinkId;
use crate::process::Reason;

/// A reference of ours, by its words.
pub(super) type Words = [u32; 3];

/// The calls that wait. A link of `None` is this node itself.
pub(crate) struct Calls {
    /// The node and the run of it that references of calls have.
    node: Arc<str>,
    creation: u32,
    waiting: Mutex<HashMap<Words, Waiting>>,
    /// How many, to be asked without the lock.
    count: AtomicUsize,
    max: usize,
}

struct Waiting {
    link: Option<LinkId>,
    /// What was spawned for it.
    spawned: Option<OwnedPid>,
    answer: oneshot::Sender<Answer>,
}

/// What a call comes to.
#[derive(Debug)]
pub(crate) enum Answer {
    Reply(Vec<u8>),
    /// The callee has ended, or was never there.
    Down(Reason),
    /// What was to be spawned was not.
    Refused(String),
}

/// A call's place. It is given back when this is dropped.
pub(crate) struct Place<'a> {
    calls: &'a Calls,
    words: Words,
    pub(crate) answer: oneshot::Receiver<Answer>,
}

impl Calls {
    pub(crate) fn new(node: Arc<str>, creation: u32, max: usize) -> Self {
        Self { node, creation, waiting: Mutex::default(), count: AtomicUsize::new(0), max }
    }

    /// A place for a call; `None` when as many wait as may.
    pub(crate) fn begin(&self, link: Option<LinkId>, words: Words) -> Option<Place<'_>> {
        let mut waiting = self.waiting.lock();
        if waiting.len() >= self.max {
            return None;
        }
        let (sender, answer) = oneshot::channel();
        waiting.insert(words, Waiting { link, spawned: None, answer: sender });
        self.count.store(waiting.len(), Relaxed);
        Some(Place { calls: self, words, answer })
    }

    /// As many wait as may.
    pub(crate) fn full(&self) -> NodeError {
        let problem = format!("{} calls wait for an answer", self.max);
        NodeError::BadOption { option: "max_calls", problem }
    }

    /// Takes a `SPAWN_REPLY`. `false` if no call waits for it.
    pub(crate) fn spawned(&self, link: LinkId, reply: &SpawnReply<'_>) -> bool {
        let Ok(words) = reply.request.words().try_into() else { return false };
        match reply.result {
            Spawned::Error(why) => {
                self.answer(Some(link), words, || Answer::Refused(Printable::text(&why.text()).to_string()))
            }
            Spawned::Pid(pid) => {
                let mut waiting = self.waiting.lock();
                let Some(call) = waiting.get_mut(&words).filter(|call| call.link == Some(link)) else {
                    return false;
                };
                call.spawned = Some(OwnedPid::from(pid));
                true
            }
        }
    }

    /// Takes `{Ref, Reply}` or `{[alias | Ref], Reply}` for a call. `false` if none waits for it on that link.
    pub(crate) fn reply(&self, link: Option<LinkId>, term: &[u8]) -> bool {
        if self.count.load(Relaxed) == 0 {
            return false;
        }
        let Ok(Some((reference, reply))) = parse(term) else { return false };
        let ours = reference.creation == self.creation && reference.node.eq_str(&self.node);
        let Ok(words) = reference.words().try_into() else { return false };
        ours && self.answer(link, words, || Answer::Reply(reply.to_vec()))
    }

    /// Takes the end of a callee.
    pub(crate) fn down(&self, link: Option<LinkId>, words: &[u32], reason: &Reason) -> bool {
        let Ok(words) = words.try_into() else { return false };
        self.answer(link, words, || Answer::Down(reason.clone()))
    }

    fn answer(&self, link: Option<LinkId>, words: Words, answer: impl FnOnce() -> Answer) -> bool {
        let mut waiting = self.waiting.lock();
        if waiting.get(&words).is_none_or(|call| call.link != link) {
            return false;
        }
        let call = waiting.remove(&words);
        self.count.store(waiting.len(), Relaxed);
        drop(waiting);
        if let Some(call) = call {
            // The caller may have given up in this moment.
            let _gone = call.answer.send(answer());
        }
        true
    }
}

impl Place<'_> {
    /// The process that was spawned for the call, once it is known.
    pub(crate) fn spawned(&self) -> Option<OwnedPid> {
        self.calls.waiting.lock().get(&self.words)?.spawned.clone()
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.calls.waiting.lock();
        waiting.remove(&self.words);
        self.calls.count.store(waiting.len(), Relaxed);
    }
}

fn parse(term: &[u8]) -> Result<Option<(Reference<'_>, &[u8])>, TermError> {
    let mut reader = Reader::new(term);
    if reader.tuple()? != 2 {
        return Ok(None);
    }
    let reference = match reader.tag()? {
        tag::LIST => match alias_of(reader.skip()?)? {
            Some(alias) => alias,
            None => return Ok(None),
        },
        _ => reader.reference()?,
    };
    Ok(Some((reference, reader.skip()?)))
}
