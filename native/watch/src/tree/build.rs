//! From processes to lines, level by level, so that a bound on lines cuts the deepest ones first.

use super::fold::{Line, fold};
use super::forest::{Forest, module};
use super::picture::{Branch, Kind, Orphan, Picture, Sum, View};
use super::{Pid, Snapshot};
use crate::{WatchError, nearest};

/// The process that an application's master starts the tree through. It does nothing else.
const STARTER: &str = "application_master:start_it/4";

impl Forest<'_> {
    /// The line of an application. The process that starts its tree is in it: what that has started stands below.
    fn application(&self, name: &str, master: u32) -> Line {
        let mut own = self.own(master);
        let mut below = Vec::new();
        for &at in self.below(master) {
            if &*self.process(at).started == STARTER {
                own.add(self.own(at));
                below.extend_from_slice(self.below(at));
            } else {
                below.push(at);
            }
        }
        let branch = Branch {
            kind: Kind::Application,
            label: module(name).to_owned(),
            pid: Some(self.process(master).pid),
            own,
            whole: self.whole[master as usize],
            ..Branch::default()
        };
        Line { branch, below }
    }

    /// The lines on top.
    fn top(&self, only: Option<&str>) -> Vec<Line> {
        let mut applications: Vec<(&str, u32)> = self
            .shot
            .applications
            .iter()
            .filter_map(|(name, master)| Some((name.as_str(), *self.index.get(master)?)))
            .filter(|(name, _)| only.is_none_or(|only| module(name) == module(only)))
            .collect();
        applications.sort_unstable();
        // One process is the master of one application.
        applications.dedup_by_key(|(_, master)| *master);
        let mut lines: Vec<Line> =
            applications.into_iter().map(|(name, master)| self.application(name, master)).collect();
        let of_none: Vec<u32> = (0..)
            .zip(&self.above)
            .filter(|(at, above)| above.is_none() && self.is_first(*at))
            .filter(|(at, _)| !self.masters.contains_key(&self.process(*at).pid))
            .map(|(at, _)| at)
            .collect();
        if only.is_none() && !of_none.is_empty() {
            let branch = Branch::hidden(Kind::NoApplication, "no application".to_owned(), self.sum(&of_none));
            lines.push(Line { branch: Branch { own: Sum::default(), ..branch }, below: of_none });
        }
        lines
    }

    fn orphans(&self, only: Option<&str>) -> Vec<Orphan> {
        let of = |pid: &Pid| {
            let at = *self.index.get(pid)?;
            let place = self.process(at).leader.and_then(|leader| self.masters.get(&leader).copied());
            let application = place.map(|place| module(&self.shot.applications[place].0).to_owned());
            let Branch { label, own, .. } = self.branch(at);
            Some(Orphan { pid: *pid, label, application, memory: own.memory, mailbox: own.mailbox })
        };
        let within =
            |orphan: &Orphan| only.is_none_or(|only| orphan.application.as_deref() == Some(module(only)));
        self.shot.orphans.iter().filter_map(of).filter(within).collect()
    }
}

/// Draws.
pub(super) fn picture(shot: &Snapshot, view: &View) -> Result<Picture, WatchError> {
    let only = view.application.as_deref();
    let forest = Forest::new(shot);
    let top = forest.top(only);
    if let Some(name) = only.filter(|_| top.is_empty()) {
        return Err(unknown(name, shot));
    }
    let orphans = forest.orphans(only);
    let mut picture = Picture {
        node: shot.node.clone(),
        release: shot.release.clone(),
        all: Sum::default(),
        unread: shot.unread,
        branches: Vec::new(),
        orphan_count: if only.is_some() { orphans.len() as u64 } else { shot.orphan_count },
        orphans,
        cut_depth: false,
        cut_lines: false,
    };
    top.iter().for_each(|line| picture.all.add(line.branch.whole));
    // Lines with the place of the one above and the level, in the order of levels.
    let mut drawn: Vec<(Option<usize>, usize, Line)> = top.into_iter().map(|line| (None, 0, line)).collect();
    let mut next = 0;
    while let Some((_, level, line)) = drawn.get_mut(next) {
        let (level, below) = (*level + 1, std::mem::take(&mut line.below));
        if !below.is_empty() {
            let too_deep = level > view.depth.clamp(1, View::DEEPEST);
            let mut lines = if too_deep { Vec::new() } else { fold(&forest, &below, view.siblings.max(1)) };
            let too_many = drawn.len() + lines.len() > view.lines;
            if too_deep || too_many {
                picture.cut_depth |= too_deep;
                picture.cut_lines |= !too_deep;
                let branch = Branch::hidden(Kind::Below, "below".to_owned(), forest.sum(&below));
                lines = vec![Line { branch, below: Vec::new() }];
            }
            drawn.extend(lines.into_iter().map(|line| (Some(next), level, line)));
        }
        next += 1;
    }
    picture.branches = nest(drawn);
    Ok(picture)
}

/// Each line stands behind the one above it: from the last to the first they go to where they belong.
fn nest(drawn: Vec<(Option<usize>, usize, Line)>) -> Vec<Branch> {
    let (above, mut branches): (Vec<Option<usize>>, Vec<Option<Branch>>) =
        drawn.into_iter().map(|(above, _, line)| (above, Some(line.branch))).unzip();
    let mut top = Vec::new();
    for at in (0..branches.len()).rev() {
        let Some(mut branch) = branches[at].take() else { continue };
        branch.children.reverse();
        match above[at].and_then(|above| branches[above].as_mut()) {
            Some(parent) => parent.children.push(branch),
            None => top.push(branch),
        }
    }
    top.reverse();
    top
}

fn unknown(name: &str, shot: &Snapshot) -> WatchError {
    let mut running: Vec<&str> = shot.applications.iter().map(|(name, _)| name.as_str()).collect();
    running.sort_unstable();
    WatchError::NoApplication {
        name: name.to_owned(),
        node: shot.node.clone(),
        nearest: nearest::nearest(name, running.iter().copied()).map(str::to_owned),
        running: running.join(", "),
    }
}
