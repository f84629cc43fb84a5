//! One scope process as a state machine.

use std::collections::HashMap;
use std::sync::Arc;

use outrigger_term::{TermError, canonical};

use super::action::{Action, Address, Change, Event};
use super::message::{self, Body, Group, Message, PgError};
use super::seek::Seek;
use super::table::{PgFigures, PgLimits, Table, each};
use crate::OwnedPid;

/// The state of one scope on our node. Times are milliseconds from a zero of the driver's.
///
/// ```
/// use outrigger_proto::OwnedPid;
/// use outrigger_proto::pg::{Action, PgLimits, Scope};
///
/// let pid = |node: &str, id| OwnedPid { node: node.into(), id, serial: 0, creation: 1 };
/// let (mut ours, mut theirs) = (Scope::new(pid("a@h", 1), PgLimits::default()), Scope::new(pid("b@h", 1), PgLimits::default()));
/// let group = ours.group(&[119, 1, b'g'])?;
/// ours.join(&group, &[pid("a@h", 7)]);
///
/// // The other node comes up. What one sends is handed to the other, until all is said.
/// let mut to_them = true;
/// let mut actions = ours.node_up("b@h".into(), 0);
/// while !actions.is_empty() {
///     let (scope, from) = if to_them { (&mut theirs, "a@h") } else { (&mut ours, "b@h") };
///     let terms = actions.iter().filter_map(|action| match action {
///         Action::Send { term, .. } => Some(term.clone()),
///         _ => None,
///     });
///     actions = terms.collect::<Vec<_>>().iter().flat_map(|term| scope.message(&from.into(), term).unwrap()).collect();
///     to_them = !to_them;
/// }
/// assert_eq!(theirs.members(&group), [pid("a@h", 7)]);
/// # Ok::<(), outrigger_term::TermError>(())
/// ```
#[derive(Debug)]
pub struct Scope {
    own: OwnedPid,
    table: Table,
    /// The scope process of each other node that is known.
    peers: HashMap<Arc<str>, OwnedPid>,
    /// Members of our node, with the groups they are in and how often they joined each.
    local: HashMap<OwnedPid, HashMap<Group, usize>>,
    seek: Seek,
    broken: u64,
}

impl Scope {
    /// The scope process `own`, without members.
    #[must_use]
    pub fn new(own: OwnedPid, limits: PgLimits) -> Self {
        Self {
            own,
            table: Table::new(limits),
            peers: HashMap::new(),
            local: HashMap::new(),
            seek: Seek::default(),
            broken: 0,
        }
    }

    /// The key of a group, from its term without version byte.
    ///
    /// # Errors
    /// The bytes are not one term, or more than the limit.
    pub fn group(&self, term: &[u8]) -> Result<Group, TermError> {
        let max = self.table.limits().group_bytes;
        if term.len() > max {
            return Err(TermError::ClaimTooLarge { claimed: term.len() as u64, left: max });
        }
        canonical(term).map(Group::from)
    }

    /// A link to a node is up. Saying it again does no harm.
    pub fn node_up(&mut self, node: Arc<str>, now: u64) -> Vec<Action> {
        let ask = self.ask(node.clone());
        self.seek.up(node, now);
        vec![ask]
    }

    /// A link is down: that node is asked no more. What it told goes with the end of its scope process.
    pub fn node_down(&mut self, node: &str) {
        self.seek.down(node);
    }

    /// These nodes are linked and no others, whatever was said before.
    pub fn nodes_up(&mut self, nodes: Vec<Arc<str>>, now: u64) -> Vec<Action> {
        for gone in self.seek.linked().iter().filter(|known| !nodes.contains(known)) {
            self.seek.down(gone);
        }
        nodes.into_iter().flat_map(|node| self.node_up(node, now)).collect()
    }

    /// When [`Scope::poll`] has something to do.
    #[must_use]
    pub fn next_poll(&self) -> Option<u64> {
        self.seek.next()
    }

    /// Asks nodes again that have not answered.
    pub fn poll(&mut self, now: u64) -> Vec<Action> {
        self.seek.due(now).into_iter().map(|node| self.ask(node)).collect()
    }

    fn ask(&self, node: Arc<str>) -> Action {
        Action::Send { to: Address::Node(node), term: message::discover(&self.own) }
    }

    /// A term that `node` sent to the scope.
    ///
    /// # Errors
    /// It is no message of the protocol. Nothing has changed.
    pub fn message(&mut self, node: &Arc<str>, term: &[u8]) -> Result<Vec<Action>, PgError> {
        let message = self.read(node, term).inspect_err(|_| self.broken += 1)?;
        self.table.refused += message.left_out;
        let from = message.from;
        let known = self.peers.get(node) == Some(&from);
        if matches!(message.body, Body::Discover | Body::Sync(_)) {
            self.seek.found(node);
        }
        Ok(match message.body {
            Body::Discover => self.discovered(from, known),
            Body::Sync(groups) => self.synced(from, known, groups),
            // A word from a scope that we do not know, or no longer: what it has to say comes with its sync.
            Body::Join(..) | Body::Leave(..) if !known => Vec::new(),
            Body::Join(group, pids) => {
                let joined = self.table.join(node, &group, pids);
                tell(Change::Joined, group, joined).into_iter().collect()
            }
            Body::Leave(pids, groups) => groups
                .into_iter()
                .filter_map(|group| {
                    let left = self.table.leave(node, &group, &pids);
                    tell(Change::Left, group, left)
                })
                .collect(),
        })
    }

    fn read(&self, node: &Arc<str>, term: &[u8]) -> Result<Message, PgError> {
        let limits = self.table.limits();
        let message = message::read(node, term, limits.group_bytes)?;
        match &message.body {
            // One pid of many groups, or many of one: anything else is there to keep us busy.
            Body::Leave(pids, groups) if pids.len().saturating_mul(groups.len()) > limits.members => {
                Err(PgError::TooMuch)
            }
            _ => Ok(message),
        }
    }

    fn discovered(&mut self, from: OwnedPid, known: bool) -> Vec<Action> {
        let mut actions = vec![Action::Send { to: Address::Pid(from.clone()), term: self.all_of_ours() }];
        if !known {
            let ask = Action::Send { to: Address::Pid(from.clone()), term: message::discover(&self.own) };
            actions.extend(self.meet(from));
            actions.push(ask);
        }
        actions
    }

    fn synced(&mut self, from: OwnedPid, known: bool, groups: Vec<(Group, Vec<OwnedPid>)>) -> Vec<Action> {
        let node = from.node.clone();
        let mut actions = Vec::new();
        if !known {
            actions.push(Action::Send { to: Address::Pid(from.clone()), term: self.all_of_ours() });
            actions.extend(self.meet(from));
        }
        // A group that stands there twice: the last one counts, as with a map made of the list.
        let groups: HashMap<Group, Vec<OwnedPid>> = groups.into_iter().collect();
        let missing: Vec<Group> =
            self.table.groups_of(&node).filter(|group| !groups.contains_key(*group)).cloned().collect();
        for (group, pids) in missing.into_iter().map(|group| (group, Vec::new())).chain(groups) {
            let (joined, left) = self.table.set(&node, &group, pids);
            actions.extend(tell(Change::Left, group.clone(), left));
            actions.extend(tell(Change::Joined, group, joined));
        }
        actions
    }

    /// Takes a scope process as the one of its node. It has been told all of ours before: a BEAM's scope crashes over a member
    /// that leaves and was never there.
    fn meet(&mut self, peer: OwnedPid) -> Vec<Action> {
        let node = peer.node.clone();
        let mut actions = Vec::new();
        if let Some(former) = self.peers.insert(node.clone(), peer.clone()) {
            actions.push(Action::Demonitor(former));
            actions.extend(self.forget(&node));
        }
        actions.push(Action::Monitor(peer));
        actions
    }

    fn forget(&mut self, node: &str) -> Vec<Action> {
        let gone = self.table.drop_node(node);
        gone.into_iter().filter_map(|(group, pids)| tell(Change::Left, group, pids)).collect()
    }

    /// A process that was to be monitored has ended: a peer's scope, or a member of ours.
    pub fn ended(&mut self, pid: &OwnedPid, now: u64) -> Vec<Action> {
        if self.peers.get(&pid.node) == Some(pid) {
            self.peers.remove(&pid.node);
            self.seek.lost(&pid.node, now);
            return self.forget(&pid.node);
        }
        let Some(groups) = self.local.remove(pid) else { return Vec::new() };
        let mut actions = Vec::new();
        let mut all = Vec::new();
        for (group, times) in groups {
            let left = self.table.leave(&pid.node, &group, &vec![pid.clone(); times]);
            all.extend(std::iter::repeat_n(group.clone(), times));
            actions.extend(tell(Change::Left, group, left));
        }
        let term = message::leave(&self.own, std::slice::from_ref(pid), &all);
        actions.extend(self.to_all(&term));
        actions
    }

    /// Members of ours join a group; the same pid may be there, and join, several times. `None` when they would be more than
    /// the limits allow; then nobody has joined. The caller sees to it that the pids are of our node.
    pub fn join(&mut self, group: &Group, pids: &[OwnedPid]) -> Option<Vec<Action>> {
        let node = self.own.node.clone();
        if pids.is_empty() {
            return Some(Vec::new());
        }
        if pids.len() > self.table.room(&node, group) {
            return None;
        }
        let mut actions = Vec::new();
        for pid in pids {
            let groups = self.local.entry(pid.clone()).or_default();
            if groups.is_empty() {
                actions.push(Action::Monitor(pid.clone()));
            }
            *groups.entry(group.clone()).or_default() += 1;
        }
        let joined = self.table.join(&node, group, pids.to_vec());
        actions.extend(tell(Change::Joined, group.clone(), joined));
        actions.extend(self.to_all(&message::join(&self.own, group, pids)));
        Some(actions)
    }

    /// Members of ours leave a group, each once. `None` if none of them was in it.
    pub fn leave(&mut self, group: &Group, pids: &[OwnedPid]) -> Option<Vec<Action>> {
        let node = self.own.node.clone();
        let left = self.table.leave(&node, group, pids);
        if left.is_empty() {
            return None;
        }
        let mut actions = Vec::new();
        for pid in &left {
            let Some(groups) = self.local.get_mut(pid) else { continue };
            if let Some(times) = groups.get_mut(group) {
                *times -= 1;
                if *times == 0 {
                    groups.remove(group);
                }
            }
            if groups.is_empty() {
                self.local.remove(pid);
                actions.push(Action::Demonitor(pid.clone()));
            }
        }
        let term = message::leave(&self.own, &left, std::slice::from_ref(group));
        actions.extend(tell(Change::Left, group.clone(), left));
        actions.extend(self.to_all(&term));
        Some(actions)
    }

    /// The scope process has ended and goes on as another one: members of ours stay, peers are met anew.
    pub fn restart(&mut self, own: OwnedPid, now: u64) -> Vec<Action> {
        self.own = own;
        let peers: Vec<Arc<str>> = self.peers.drain().map(|(node, _)| node).collect();
        let mut actions: Vec<Action> = peers.iter().flat_map(|node| self.forget(node)).collect();
        actions.extend(self.local.keys().cloned().map(Action::Monitor));
        let linked = self.seek.linked();
        actions.extend(self.nodes_up(linked, now));
        actions
    }

    /// The pid of the scope process.
    #[must_use]
    pub fn pid(&self) -> &OwnedPid {
        &self.own
    }

    fn to_all<'a>(&'a self, term: &Arc<[u8]>) -> impl Iterator<Item = Action> + use<'a> {
        let term = term.clone();
        self.peers
            .values()
            .map(move |peer| Action::Send { to: Address::Pid(peer.clone()), term: term.clone() })
    }

    fn all_of_ours(&self) -> Arc<[u8]> {
        let node = &*self.own.node;
        let members = |group: &Group| self.table.of_node(node, group).map(each).unwrap_or_default();
        let groups: Vec<_> = self.table.groups_of(node).map(|group| (group, members(group))).collect();
        message::sync(&self.own, &groups)
    }

    /// The members of a group on all nodes, each as often as it joined.
    #[must_use]
    pub fn members(&self, group: &[u8]) -> Vec<OwnedPid> {
        self.table.members(group)
    }

    /// The members of a group on our node.
    #[must_use]
    pub fn local_members(&self, group: &[u8]) -> Vec<OwnedPid> {
        self.table.of_node(&self.own.node, group).map(each).unwrap_or_default()
    }

    /// All groups that have members.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.table.groups()
    }

    /// A snapshot of the figures.
    #[must_use]
    pub fn figures(&self) -> PgFigures {
        PgFigures {
            peers: self.peers.len(),
            groups: self.table.groups().count(),
            members: self.table.member_count(),
            refused: self.table.refused,
            broken: self.broken,
        }
    }
}

fn tell(change: Change, group: Group, pids: Vec<OwnedPid>) -> Option<Action> {
    (!pids.is_empty()).then_some(Action::Tell(Event { group, change, pids }))
}
