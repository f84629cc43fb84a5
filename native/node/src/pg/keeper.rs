//! The task of a scope: the one place where it changes.
//!
//! Messages of peers, ends of processes, changes by handles, news of links and the time come in; what the state machine
//! wants done goes out, in its order. Subscribers are told under the lock, so that a snapshot and what follows it fit.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use outrigger_proto::pg::{Action, Address, Scope};
use outrigger_proto::{NodeName, OwnedPid, OwnedRef};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until};

use super::handle::{Command, Shared};
use crate::error::NodeError;
use crate::event::NodeEvent;
use crate::link::millis;
use crate::node::Node;
use crate::process::{Dest, MailboxBounds, Message, Overflow, Process, ProcessOptions};

/// Between the end of a scope process and the next one.
const PAUSE: Duration = Duration::from_millis(100);
/// A lost message would leave a wrong list for ever, so a mailbox that overflows ends the process, and all is told anew.
const MAILBOX: MailboxBounds =
    MailboxBounds { messages: 1_000_000, bytes: 256 << 20, overflow: Overflow::End };

/// A process under the scope's name.
pub(super) fn scope_process(node: &Node, scope: &str) -> Result<Process, NodeError> {
    let process = node.process_with(&ProcessOptions::default().tell_peer().trap_exit().mailbox(MAILBOX))?;
    process.register(scope)?;
    Ok(process)
}

pub(super) struct Keeper {
    shared: Arc<Shared>,
    process: Process,
    commands: mpsc::Receiver<Command>,
    links: Option<Receiver<NodeEvent>>,
    /// The monitors, both ways.
    watched: HashMap<OwnedRef, OwnedPid>,
    watches: HashMap<OwnedPid, OwnedRef>,
    zero: Instant,
}

impl Drop for Keeper {
    /// Also when the node is shut down and the task just stops.
    fn drop(&mut self) {
        self.shared.state.lock().subscribers.end();
    }
}

impl Keeper {
    pub(super) fn new(shared: Arc<Shared>, process: Process, commands: mpsc::Receiver<Command>) -> Self {
        // Before the first look at the links, so that none is missed.
        let links = process.node().0.watch();
        Self {
            shared,
            process,
            commands,
            links,
            watched: HashMap::new(),
            watches: HashMap::new(),
            zero: Instant::now(),
        }
    }

    /// Works until the last handle is dropped.
    pub(super) async fn run(mut self) {
        self.look_at_links();
        loop {
            let due = self.shared.state.lock().scope.next_poll();
            let due = due.map(|due| self.zero + Duration::from_millis(due));
            tokio::select! {
                message = self.process.recv() => match message {
                    Some(message) => self.on_message(message),
                    None if self.restart().await => {}
                    None => return,
                },
                command = self.commands.recv() => match command {
                    Some(command) => self.on_command(command),
                    None => return,
                },
                news = news(&mut self.links) => self.on_news(news),
                () = until(due) => self.change(Scope::poll),
            }
        }
    }

    fn on_message(&mut self, message: Message) {
        match message {
            Message::PeerTerm { peer, term } => {
                self.change(|scope, _now| match scope.message(&peer.shared(), &term) {
                    Ok(actions) => actions,
                    Err(error) => {
                        tracing::debug!(%peer, %error, "a message to a scope of pg is not taken");
                        Vec::new()
                    }
                });
            }
            Message::Down { reference, .. } => {
                // Not there when it was watched no longer and the word came too late.
                if let Some(pid) = self.watched.remove(&reference) {
                    self.watches.remove(&pid);
                    self.change(|scope, now| scope.ended(&pid, now));
                }
            }
            // Nobody here has anything to say to it, and it is linked with nobody.
            _ => {}
        }
    }

    fn on_command(&mut self, command: Command) {
        let answer = |done: oneshot::Sender<bool>, answer: bool| {
            // The caller may have given up.
            let _gone = done.send(answer);
        };
        match command {
            Command::Join { group, pids, done } => {
                let joined = self.change_if(|scope| scope.join(&group, &pids));
                answer(done, joined);
            }
            Command::Leave { group, pids, done } => {
                let left = self.change_if(|scope| scope.leave(&group, &pids));
                answer(done, left);
            }
        }
    }

    fn on_news(&mut self, news: Result<NodeEvent, RecvError>) {
        match news {
            Ok(NodeEvent::Up { name, .. }) => {
                // The end of the former link is in the mailbox; it comes before anything is said over this one.
                self.read_what_is_there();
                self.change(|scope, now| scope.node_up(name.shared(), now));
            }
            Ok(NodeEvent::Down { name, .. }) => self.shared.state.lock().scope.node_down(name.as_str()),
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => self.look_at_links(),
            Err(RecvError::Closed) => self.links = None,
        }
    }

    fn read_what_is_there(&mut self) {
        for _ in 0..self.process.figures().waiting {
            match self.process.try_recv() {
                Some(message) => self.on_message(message),
                None => return,
            }
        }
    }

    fn look_at_links(&mut self) {
        self.read_what_is_there();
        let links = self.process.node().0.registry.links();
        let linked = links.iter().map(|link| link.peer().shared()).collect();
        self.change(|scope, now| scope.nodes_up(linked, now));
    }

    /// Goes on as another process. `false` when the node ends, or somebody else has taken the name.
    async fn restart(&mut self) -> bool {
        let node = self.process.node().clone();
        if node.0.stopping() {
            return false;
        }
        let reason = self.process.ended();
        tracing::warn!(scope = %self.shared.name, ?reason, "the process of a pg scope has ended; it starts again");
        sleep(PAUSE).await;
        match scope_process(&node, &self.shared.name) {
            Ok(process) => self.process = process,
            Err(error) => {
                tracing::error!(scope = %self.shared.name, %error, "a pg scope cannot start again and ends");
                return false;
            }
        }
        self.watched.clear();
        self.watches.clear();
        let own = self.process.pid().clone();
        self.change(|scope, now| scope.restart(own, now));
        true
    }

    fn change(&mut self, change: impl FnOnce(&mut Scope, u64) -> Vec<Action>) {
        let now = millis(self.zero.elapsed());
        self.change_if(|scope| Some(change(scope, now)));
    }

    /// Changes the scope and does what follows. Whether it changed.
    fn change_if(&mut self, change: impl FnOnce(&mut Scope) -> Option<Vec<Action>>) -> bool {
        let shared = self.shared.clone();
        let mut state = shared.state.lock();
        let Some(actions) = change(&mut state.scope) else { return false };
        for action in &actions {
            if let Action::Tell(event) = action {
                state.subscribers.tell(event);
            }
        }
        drop(state);
        actions.into_iter().for_each(|action| self.perform(action));
        true
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Send { to, term } => {
                let to = match to {
                    Address::Pid(pid) => Dest::Pid(pid),
                    Address::Node(node) => match NodeName::new(&node) {
                        Ok(node) => Dest::Name { name: self.shared.name.clone(), node },
                        // It is the name of a link.
                        Err(_never) => return,
                    },
                };
                if let Err(error) = self.process.send(&to, &term) {
                    // A link that has just gone; what is lost with it is told anew when it is back.
                    tracing::debug!(%to, %error, "a message of a pg scope is not sent");
                }
            }
            Action::Monitor(pid) => match self.process.monitor(&Dest::Pid(pid.clone())) {
                Ok(reference) => {
                    self.watched.insert(reference.clone(), pid.clone());
                    self.watches.insert(pid, reference);
                }
                Err(error) => {
                    tracing::error!(%pid, %error, "a pg scope cannot watch a process; this is a bug")
                }
            },
            Action::Demonitor(pid) => {
                if let Some(reference) = self.watches.remove(&pid) {
                    self.watched.remove(&reference);
                    self.process.demonitor(&reference);
                }
            }
            // Told under the lock.
            Action::Tell(_) => {}
        }
    }
}

async fn news(links: &mut Option<Receiver<NodeEvent>>) -> Result<NodeEvent, RecvError> {
    match links {
        Some(links) => links.recv().await,
        None => std::future::pending().await,
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
