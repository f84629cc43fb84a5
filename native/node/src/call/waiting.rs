//! The calls that wait for an answer, by their reference.
//!
//! Invariants: a call is answered at most once, and only over the link that its question went out on. One whose future is
//! dropped is forgotten; what comes for it later is nobody's.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use outrigger_term::{Reader, TermError, tag};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::gen_server::alias_of;
use crate::link::LinkId;
use crate::process::Reason;

/// A reference of ours, by its words.
pub(super) type Words = [u32; 3];

/// The calls that wait. A link of `None` is this node itself.
pub(crate) struct Calls {
    waiting: Mutex<HashMap<Words, Waiting>>,
    /// How many, to be asked without the lock.
    count: AtomicUsize,
    max: usize,
}

struct Waiting {
    link: Option<LinkId>,
    answer: oneshot::Sender<Answer>,
}

/// What a call comes to.
#[derive(Debug)]
pub(super) enum Answer {
    Reply(Vec<u8>),
    /// The callee has ended, or was never there.
    Down(Reason),
}

/// A call's place. It is given back when this is dropped.
pub(super) struct Place<'a> {
    calls: &'a Calls,
    words: Words,
    pub(super) answer: oneshot::Receiver<Answer>,
}

impl Calls {
    pub(crate) fn new(max: usize) -> Self {
        Self { waiting: Mutex::default(), count: AtomicUsize::new(0), max }
    }

    /// A place for a call; `None` when as many wait as may.
    pub(super) fn begin(&self, link: Option<LinkId>, words: Words) -> Option<Place<'_>> {
        let mut waiting = self.waiting.lock();
        if waiting.len() >= self.max {
            return None;
        }
        let (sender, answer) = oneshot::channel();
        waiting.insert(words, Waiting { link, answer: sender });
        self.count.store(waiting.len(), Relaxed);
        Some(Place { calls: self, words, answer })
    }

    /// How many may wait.
    pub(super) fn max(&self) -> usize {
        self.max
    }

    /// Takes `{Ref, Reply}` or `{[alias | Ref], Reply}` for a call. `false` if none waits for it on that link.
    pub(crate) fn reply(&self, link: Option<LinkId>, term: &[u8]) -> bool {
        if self.count.load(Relaxed) == 0 {
            return false;
        }
        let Ok(Some((words, reply))) = parse(term) else { return false };
        self.answer(link, words, || Answer::Reply(reply.to_vec()))
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

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.calls.waiting.lock();
        waiting.remove(&self.words);
        self.calls.count.store(waiting.len(), Relaxed);
    }
}

fn parse(term: &[u8]) -> Result<Option<(Words, &[u8])>, TermError> {
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
    let reply = reader.skip()?;
    Ok(reference.words().try_into().ok().map(|words| (words, reply)))
}
