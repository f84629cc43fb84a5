//! What the guest's answers mean. Pure, and bounded: what a node says of itself is not to be trusted.

use std::collections::HashMap;
use std::sync::Arc;

use outrigger_watch::tree::{Pid, Process, Snapshot};

use super::answer::{Again, First, Part};
use crate::answer::Function;

/// Applications that are taken.
const APPLICATIONS: usize = 10_000;

/// A snapshot that grows.
#[derive(Debug, Default)]
pub(super) struct Taking {
    shot: Snapshot,
    labels: HashMap<Function, Arc<str>>,
    /// Those who look like orphans.
    suspects: u64,
}

impl Taking {
    pub(super) fn new(node: &str, release: &str, first: First) -> Self {
        let application = |(name, master): (crate::word::Word, String)| Some((name.0, master.parse().ok()?));
        let shot = Snapshot {
            node: node.to_owned(),
            release: release.to_owned(),
            applications: first.applications.into_iter().filter_map(application).take(APPLICATIONS).collect(),
            ..Snapshot::default()
        };
        Self { shot, ..Self::default() }
    }

    /// Takes a part, of `most` processes at most. What is wrong with it, otherwise.
    pub(super) fn take(&mut self, part: Part, most: usize) -> Result<(), &'static str> {
        let count = part.pids.len();
        let columns = [part.parents.len(), part.leaders.len(), part.names.len(), part.calls.len()];
        let figures = [part.memory.len(), part.mailbox.len(), part.linked.len()];
        if columns.iter().chain(&figures).any(|length| *length != count) {
            return Err("its columns are not equally long");
        }
        if count > most || count as u64 > part.read {
            return Err("it has more processes than were asked for");
        }
        if part.read == 0 && part.left > 0 {
            return Err("it has read nothing, and is not at its end");
        }
        let links = part.parents.into_iter().zip(part.leaders).zip(part.linked);
        let figures = part.memory.into_iter().zip(part.mailbox);
        let names = part.names.into_iter().zip(part.calls);
        for (((pid, ((parent, leader), linked)), (memory, mailbox)), (name, call)) in
            part.pids.iter().zip(links).zip(figures).zip(names)
        {
            let pid: Pid = pid.parse().map_err(|_| "a process of it is none of the node")?;
            let (started, supervisor) = self.label(call);
            self.shot.processes.push(Process {
                pid,
                parent: parent.parse().ok().filter(|parent| *parent != pid),
                leader: leader.parse().ok(),
                name: (!name.0.is_empty()).then(|| name.0.into()),
                started,
                supervisor,
                linked,
                memory,
                mailbox,
            });
        }
        self.shot.unread = part.left;
        self.suspects = self.suspects.saturating_add(part.suspects);
        Ok(())
    }

    pub(super) fn count(&self) -> usize {
        self.shot.processes.len()
    }

    /// Whether those who looked like orphans have to be looked at once more.
    pub(super) fn has_suspects(&self) -> bool {
        self.suspects > 0
    }

    /// Takes the second look. Those that there was no room to look at once more count as what they looked like.
    pub(super) fn again(&mut self, again: Again) {
        let most = usize::try_from(self.suspects).unwrap_or(usize::MAX);
        self.shot.orphans = again.orphans.iter().take(most).filter_map(|pid| pid.parse().ok()).collect();
        let unseen = self.suspects.saturating_sub(again.looked);
        self.shot.orphan_count = (self.shot.orphans.len() as u64).saturating_add(unseen);
    }

    pub(super) fn done(self) -> Snapshot {
        self.shot
    }

    /// A supervisor says `supervisor:Module/1`, by which it is known.
    fn label(&mut self, call: Function) -> (Arc<str>, bool) {
        let supervisor = matches!(call.0.as_str(), "supervisor" | "supervisor_bridge") && call.2 == 1;
        let label = self.labels.entry(call).or_insert_with_key(|call| match call {
            Function(_, module, _) if supervisor => match module.strip_prefix("Elixir.").unwrap_or(module) {
                "Supervisor.Default" => "Supervisor".into(),
                module => module.into(),
            },
            call => call.to_string().into(),
        });
        (Arc::clone(label), supervisor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word::Word;

    fn part(pids: &[&str], left: u64) -> Part {
        let count = pids.len();
        Part {
            read: count as u64,
            left,
            pids: pids.iter().map(|pid| (*pid).to_owned()).collect(),
            parents: vec!["<0.1.0>".into(); count],
            leaders: vec!["<9.1.0>".into(); count],
            names: vec![Word(String::new()); count],
            calls: vec![Function("supervisor".into(), "Elixir.Supervisor.Default".into(), 1); count],
            memory: vec![1; count],
            mailbox: vec![0; count],
            linked: vec![true; count],
            ..Part::default()
        }
    }

    #[test]
    fn processes_are_understood() {
        let first = First { processes: 2, applications: vec![(Word("shop".into()), "<0.1.0>".into())] };
        let mut taking = Taking::new("a@b", "29", first);
        taking.take(part(&["<0.1.0>", "<0.2.0>"], 0), 10).unwrap();
        let shot = taking.done();
        let (first, second) = (&shot.processes[0], &shot.processes[1]);
        assert_eq!((first.parent, second.parent), (None, Some(first.pid)), "its own parent is none");
        assert_eq!(
            (&*first.started, first.supervisor, first.leader, first.name.as_ref()),
            ("Supervisor", true, None, None)
        );
        assert_eq!(shot.applications, [("shop".to_owned(), first.pid)]);
    }

    #[test]
    fn one_that_looks_like_an_orphan_twice_is_one() {
        let mut taking = Taking::default();
        taking.take(Part { suspects: 1, ..part(&["<0.2.0>"], 1) }, 10).unwrap();
        assert!(taking.has_suspects());
        taking.take(Part { suspects: 3, ..part(&["<0.3.0>"], 0) }, 10).unwrap();
        taking.again(Again { looked: 3, orphans: vec!["<0.3.0>".into(), "no pid".into()] });
        let shot = taking.done();
        assert_eq!(
            (shot.orphan_count, shot.orphans.len()),
            (2, 1),
            "one of them, and one that nobody looked at again"
        );
        assert!(shot.orphans.contains(&"<0.3.0>".parse().unwrap()));
    }

    #[test]
    fn a_part_that_makes_no_sense_is_refused() {
        let refused = |part: Part| Taking::default().take(part, 2).unwrap_err();
        assert!(refused(part(&["<0.1.0>"; 3], 0)).contains("more processes"));
        assert!(refused(part(&["<7.1.0>"], 0)).contains("none of the node"));
        assert!(refused(part(&[], 1)).contains("read nothing"));
        assert!(refused(Part { memory: vec![1, 2], ..part(&["<0.1.0>"], 0) }).contains("equally long"));
    }
}
