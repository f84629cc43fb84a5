//! The picture: lines that stand below one another.

use serde::Serialize;

use super::{Pid, Snapshot, build};
use crate::WatchError;

/// What is to be seen.
#[derive(Clone, Debug)]
pub struct View {
    /// One application alone.
    pub application: Option<String>,
    /// Levels below an application, 1 to [`View::DEEPEST`].
    pub depth: usize,
    /// Lines of one parent: those with the most processes and memory, the others as one line.
    pub siblings: usize,
    /// Lines in all: level by level, until there are so many.
    pub lines: usize,
}

impl View {
    /// The deepest that is drawn.
    pub const DEEPEST: usize = 64;
}

impl Default for View {
    fn default() -> Self {
        Self { application: None, depth: 16, siblings: 50, lines: 2_000 }
    }
}

/// A node's processes as a tree.
#[derive(Clone, Debug, Serialize)]
pub struct Picture {
    /// The node.
    pub node: String,
    /// Its release of OTP.
    pub release: String,
    /// All of what is shown, and hidden in it.
    pub all: Sum,
    /// Processes of the node that were not read, for there are too many.
    pub unread: u64,
    /// Applications by name, then what belongs to none.
    pub branches: Vec<Branch>,
    /// Processes that nobody would restart or end: of the node, also when one application alone is shown.
    pub orphan_count: u64,
    /// Those that are named.
    pub orphans: Vec<Orphan>,
    /// Whether the depth, and the number of lines, have hidden something.
    pub cut_depth: bool,
    /// See above.
    pub cut_lines: bool,
}

/// A process that nobody would restart or end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Orphan {
    /// Which one.
    pub pid: Pid,
    /// Its name, or what it was started as.
    pub label: String,
    /// Its application, by its group leader.
    pub application: Option<String>,
    /// Bytes.
    pub memory: u64,
    /// Messages.
    pub mailbox: u64,
}

/// One line, and what is below it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Branch {
    /// What it is.
    pub kind: Kind,
    /// Its name, or what it was started as.
    pub label: String,
    /// Of one process: which one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<Pid>,
    /// What it was started as, if that is not the label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// The line alone: one process, or those that it stands for.
    pub own: Sum,
    /// With all that is below.
    pub whole: Sum,
    /// What is to be noticed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// In the order in which they were started.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Self>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// An application: its master and the one that started its tree.
    Application,
    /// What is of no application.
    NoApplication,
    /// One that says that it is a supervisor.
    Supervisor,
    /// Any other process.
    #[default]
    Process,
    /// Siblings that were started as the same and have no children.
    Alike,
    /// Siblings beyond [`View::siblings`], with all that is below them.
    Others,
    /// What is below, beyond [`View::depth`] or [`View::lines`].
    Below,
}

/// What is to be noticed of a process; all but the first below an application alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mark {
    /// Nobody would restart or end it.
    Orphan,
    /// Whoever started it has ended, and somebody else is linked to it.
    ParentEnded,
    /// It is not linked to who started it: neither hears of the other's end.
    NotLinked,
}

/// Of several processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// How many.
    pub processes: u64,
    /// Bytes.
    pub memory: u64,
    /// Messages.
    pub mailbox: u64,
}

impl Sum {
    pub(super) fn add(&mut self, other: Self) {
        self.processes = self.processes.saturating_add(other.processes);
        self.memory = self.memory.saturating_add(other.memory);
        self.mailbox = self.mailbox.saturating_add(other.mailbox);
    }
}

impl Picture {
    /// Of what was read.
    ///
    /// # Errors
    /// The application that is to be shown does not run there. The caller erred.
    pub fn of(shot: &Snapshot, view: &View) -> Result<Self, WatchError> {
        build::picture(shot, view)
    }
}
