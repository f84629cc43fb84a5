//! Scopes of `pg` on virtual nodes: after any storm all agree on who is in which group.

#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use outrigger_proto::OwnedPid;
use outrigger_proto::pg::{Action, Address, Group, PgLimits, Scope};
use outrigger_term::{Reader, Writer};

fn group(name: &str) -> Group {
    let mut term = Vec::new();
    Writer::new(&mut term).atom(name).unwrap();
    term.into()
}

/// A few nodes with a scope each, joined by links that lose nothing while they are up and everything when they go down.
struct World {
    nodes: Vec<Virtual>,
    /// What is under way from one node to another, in order. `None` when the link is down.
    links: HashMap<(usize, usize), Option<VecDeque<Signal>>>,
    now: u64,
    random: u64,
    next_id: u32,
}

struct Virtual {
    name: Arc<str>,
    own: OwnedPid,
    scope: Scope,
    mailbox: VecDeque<Signal>,
    /// News of links, which come by another way than messages.
    news: VecDeque<(usize, bool)>,
    watches: HashSet<OwnedPid>,
    /// What this node's members are, told by nobody.
    truth: Vec<(Group, OwnedPid)>,
    strict: Strict,
}

/// What a BEAM in this node's place would know of other scopes: it crashes over a pid that leaves a group which its scope never
/// told.
#[derive(Default)]
struct Strict(HashMap<OwnedPid, HashSet<Group>>);

impl Strict {
    fn message(&mut self, term: &[u8]) {
        let mut reader = Reader::new(term);
        let _arity = reader.tuple().unwrap();
        let mut word = reader.atom().unwrap().text().into_owned();
        if word == "$gen_cast" {
            let _arity = reader.tuple().unwrap();
            word = reader.atom().unwrap().text().into_owned();
        }
        let from = OwnedPid::from(reader.pid().unwrap());
        match &*word {
            "discover" => drop(self.0.entry(from).or_default()),
            "sync" => {
                let groups = (0..reader.list().unwrap()).map(|_| {
                    let _pair = reader.tuple().unwrap();
                    let group = Group::from(reader.skip().unwrap());
                    reader.skip().unwrap();
                    group
                });
                let groups = groups.collect();
                self.0.insert(from, groups);
            }
            "join" => {
                let group = Group::from(reader.skip().unwrap());
                self.0.get_mut(&from).map(|groups| groups.insert(group));
            }
            "leave" => {
                reader.skip().unwrap();
                for _ in 0..reader.list().unwrap() {
                    let group = Group::from(reader.skip().unwrap());
                    let known = self.0.get(&from).is_none_or(|groups| groups.contains(&group));
                    assert!(known, "a BEAM's scope would crash");
                }
            }
            other => panic!("{other}"),
        }
    }
}

#[derive(Clone, Debug)]
enum Signal {
    Message { from: usize, to: Address, term: Arc<[u8]> },
    Ended(OwnedPid),
}

impl World {
    fn new(count: usize, seed: u64) -> Self {
        let node = |at: usize| {
            let name: Arc<str> = format!("n{at}@h").into();
            let own = OwnedPid { node: name.clone(), id: 1, serial: 0, creation: 1 };
            Virtual {
                scope: Scope::new(own.clone(), PgLimits::default()),
                own,
                name,
                mailbox: VecDeque::new(),
                news: VecDeque::new(),
                watches: HashSet::new(),
                truth: Vec::new(),
                strict: Strict::default(),
            }
        };
        let pairs = (0..count).flat_map(|a| (0..count).filter(move |b| a != *b).map(move |b| ((a, b), None)));
        Self {
            nodes: (0..count).map(node).collect(),
            links: pairs.collect(),
            now: 0,
            random: seed * 2 + 1,
            next_id: 100,
        }
    }

    fn below(&mut self, below: usize) -> usize {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as usize % below
    }

    fn at(&self, name: &str) -> usize {
        self.nodes.iter().position(|node| &*node.name == name).unwrap()
    }

    fn perform(&mut self, at: usize, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send { to, term } => {
                    let node = match &to {
                        Address::Node(node) => self.at(node),
                        Address::Pid(pid) => self.at(&pid.node),
                    };
                    if let Some(Some(queue)) = self.links.get_mut(&(at, node)) {
                        queue.push_back(Signal::Message { from: at, to, term });
                    }
                }
                Action::Monitor(pid) => {
                    let node = self.at(&pid.node);
                    let up = node == at || self.links[&(at, node)].is_some();
                    let lives = node == at || self.nodes[node].own == pid;
                    self.nodes[at].watches.insert(pid.clone());
                    if !up {
                        self.nodes[at].mailbox.push_back(Signal::Ended(pid));
                    } else if !lives && let Some(Some(queue)) = self.links.get_mut(&(node, at)) {
                        queue.push_back(Signal::Ended(pid));
                    }
                }
                Action::Demonitor(pid) => drop(self.nodes[at].watches.remove(&pid)),
                Action::Tell(_) => {}
            }
        }
    }

    fn set_link(&mut self, a: usize, b: usize, up: bool) {
        if self.links[&(a, b)].is_some() == up {
            return;
        }
        for (a, b) in [(a, b), (b, a)] {
            self.links.insert((a, b), up.then(VecDeque::new));
            let gone = self.nodes[b].name.clone();
            let node = &mut self.nodes[a];
            node.news.push_back((b, up));
            if !up {
                let ended = node.watches.iter().filter(|pid| pid.node == gone).cloned().map(Signal::Ended);
                node.mailbox.extend(ended.collect::<Vec<_>>());
            }
        }
    }

    /// One thing that is under way arrives somewhere. `false` if nothing is.
    fn step(&mut self) -> bool {
        let mut ready: Vec<(u8, usize, usize)> = Vec::new();
        for (at, node) in self.nodes.iter().enumerate() {
            if !node.mailbox.is_empty() {
                ready.push((0, at, at));
            }
            if !node.news.is_empty() {
                ready.push((1, at, at));
            }
        }
        for ((from, to), queue) in &self.links {
            if queue.as_ref().is_some_and(|queue| !queue.is_empty()) {
                ready.push((2, *from, *to));
            }
        }
        ready.sort_unstable();
        if ready.is_empty() {
            return false;
        }
        let (kind, from, at) = ready[self.below(ready.len())];
        match kind {
            2 => {
                let signal = self.links.get_mut(&(from, at)).unwrap().as_mut().unwrap().pop_front().unwrap();
                self.nodes[at].mailbox.push_back(signal);
            }
            1 => {
                // A driver reads its mailbox first.
                while let Some(signal) = self.nodes[at].mailbox.pop_front() {
                    let actions = self.take(at, signal);
                    self.perform(at, actions);
                }
                let (node, up) = self.nodes[at].news.pop_front().unwrap();
                let name = self.nodes[node].name.clone();
                let now = self.now;
                match up {
                    true => {
                        let actions = self.nodes[at].scope.node_up(name, now);
                        self.perform(at, actions);
                    }
                    false => self.nodes[at].scope.node_down(&name),
                }
            }
            _ => {
                let signal = self.nodes[at].mailbox.pop_front().unwrap();
                let actions = self.take(at, signal);
                self.perform(at, actions);
            }
        }
        true
    }

    fn take(&mut self, at: usize, signal: Signal) -> Vec<Action> {
        let now = self.now;
        match signal {
            Signal::Message { from, to, term } => {
                let ours = match to {
                    Address::Node(_) => true,
                    Address::Pid(pid) => pid == self.nodes[at].own,
                };
                let name = self.nodes[from].name.clone();
                if !ours {
                    return vec![];
                }
                self.nodes[at].strict.message(&term);
                self.nodes[at].scope.message(&name, &term).unwrap()
            }
            Signal::Ended(pid) => {
                let node = &mut self.nodes[at];
                node.strict.0.remove(&pid);
                if node.watches.remove(&pid) { node.scope.ended(&pid, now) } else { vec![] }
            }
        }
    }

    fn act(&mut self) {
        let (at, other) = (self.below(self.nodes.len()), self.below(self.nodes.len()));
        let group = group(["f", "g", "h"][self.below(3)]);
        match self.below(20) {
            0 if other != at => {
                let up = self.links[&(at, other)].is_some();
                self.set_link(at, other, !up);
            }
            1 => {
                // The scope process ends and is started anew under another pid.
                self.next_id += 1;
                let former = self.nodes[at].own.clone();
                let own = OwnedPid { id: self.next_id, ..former.clone() };
                self.nodes[at].own = own.clone();
                self.nodes[at].watches.clear();
                self.nodes[at].mailbox.clear();
                self.nodes[at].strict = Strict::default();
                for to in 0..self.nodes.len() {
                    if let Some(Some(queue)) = self.links.get_mut(&(at, to)) {
                        queue.push_back(Signal::Ended(former.clone()));
                    }
                }
                let now = self.now;
                let actions = self.nodes[at].scope.restart(own, now);
                self.perform(at, actions);
            }
            2..=9 => {
                self.next_id += 1;
                let member = match self.below(2) {
                    0 => self.nodes[at].truth.first().map(|(_, pid)| pid.clone()),
                    _ => None,
                };
                let fresh = OwnedPid { id: self.next_id, ..self.nodes[at].own.clone() };
                let member = member.unwrap_or(fresh);
                let pids = vec![member.clone(); 1 + self.below(2)];
                self.nodes[at].truth.extend(pids.iter().map(|pid| (group.clone(), pid.clone())));
                let actions = self.nodes[at].scope.join(&group, &pids).unwrap();
                self.perform(at, actions);
            }
            10..=16 => {
                let truth = &mut self.nodes[at].truth;
                let Some(place) = truth.iter().rposition(|(g, _)| *g == group) else { return };
                let (_, member) = truth.remove(place);
                let actions = self.nodes[at].scope.leave(&group, &[member]).unwrap();
                self.perform(at, actions);
            }
            _ => {
                let Some((_, member)) = self.nodes[at].truth.first().cloned() else { return };
                self.nodes[at].truth.retain(|(_, pid)| *pid != member);
                let actions = self.take(at, Signal::Ended(member));
                self.perform(at, actions);
            }
        }
    }

    /// Lets everything arrive, and time pass until nobody asks any more.
    fn settle(&mut self) {
        for _ in 0..100 {
            while self.step() {}
            let Some(due) = self.nodes.iter().filter_map(|node| node.scope.next_poll()).min() else { return };
            self.now = self.now.max(due);
            for at in 0..self.nodes.len() {
                let now = self.now;
                let actions = self.nodes[at].scope.poll(now);
                self.perform(at, actions);
            }
        }
        panic!("they ask each other for ever");
    }

    fn assert_agreed(&self, seed: u64) {
        for name in ["f", "g", "h"] {
            let group = group(name);
            let all = self.nodes.iter().flat_map(|node| &node.truth).filter(|(g, _)| *g == group);
            let key = |pid: &OwnedPid| (pid.node.clone(), pid.id);
            let mut expected: Vec<_> = all.map(|(_, pid)| key(pid)).collect();
            expected.sort();
            for node in &self.nodes {
                let mut members: Vec<_> = node.scope.members(&group).iter().map(key).collect();
                members.sort();
                assert_eq!(members, expected, "seed {seed}: {} about {name}", node.name);
            }
        }
    }
}

#[test]
fn after_any_storm_of_joins_ends_restarts_and_splits_all_agree() {
    for seed in 0..300 {
        let mut world = World::new(4, seed);
        for _ in 0..200 {
            world.now += 7;
            world.act();
            for _ in 0..world.below(6) {
                world.step();
            }
        }
        for a in 0..4 {
            (0..a).for_each(|b| world.set_link(a, b, true));
        }
        world.settle();
        world.assert_agreed(seed);
    }
}
