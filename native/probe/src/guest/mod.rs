//! The guest: one process on the node that is watched.
//!
//! 1. The text of the program is scanned and parsed there (`erl_scan:string/1`, `erl_parse:parse_exprs/1`), so that it is right for every release.
//! 2. `erlang:spawn(erl_eval, exprs, [Forms, [{'Owner', Pid}]])` starts it. Its first act is to link itself to a process of ours.
//! 3. It says hello, and from then on answers `{round, Tag, Wanted}` with `{Tag, Answer}`.
//!
//! There are three programs: one answers rounds (what the node does), one samples stacks (what its processes run), one reads who has started whom.
//!
//! It goes when its owner goes: when this value is dropped, when our node ends, when the link between the nodes breaks. What it held
//! (`scheduler_wall_time`) goes with it.

mod program;
mod wanted;

use std::time::Duration;

use bytes::Bytes;
use outrigger_node::{Dest, Message, Node, NodeName, OwnedPid, Process, Reason};
use outrigger_term::{Reader, SerdeError, Term, TermError, Writer, from_slice};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::ProbeError;
use crate::answer::Hello;

pub(crate) use wanted::Wanted;

/// A guest on a peer, and the process of ours that it is linked to.
#[derive(Debug)]
pub struct Guest {
    peer: NodeName,
    owner: Process,
    pid: OwnedPid,
    hello: Hello,
    rounds: u64,
}

impl Guest {
    /// Starts a guest on a node that is linked.
    ///
    /// # Errors
    /// The peer refuses it, is too old, or does not answer within `patience`.
    pub async fn start(node: &Node, peer: &NodeName, patience: Duration) -> Result<Self, ProbeError> {
        Self::with_program(program::ROUNDS, node, peer, patience).await
    }

    /// Starts one that samples.
    pub(crate) async fn sampler(
        node: &Node,
        peer: &NodeName,
        patience: Duration,
    ) -> Result<Self, ProbeError> {
        Self::with_program(program::SAMPLER, node, peer, patience).await
    }

    /// Starts one that reads the tree.
    pub(crate) async fn tree(node: &Node, peer: &NodeName, patience: Duration) -> Result<Self, ProbeError> {
        Self::with_program(program::TREE, node, peer, patience).await
    }

    async fn with_program(
        program: &'static str,
        node: &Node,
        peer: &NodeName,
        patience: Duration,
    ) -> Result<Self, ProbeError> {
        let deadline = Instant::now() + patience;
        let owner = node.process()?;
        // The guest's own link comes as a signal; its end is a message then.
        owner.trap_exit(true);
        let call = Call { node, peer, deadline };
        let text = list_of_one(|writer| writer.charlist(program.as_bytes()))?;
        let tokens = call.ok("erl_scan", "string", &text).await?;
        let forms = call.ok("erl_parse", "parse_exprs", &list_of_one(|writer| raw(writer, &tokens))?).await?;
        let started = call.run("erlang", "spawn", &spawn(owner.pid(), &forms)?).await?;
        let pid = OwnedPid::from(Reader::new(&started).pid()?);
        let mut guest = Self { peer: peer.clone(), owner, pid, hello: Hello::default(), rounds: 0 };
        let hello = guest.message(deadline, patience).await?;
        guest.hello = guest.hello_in(&hello)?;
        Ok(guest)
    }

    /// What the node is.
    #[must_use]
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// The node that it is on.
    #[must_use]
    pub fn peer(&self) -> &NodeName {
        &self.peer
    }

    /// One question, one answer. An answer that comes after `patience` is dropped when it comes.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &mut self,
        request: impl FnOnce(u64) -> Result<Vec<u8>, TermError>,
        patience: Duration,
    ) -> Result<T, ProbeError> {
        self.rounds += 1;
        let tag = self.rounds;
        self.owner
            .send(&Dest::Pid(self.pid.clone()), &request(tag)?)
            .map_err(|error| self.ended(&error.to_string()))?;
        let deadline = Instant::now() + patience;
        loop {
            let term = self.message(deadline, patience).await?;
            let (of, answer): (u64, Term<'_>) = match read_answer(&term) {
                Ok(answer) => answer,
                // Whatever else was sent to our process.
                Err(_) => continue,
            };
            if of == tag {
                return from_slice(answer.bytes()).map_err(|problem| self.not_understood(problem));
            }
        }
    }

    fn hello_in(&self, term: &[u8]) -> Result<Hello, ProbeError> {
        let mut reader = Reader::new(term);
        reader.tuple()?;
        reader.skip()?;
        reader.skip()?;
        from_slice(reader.skip()?).map_err(|problem| self.not_understood(problem))
    }

    /// Waits, unless it ends meanwhile. What is heard until then was asked for by nobody any more.
    pub(crate) async fn rest(&mut self, until: Instant) -> Result<(), ProbeError> {
        while self.heard(until).await?.is_some() {}
        Ok(())
    }

    async fn message(&mut self, deadline: Instant, patience: Duration) -> Result<Bytes, ProbeError> {
        let heard = self.heard(deadline).await?;
        heard
            .ok_or_else(|| ProbeError::Silent { peer: self.peer.to_string(), after_ms: patience.as_millis() })
    }

    /// `None`: nothing before the deadline.
    async fn heard(&mut self, deadline: Instant) -> Result<Option<Bytes>, ProbeError> {
        loop {
            let Ok(message) = timeout_at(deadline, self.owner.recv()).await else { return Ok(None) };
            match message {
                Some(Message::Term(term)) => return Ok(Some(term)),
                Some(Message::Exit { reason, .. }) => return Err(self.ended(&reason.to_string())),
                Some(_) => {}
                None => return Err(self.ended("our node was shut down")),
            }
        }
    }

    pub(crate) fn not_understood(&self, problem: SerdeError) -> ProbeError {
        ProbeError::Answer { peer: self.peer.to_string(), problem: problem.into() }
    }

    fn ended(&self, reason: &str) -> ProbeError {
        ProbeError::Ended { peer: self.peer.to_string(), reason: reason.to_owned() }
    }
}

/// Our process would end as `normal`, which ends nobody who is linked to it.
impl Drop for Guest {
    fn drop(&mut self) {
        self.owner.exit(&self.pid, Reason::shutdown());
    }
}

/// Calls of one start, all before one deadline.
struct Call<'a> {
    node: &'a Node,
    peer: &'a NodeName,
    deadline: Instant,
}

impl Call<'_> {
    async fn run(
        &self,
        module: &'static str,
        function: &'static str,
        args: &[u8],
    ) -> Result<Bytes, ProbeError> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        self.node.erpc(self.peer, module, function, args, left).await.map_err(|problem| ProbeError::Refused {
            peer: self.peer.to_string(),
            step: module,
            problem: problem.into(),
        })
    }

    /// The second element of `{ok, Value}` or `{ok, Value, _}`.
    async fn ok(
        &self,
        module: &'static str,
        function: &'static str,
        args: &[u8],
    ) -> Result<Bytes, ProbeError> {
        let answer = self.run(module, function, args).await?;
        let mut reader = Reader::new(&answer);
        if reader.tuple().is_ok() && reader.atom().is_ok_and(|tag| tag.eq_str("ok")) {
            return Ok(answer.slice_ref(reader.skip()?));
        }
        let answer = Term::new(&answer).map_or_else(|_| "no term".to_owned(), |term| term.to_string());
        Err(ProbeError::Program { peer: self.peer.to_string(), answer })
    }
}

/// `[erl_eval, exprs, [Forms, [{'Owner', Pid}]]]`
fn spawn(owner: &OwnedPid, forms: &[u8]) -> Result<Vec<u8>, TermError> {
    let mut bytes = Vec::with_capacity(forms.len() + 128);
    let mut writer = Writer::new(&mut bytes);
    writer.list(3);
    writer.atom("erl_eval")?;
    writer.atom("exprs")?;
    writer.list(2);
    writer.raw(forms);
    writer.list(1);
    writer.tuple(2);
    writer.atom("Owner")?;
    writer.pid(&owner.borrow())?;
    writer.nil();
    writer.nil();
    writer.nil();
    Ok(bytes)
}

fn list_of_one(write: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>) -> Result<Vec<u8>, TermError> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    writer.list(1);
    write(&mut writer)?;
    writer.nil();
    Ok(bytes)
}

fn raw(writer: &mut Writer<'_>, term: &[u8]) -> Result<(), TermError> {
    writer.raw(term);
    Ok(())
}

/// `{Tag, Answer}`
fn read_answer(term: &[u8]) -> Result<(u64, Term<'_>), TermError> {
    let mut reader = Reader::new(term);
    reader.tuple()?;
    let tag = reader.unsigned()?;
    Ok((tag, Term::new(reader.skip()?)?))
}
