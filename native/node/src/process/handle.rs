//! What a task holds to be a process.
//!
//! ```
//! use outrigger_node::term::{from_slice, to_vec};
//! use outrigger_node::{Dest, Message, OwnedPid, ProcessOptions, Reason};
//!
//! # use outrigger_node::{Config, Epmd, Listen, Node, cookie};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut config = Config::new("doc@127.0.0.1".parse()?, cookie::from_text("secret", "an example")?);
//! # (config.epmd, config.listen) = (Epmd::Off, Listen::Off);
//! # let node = Node::start(config, vec![]).await?;
//! // A task that is a process: it doubles numbers for whoever asks, `{From, Number}`, and its end is the end of the task.
//! let doubler = node.spawn(&ProcessOptions::default(), |mut process| async move {
//!     while let Some(Message::Term(term)) = process.recv().await {
//!         let Ok((from, number)) = from_slice::<(OwnedPid, i64)>(&term) else {
//!             return Err(Reason::tuple("bad_request", "not {pid, integer}"));
//!         };
//!         let answer = to_vec(&(number * 2)).map_err(|_| Reason::badarg())?;
//!         // Lost if nobody is there any more, as on a BEAM.
//!         let _sent = process.send(&Dest::Pid(from), &answer);
//!     }
//!     Ok(())
//! })?;
//!
//! // A process that the caller is. On a peer the doubler would be reached by the same calls.
//! let mut process = node.process()?;
//! let watch = process.monitor(&Dest::from(&doubler))?;
//! process.send(&Dest::from(&doubler), &to_vec(&(process.pid(), 21))?)?;
//! assert_eq!(process.recv().await, Some(Message::Term(to_vec(&42)?.into())));
//!
//! process.send(&Dest::from(&doubler), &to_vec("nonsense")?)?;
//! let Some(Message::Down { reference, reason, .. }) = process.recv().await else { return Err("no DOWN".into()) };
//! assert_eq!((reference, reason.to_string().as_str()), (watch, "{:bad_request, \"not {pid, integer}\"}"));
//! # node.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! Limits: one task reads a mailbox. A killed process learns it by `None` from [`Process::recv`]; `Node::spawn` stops the task
//! as well.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use outrigger_proto::control::{ExitKind, encode};
use outrigger_proto::{OwnedPid, OwnedRef};

use super::state::State;
use super::table::NameRefused;
use super::{Dest, Message, ProcessFigures, ProcessOptions, Reason, SendError, end};
use crate::call::{self, Question};
use crate::error::NodeError;
use crate::link::SignalError;
use crate::node::Node;

/// One process of this node. Dropping it ends it with `normal`.
pub struct Process {
    node: Node,
    state: Arc<State>,
    /// Whether this handle's end is the end of the process, and not that of the task around it.
    owner: bool,
}

impl Process {
    /// From now on the task around it ends it.
    pub(super) fn lend(&mut self) {
        self.owner = false;
    }

    pub(super) fn start(node: &Node, options: &ProcessOptions) -> Result<Self, NodeError> {
        let inner = &node.0;
        if inner.stopping() {
            return Err(NodeError::ShutDown);
        }
        let state = Arc::new(State::new(inner.allocate_pid(), options));
        if !inner.processes.insert(state.clone()) {
            let problem = format!("there are {} processes", inner.config.bounds.max_processes);
            return Err(NodeError::BadOption { option: "max_processes", problem });
        }
        Ok(Self { node: node.clone(), state, owner: true })
    }

    /// Its pid.
    #[must_use]
    pub fn pid(&self) -> &OwnedPid {
        &self.state.pid
    }

    /// The node that it runs on.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    pub(super) fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// The next message; waits for one. `None` when the process has ended: see [`Process::ended`]. Cancel-safe.
    pub async fn recv(&mut self) -> Option<Message> {
        self.state.mailbox.next().await
    }

    /// The next message, if one is there.
    pub fn try_recv(&mut self) -> Option<Message> {
        self.state.mailbox.pop()
    }

    /// What it holds now.
    #[must_use]
    pub fn figures(&self) -> ProcessFigures {
        let (waiting, dropped) = self.state.mailbox.figures();
        self.state.relations.lock().figures(waiting, dropped)
    }

    /// Why it has ended, if it has.
    #[must_use]
    pub fn ended(&self) -> Option<Reason> {
        self.state.relations.lock().ended.clone()
    }

    /// Takes a registered name, under which peers find it, too. A process may have several.
    ///
    /// # Errors
    /// The name is taken or no atom, or there are too many names.
    pub fn register(&self, name: &str) -> Result<(), NodeError> {
        let bad = |problem: String| NodeError::BadOption { option: "register", problem };
        let inner = &self.node.0;
        if name.is_empty() || name.chars().count() > 255 || name == "undefined" {
            return Err(bad(format!("{name:?} cannot be a registered name")));
        }
        if name == crate::dispatch::NET_KERNEL || inner.name_owner(name).is_some() {
            return Err(bad(format!("a service of this node has the name {name}")));
        }
        let kept = inner.processes.name(name, &self.state).map_err(|refused| match refused {
            NameRefused::Taken => bad(format!("another process has the name {name}")),
            NameRefused::TooMany { max } => bad(format!("there are {max} registered names; raise max_names")),
        })?;
        let mut ties = self.state.relations.lock();
        if ties.ended.is_some() {
            drop(ties);
            inner.processes.unname(name, &self.state);
            return Ok(());
        }
        ties.names.insert(kept);
        Ok(())
    }

    /// Gives a name back. Whether it was its own.
    pub fn unregister(&self, name: &str) -> bool {
        self.state.relations.lock().names.remove(name);
        self.node.0.processes.unname(name, &self.state)
    }

    /// Sends a term, without the version byte. To somebody who is not there it is lost, as on a BEAM.
    ///
    /// # Errors
    /// The bytes are not one term, or there is no link to the node.
    pub fn send(&self, to: &Dest, term: &[u8]) -> Result<(), SendError> {
        self.node.0.send(self.pid(), to, term)
    }

    /// Links with a process: the end of one is an exit signal to the other. Linking twice is linking once. When there is no
    /// such process or no link to its node, the exit signal comes at once.
    pub fn link(&self, to: &OwnedPid) {
        let inner = &self.node.0;
        if to == self.pid() {
            return;
        }
        // The end of this link is seen by what is noted from here on; nothing may go over a later one.
        let link = inner.registry.link_to(&to.node);
        let mut ties = self.state.relations.lock();
        if !ties.links.link(to) {
            return;
        }
        if !inner.is_own(&to.node) {
            let sent = link.is_some_and(|link| {
                link.signal(self.pid(), None, |writer| {
                    encode::link(writer, &self.pid().borrow(), &to.borrow())
                })
                .is_ok()
            });
            drop(ties);
            if !sent {
                self.linked_to_nobody(to, Reason::noconnection());
            }
            return;
        }
        drop(ties);
        let other = inner.find(&Dest::from(to));
        let linked = other.is_some_and(|other| {
            let mut ties = other.relations.lock();
            ties.ended.is_none() && {
                ties.links.on_link(self.pid().clone());
                true
            }
        });
        if !linked {
            self.linked_to_nobody(to, Reason::noproc());
        }
    }

    fn linked_to_nobody(&self, to: &OwnedPid, reason: Reason) {
        if let Some(reason) = end::exit_signal(&self.node.0, &self.state, ExitKind::Linked, to, &reason) {
            end::end(&self.node.0, &self.state, reason);
        }
    }

    /// Unlinks: no exit of that process counts from now on.
    pub fn unlink(&self, from: &OwnedPid) {
        let inner = &self.node.0;
        if inner.is_own(&from.node) {
            self.state.relations.lock().links.forget(from);
            if let Some(other) = inner.find(&Dest::from(from)) {
                other.relations.lock().links.forget(self.pid());
            }
            return;
        }
        let mut ties = self.state.relations.lock();
        let Some(id) = ties.links.unlink(from) else { return };
        ties.settle(from);
        // A link that is down has no links.
        let _down = inner.signal(self.pid(), &from.node, None, |writer, _link| {
            encode::unlink_id(writer, id, &self.pid().borrow(), &from.borrow())
        });
    }

    /// Watches a process: when it ends, or is not there, [`Message::Down`] comes, once.
    ///
    /// # Errors
    /// The name is no atom, or it is an alias.
    pub fn monitor(&self, to: &Dest) -> Result<OwnedRef, NodeError> {
        let inner = &self.node.0;
        let Some(process) = super::outward::named(to) else {
            let problem = "an alias cannot be monitored; monitor the process".into();
            return Err(NodeError::BadOption { option: "monitor", problem });
        };
        let reference = inner.make_ref();
        // Before the monitor is noted: see `link`.
        let link = inner.registry.link_to(to.node());
        self.state.relations.lock().monitors.insert(reference.clone(), to.clone());
        if inner.is_own(to.node()) {
            inner.watch_here(self.pid(), to, &reference);
            return Ok(reference);
        }
        let sent = link.map(|link| {
            link.signal(self.pid(), None, |writer| {
                encode::monitor_p(writer, &self.pid().borrow(), &process, &reference.borrow())
            })
        });
        match sent {
            Some(Ok(())) => Ok(reference),
            None | Some(Err(SignalError::Closed(_))) => {
                end::down(inner, self.pid(), &reference, &Reason::noconnection());
                Ok(reference)
            }
            Some(Err(error @ SignalError::Encode(_))) => {
                self.state.relations.lock().monitors.remove(&reference);
                Err(NodeError::BadOption { option: "monitor", problem: error.to_string() })
            }
        }
    }

    /// Watches no longer. A `DOWN` that is in the mailbox already stays there.
    pub fn demonitor(&self, reference: &OwnedRef) {
        let watched = self.state.relations.lock().monitors.remove(reference);
        if let Some(watched) = watched {
            self.node.0.stop_watching(self.pid(), &watched, reference);
        }
    }

    /// Asks a process, as `gen_server:call/3`, and waits for the answer: a term without the version byte. What comes for the
    /// mailbox meanwhile stays there.
    ///
    /// # Errors
    /// No link, no such process, it ended, no answer in time, the link ended, or the request is not one term.
    pub async fn call(&self, to: &Dest, request: &[u8], timeout: Duration) -> Result<Vec<u8>, NodeError> {
        call::call(&self.node.0, Question { from: self.pid(), to, timeout }, request).await
    }

    /// A new address of this process that can be given up again, for answers that may come too late.
    #[must_use]
    pub fn alias(&self) -> OwnedRef {
        let inner = &self.node.0;
        let alias = inner.make_ref();
        inner.processes.alias(&alias, &self.state);
        let mut ties = self.state.relations.lock();
        if ties.ended.is_none() {
            ties.aliases.insert(alias.clone());
            return alias;
        }
        drop(ties);
        inner.processes.unalias(&alias);
        alias
    }

    /// Gives an alias up: what comes for it is lost.
    pub fn unalias(&self, alias: &OwnedRef) {
        if self.state.relations.lock().aliases.remove(alias) {
            self.node.0.processes.unalias(alias);
        }
    }

    /// Sends an exit signal, as `exit/2`.
    pub fn exit(&self, to: &OwnedPid, reason: Reason) {
        let inner = &self.node.0;
        if !inner.is_own(&to.node) {
            inner.send_exit2(self.pid(), to, &reason);
        } else if let Some(other) = inner.find(&Dest::from(to))
            && let Some(reason) = end::exit_signal(inner, &other, ExitKind::Sent, self.pid(), &reason)
        {
            end::end(inner, &other, reason);
        }
    }

    /// Whether exits of linked processes are messages from now on.
    pub fn trap_exit(&self, traps: bool) {
        self.state.relations.lock().trap_exit = traps;
    }

    /// Ends the process.
    pub fn finish(self, reason: Reason) {
        end::end(&self.node.0, &self.state, reason);
    }

    /// Puts a term into its own mailbox.
    pub fn send_self(&self, term: Bytes) {
        self.node.0.deliver(&self.state, term);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.owner {
            end::end(&self.node.0, &self.state, Reason::normal());
        }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("pid", self.pid()).finish_non_exhaustive()
    }
}
