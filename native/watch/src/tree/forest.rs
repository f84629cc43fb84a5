//! Who stands below whom, and how much that is.
//!
//! Roots are the masters of applications, and whoever has no parent that lives and no application. Sums go from the leaves up, in the reverse of the order
//! in which a walk from the roots has met the processes.

use std::collections::HashMap;

use super::picture::{Branch, Kind, Mark, Sum};
use super::{Pid, Process, Snapshot};

/// Who stands below whom.
pub(super) struct Forest<'a> {
    pub(super) shot: &'a Snapshot,
    pub(super) index: HashMap<Pid, u32>,
    /// Places in `shot.applications`, by master.
    pub(super) masters: HashMap<Pid, usize>,
    pub(super) above: Vec<Option<u32>>,
    below: Vec<Vec<u32>>,
    pub(super) whole: Vec<Sum>,
    /// Whether they stand below an application's master.
    within: Vec<bool>,
}

impl<'a> Forest<'a> {
    pub(super) fn new(shot: &'a Snapshot) -> Self {
        let count = shot.processes.len().min(Snapshot::PROCESSES);
        let mut index = HashMap::with_capacity(count);
        for (at, process) in (0..).zip(&shot.processes[..count]) {
            index.entry(process.pid).or_insert(at);
        }
        let masters: HashMap<Pid, usize> =
            shot.applications.iter().enumerate().map(|(place, (_, master))| (*master, place)).collect();
        let above = |(at, process): (u32, &Process)| {
            let other =
                |pid: Option<Pid>| pid.and_then(|pid| index.get(&pid)).copied().filter(|of| *of != at);
            let application = || process.leader.filter(|leader| masters.contains_key(leader));
            // A pid that is told twice is one process: the first.
            match index.get(&process.pid) {
                Some(first) if *first == at && !masters.contains_key(&process.pid) => {
                    other(process.parent).or_else(|| other(application()))
                }
                _ => None,
            }
        };
        let above = (0..).zip(&shot.processes[..count]).map(above).collect();
        let mut forest =
            Self { shot, index, masters, above, below: Vec::new(), whole: Vec::new(), within: Vec::new() };
        let order = forest.walk();
        forest.add_up(&order);
        forest
    }

    /// Whether a place is that of a process, and not of one that was told before.
    pub(super) fn is_first(&self, at: u32) -> bool {
        self.index.get(&self.process(at).pid) == Some(&at)
    }

    fn link(&mut self) {
        self.below = vec![Vec::new(); self.above.len()];
        for (at, above) in (0..).zip(&self.above) {
            if let Some(above) = above {
                self.below[*above as usize].push(at);
            }
        }
    }

    /// All places, each after the one above it. Parents that go round in a circle are cut apart at the first of them.
    fn walk(&mut self) -> Vec<u32> {
        self.link();
        let places = u32::try_from(self.above.len()).unwrap_or(u32::MAX);
        let mut met = vec![false; self.above.len()];
        let mut order: Vec<u32> = Vec::with_capacity(self.above.len());
        let roots = (0..places).filter(|at| self.above[*at as usize].is_none());
        let mut circle = false;
        for root in roots.chain(0..places).collect::<Vec<_>>() {
            if std::mem::replace(&mut met[root as usize], true) {
                continue;
            }
            circle |= self.above[root as usize].take().is_some();
            let mut next = order.len();
            order.push(root);
            while let Some(at) = order.get(next) {
                for &below in &self.below[*at as usize] {
                    if !std::mem::replace(&mut met[below as usize], true) {
                        order.push(below);
                    }
                }
                next += 1;
            }
        }
        if circle {
            self.link();
        }
        order
    }

    fn add_up(&mut self, order: &[u32]) {
        self.whole = (0..).zip(&self.above).map(|(at, _)| self.own(at)).collect();
        for at in order.iter().rev() {
            if let Some(above) = self.above[*at as usize] {
                let sum = self.whole[*at as usize];
                self.whole[above as usize].add(sum);
            }
        }
        self.within = vec![false; self.above.len()];
        for &at in order {
            let master = self.masters.contains_key(&self.process(at).pid);
            let above = self.above[at as usize].is_some_and(|above| self.within[above as usize]);
            self.within[at as usize] = above || master;
        }
        for at in 0..self.below.len() {
            let mut below = std::mem::take(&mut self.below[at]);
            below.sort_by_key(|at| self.process(*at).pid);
            self.below[at] = below;
        }
    }

    pub(super) fn process(&self, at: u32) -> &'a Process {
        &self.shot.processes[at as usize]
    }

    pub(super) fn below(&self, at: u32) -> &[u32] {
        &self.below[at as usize]
    }

    pub(super) fn own(&self, at: u32) -> Sum {
        let process = self.process(at);
        Sum { processes: 1, memory: process.memory, mailbox: process.mailbox }
    }

    pub(super) fn sum(&self, all: &[u32]) -> Sum {
        let mut sum = Sum::default();
        all.iter().for_each(|at| sum.add(self.whole[*at as usize]));
        sum
    }

    pub(super) fn marks(&self, at: u32) -> Vec<Mark> {
        let process = self.process(at);
        let ended = process.parent.is_some_and(|parent| !self.index.contains_key(&parent));
        let orphan = self.shot.orphans.contains(&process.pid);
        // Outside of applications nothing is supervised, and to say so of each would be noise.
        let within = self.within[at as usize];
        let alone = process.parent.is_some() && !process.linked;
        let marks = [
            (Mark::Orphan, orphan),
            (Mark::ParentEnded, within && ended && !orphan),
            (Mark::NotLinked, within && !ended && alone),
        ];
        marks.into_iter().filter(|(_, is)| *is).map(|(mark, _)| mark).collect()
    }

    pub(super) fn branch(&self, at: u32) -> Branch {
        let process = self.process(at);
        let label = process.name.as_deref().map_or(&*process.started, module);
        Branch {
            kind: if process.supervisor { Kind::Supervisor } else { Kind::Process },
            label: label.to_owned(),
            pid: Some(process.pid),
            started: Some(&*process.started).filter(|started| *started != label).map(str::to_owned),
            own: self.own(at),
            whole: self.whole[at as usize],
            marks: self.marks(at),
            children: Vec::new(),
        }
    }
}

impl Branch {
    pub(super) fn hidden(kind: Kind, label: String, sum: Sum) -> Self {
        Self { kind, label, own: sum, whole: sum, ..Self::default() }
    }
}

/// An Elixir module without what the compiler puts in front of it.
pub(super) fn module(name: &str) -> &str {
    name.strip_prefix("Elixir.").unwrap_or(name)
}
