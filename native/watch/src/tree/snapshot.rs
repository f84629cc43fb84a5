//! What was read of a node's processes.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Pid;

/// The processes of a node, read one part after the other: those of the last part are a little younger.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The node.
    pub node: String,
    /// Its release of OTP.
    pub release: String,
    /// Those that lived when they were read.
    pub processes: Vec<Process>,
    /// Applications that run a tree, by the process that is their master.
    pub applications: Vec<(String, Pid)>,
    /// Processes that nobody would restart or end.
    pub orphans: BTreeSet<Pid>,
    /// How many of these there are; those of a crowd are not all named.
    pub orphan_count: u64,
    /// Processes that were not read, for there are too many.
    pub unread: u64,
}

impl Snapshot {
    /// Processes that are read.
    pub const PROCESSES: usize = 1 << 20;
}

/// One process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Which one.
    pub pid: Pid,
    /// Who started it. `None`: nobody, or a process of another node.
    pub parent: Option<Pid>,
    /// Its group leader: the master of its application, if it is of one.
    pub leader: Option<Pid>,
    /// Its registered name.
    pub name: Option<Arc<str>>,
    /// What it was started as; of a supervisor the module that says what its children are.
    pub started: Arc<str>,
    /// Whether it says that it is a supervisor.
    pub supervisor: bool,
    /// Whether it is linked to its parent.
    pub linked: bool,
    /// Bytes.
    pub memory: u64,
    /// Messages.
    pub mailbox: u64,
}

impl Process {
    /// One that is linked to its parent, and holds nothing.
    #[must_use]
    pub fn new(pid: Pid, parent: Option<Pid>, started: &str) -> Self {
        Self {
            pid,
            parent,
            leader: None,
            name: None,
            started: started.into(),
            supervisor: false,
            linked: true,
            memory: 0,
            mailbox: 0,
        }
    }
}
