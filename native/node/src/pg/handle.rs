//! The handle of a scope.

use std::sync::Arc;

use outrigger_proto::OwnedPid;
use outrigger_proto::pg::{Group, PgFigures, PgLimits, Scope};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::events::{PgEvents, Subscribers};
use super::keeper::{Keeper, scope_process};
use crate::error::NodeError;
use crate::node::Node;

/// Changes that wait for the task of the scope.
const COMMANDS: usize = 64;

/// A scope that this node takes part in. Cheap to clone; the scope ends with the last handle, or with the node.
#[derive(Clone, Debug)]
pub struct Pg {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    node: Node,
}

/// What the handles and the task of a scope share. Only the task changes the scope.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) name: Arc<str>,
    pub(super) state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) scope: Scope,
    pub(super) subscribers: Subscribers,
}

/// A change by a process of this node.
pub(super) enum Command {
    Join { group: Group, pids: Vec<OwnedPid>, done: oneshot::Sender<bool> },
    Leave { group: Group, pids: Vec<OwnedPid>, done: oneshot::Sender<bool> },
}

impl Pg {
    /// Takes part in a scope: `pg` for the default one of a BEAM, `Elixir.Phoenix.PubSub` for that of Phoenix. Must be called
    /// in the runtime.
    ///
    /// # Errors
    /// The name is taken by another process, service or scope of this node, or is no atom; the node is shut down.
    pub fn start(node: &Node, scope: &str) -> Result<Self, NodeError> {
        Self::start_with(node, scope, PgLimits::default())
    }

    /// The same with other bounds.
    ///
    /// # Errors
    /// As [`Pg::start`].
    pub fn start_with(node: &Node, scope: &str, limits: PgLimits) -> Result<Self, NodeError> {
        let process = scope_process(node, scope)?;
        let state =
            State { scope: Scope::new(process.pid().clone(), limits), subscribers: Subscribers::default() };
        let shared = Arc::new(Shared { name: scope.into(), state: Mutex::new(state) });
        let (commands, queue) = mpsc::channel(COMMANDS);
        let keeper = Keeper::new(shared.clone(), process, queue);
        node.0.spawn_until_stop(keeper.run());
        Ok(Self { shared, commands, node: node.clone() })
    }

    /// The name of the scope.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.shared.name
    }

    /// The process of this scope on this node, as peers see it.
    #[must_use]
    pub fn pid(&self) -> OwnedPid {
        self.shared.state.lock().scope.pid().clone()
    }

    /// A process of this node joins a group: any term, without the version byte. One that joins twice must leave twice.
    ///
    /// # Errors
    /// The group is not one term or too large, the process is of another node, there are too many members, or the scope
    /// has ended.
    pub async fn join(&self, group: &[u8], member: &OwnedPid) -> Result<(), NodeError> {
        self.join_all(group, std::slice::from_ref(member)).await
    }

    /// Several at once, which peers see as one change: all join or none.
    ///
    /// # Errors
    /// As [`Pg::join`].
    pub async fn join_all(&self, group: &[u8], members: &[OwnedPid]) -> Result<(), NodeError> {
        let (group, pids) = (self.key(group)?, self.ours(members)?);
        match self.ask(|done| Command::Join { group, pids, done }).await? {
            true => Ok(()),
            false => Err(bad("there are as many groups or members as the limits of the scope allow".into())),
        }
    }

    /// A process leaves a group, once. Whether it was a member.
    ///
    /// # Errors
    /// The group is not one term or too large, the process is of another node, or the scope has ended.
    pub async fn leave(&self, group: &[u8], member: &OwnedPid) -> Result<bool, NodeError> {
        let (group, pids) = (self.key(group)?, self.ours(std::slice::from_ref(member))?);
        self.ask(|done| Command::Leave { group, pids, done }).await
    }

    /// The members of a group on all nodes, in no order, each as often as it joined. None for what is no group.
    #[must_use]
    pub fn members(&self, group: &[u8]) -> Vec<OwnedPid> {
        let state = self.shared.state.lock();
        state.scope.group(group).map(|group| state.scope.members(&group)).unwrap_or_default()
    }

    /// The members of a group on this node.
    #[must_use]
    pub fn local_members(&self, group: &[u8]) -> Vec<OwnedPid> {
        let state = self.shared.state.lock();
        state.scope.group(group).map(|group| state.scope.local_members(&group)).unwrap_or_default()
    }

    /// All groups that have members, as canonical terms without the version byte.
    #[must_use]
    pub fn groups(&self) -> Vec<Group> {
        self.shared.state.lock().scope.groups().cloned().collect()
    }

    /// The members of a group now, and all changes from now on.
    ///
    /// # Errors
    /// The group is not one term, or too large.
    pub fn monitor(&self, group: &[u8]) -> Result<(Vec<OwnedPid>, PgEvents), NodeError> {
        let group = self.key(group)?;
        let mut state = self.shared.state.lock();
        let members = state.scope.members(&group);
        Ok((members, state.subscribers.add(Some(group))))
    }

    /// All groups with their members now, and all changes from now on.
    #[must_use]
    pub fn monitor_scope(&self) -> (Vec<(Group, Vec<OwnedPid>)>, PgEvents) {
        let mut state = self.shared.state.lock();
        let scope = &state.scope;
        let groups = scope.groups().map(|group| (group.clone(), scope.members(group))).collect();
        (groups, state.subscribers.add(None))
    }

    /// A snapshot of the figures.
    #[must_use]
    pub fn figures(&self) -> PgFigures {
        self.shared.state.lock().scope.figures()
    }

    fn key(&self, group: &[u8]) -> Result<Group, NodeError> {
        let key = self.shared.state.lock().scope.group(group);
        key.map_err(|error| bad(format!("the group is no term, or too large: {error}")))
    }

    fn ours(&self, members: &[OwnedPid]) -> Result<Vec<OwnedPid>, NodeError> {
        let (name, creation) = (self.node.name(), self.node.creation());
        let foreign = |pid: &&OwnedPid| &*pid.node != name.as_str() || pid.creation != creation.0;
        match members.iter().find(foreign) {
            Some(foreign) => {
                Err(bad(format!("{foreign} is no process of this node; it can join on its own")))
            }
            None => Ok(members.to_vec()),
        }
    }

    async fn ask(&self, command: impl FnOnce(oneshot::Sender<bool>) -> Command) -> Result<bool, NodeError> {
        let (done, answer) = oneshot::channel();
        self.commands.send(command(done)).await.map_err(|_ended| NodeError::ShutDown)?;
        answer.await.map_err(|_ended| NodeError::ShutDown)
    }
}

fn bad(problem: String) -> NodeError {
    NodeError::BadOption { option: "pg", problem }
}
