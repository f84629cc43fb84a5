//! What a guest says, as types. The shapes are those of `guest/program/*.erl`; what is unknown is skipped, what is missing is an error.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::depth::DepthAnswer;
use crate::events::Events;
use crate::word;

/// What a node is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The release of OTP.
    pub release: String,
    /// Schedulers that are online.
    pub schedulers: u64,
    /// All of them: the ids from 1 on.
    pub all_schedulers: u64,
    /// Dirty schedulers for work, whose ids come next.
    pub dirty_cpu: u64,
    /// Dirty schedulers for input and output, whose ids come last.
    pub dirty_io: u64,
}

/// The answer of a round.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Answer {
    /// Monotonic time there, in microseconds.
    pub(crate) at: i64,
    /// What it took there, in microseconds.
    pub(crate) took: u64,
    pub(crate) system: System,
    pub(crate) top: Option<Top>,
    pub(crate) latency: Option<Reading>,
    pub(crate) pools: Vec<PoolAnswer>,
    pub(crate) events: Option<Events>,
    pub(crate) depth: Option<DepthAnswer>,
    /// What of it that took, in microseconds.
    pub(crate) depth_took: u64,
}

/// Threads of the virtual machine: three kinds, 1,024 of each at most.
const THREADS: usize = 3 * 1_024;
/// Nodes, pools, clients of a pool, and processes of a part.
const NODES: usize = 1_000;
const POOLS: usize = 200;
const CLIENTS: usize = 1_000;
const PROCESSES: usize = 1_000;
/// Bytes of an atom (255 characters), and of a process as it is printed.
pub(crate) const ATOM: usize = 4 * 255;
const PID: usize = 64;

impl Answer {
    /// Cuts off what no node has. What is kept of an answer is made of what is left.
    pub(crate) fn bound(&mut self) {
        self.system.queues.truncate(THREADS);
        if let Some(wall) = &mut self.system.wall {
            wall.truncate(THREADS);
        }
        self.system.view.truncate(NODES);
        self.system.links.retain(|(peer, _)| peer.len() <= ATOM);
        self.system.links.truncate(NODES);
        let fits = |name: &Option<String>| name.as_ref().is_none_or(|name| name.len() <= ATOM);
        self.pools.retain(|pool| pool.pool.len() <= PID && fits(&pool.name));
        self.pools.truncate(POOLS);
        for pool in &mut self.pools {
            pool.holders.truncate(CLIENTS);
            pool.waiters.truncate(CLIENTS);
        }
        if let Some(top) = &mut self.top {
            top.processes.retain(|spent| spent.process.fits());
            top.processes.truncate(PROCESSES);
            top.orphans.1.retain(ProcessInfo::fits);
        }
    }
}

/// `system.erl`
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct System {
    /// System time there, in milliseconds.
    pub(crate) clock: i64,
    /// Milliseconds.
    pub(crate) uptime: u64,
    /// Of each scheduler: id, time of work, time in all. `None`: the flag is not held.
    pub(crate) wall: Option<Vec<(u64, u64, u64)>>,
    /// Of each normal scheduler, then of all dirty ones for work, then for input and output.
    pub(crate) queues: Vec<u64>,
    pub(crate) active: u64,
    pub(crate) context_switches: u64,
    pub(crate) collections: u64,
    /// Bytes.
    pub(crate) reclaimed: u64,
    pub(crate) reductions: u64,
    /// Bytes in and out of all ports.
    pub(crate) io: (u64, u64),
    /// Bytes by class.
    pub(crate) memory: BTreeMap<String, u64>,
    /// How many there are, and how many there can be.
    pub(crate) processes: (u64, u64),
    pub(crate) ports: (u64, u64),
    pub(crate) atoms: (u64, u64),
    pub(crate) tables: (u64, u64),
    /// The visible nodes that it is connected with.
    pub(crate) view: Vec<String>,
    /// Of each link: the peer, and bytes that wait for it.
    pub(crate) links: Vec<(String, u64)>,
}

/// `latency.erl`: `Outrigger.Watch.Reading`. Counts are since the beginning of a life.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Reading {
    /// Of the counters: another one has begun at nothing.
    pub(crate) life: u64,
    /// What is counted there.
    pub(crate) metrics: Vec<String>,
    /// Those that have grown.
    pub(crate) series: Vec<SeriesAnswer>,
    /// Those that have grown: id, metric, labels, count.
    pub(crate) counts: Vec<(u64, String, Labels, u64)>,
    /// Events that were not understood.
    pub(crate) faults: u64,
}

pub(crate) type Labels = BTreeMap<String, String>;
/// Id, metric, labels, counts by bucket, and how many were too long to be told apart.
pub(crate) type SeriesAnswer = (u64, String, Labels, Vec<(u16, u64)>, u64);

/// `top.erl`
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Top {
    /// Processes read in this round.
    pub(crate) read: u64,
    /// Whether the walk has come to its end with it.
    pub(crate) whole: bool,
    pub(crate) processes: Vec<Spent>,
    /// How many there are in this part, and the first of them.
    pub(crate) orphans: (u64, Vec<ProcessInfo>),
}

/// One process of a walk.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Spent {
    pub(crate) process: ProcessInfo,
    /// Reductions since the walk before, and microseconds.
    pub(crate) spent: u64,
    pub(crate) elapsed: u64,
    /// Bytes outside of its heap that it refers to.
    pub(crate) binary: u64,
}

/// One process, without what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessInfo {
    /// As it is printed on its own node: `<0.123.0>`.
    pub pid: String,
    /// Its registered name.
    #[serde(deserialize_with = "word::maybe")]
    pub name: Option<String>,
    /// What it was started as; of a process of `proc_lib`, the callback module's function.
    pub started: Function,
    /// What it does at the moment.
    pub current: Option<Function>,
    /// `running`, `runnable`, `waiting`, `garbage_collecting`, …
    pub status: String,
    /// Messages.
    pub mailbox: u64,
    /// Bytes, with its heap, stack and mailbox.
    pub memory: u64,
    /// All that it has spent since its start.
    pub reductions: u64,
}

impl ProcessInfo {
    /// Whether its names are as long as names can be.
    fn fits(&self) -> bool {
        let short = |function: &Function| function.0.len() <= ATOM && function.1.len() <= ATOM;
        self.pid.len() <= PID
            && self.status.len() <= ATOM
            && self.name.as_ref().is_none_or(|name| name.len() <= ATOM)
            && short(&self.started)
            && self.current.as_ref().is_none_or(short)
    }
}

/// A process that has something: a table, a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// As it is printed on its own node.
    pub pid: String,
    /// Its registered name.
    pub name: Option<String>,
    /// What it was started as. `None`: it has ended.
    pub started: Option<Function>,
}

/// Its name, or what it was started as.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, &self.started) {
            (Some(name), _) => f.write_str(name.trim_start_matches("Elixir.")),
            (None, Some(started)) => write!(f, "{} {started}", self.pid),
            (None, None) => f.write_str(&self.pid),
        }
    }
}

/// A function by module, name and arity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Function(
    /// The module.
    #[serde(deserialize_with = "word::text")]
    pub String,
    /// The name.
    #[serde(deserialize_with = "word::text")]
    pub String,
    /// The arity.
    pub u64,
);

/// As people write it: `App.Reports.totals/1`, `gen_server:loop/7`, `fn in App.Reports.totals/1`.
impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(module, name, arity) = self;
        let (module, between) =
            module.strip_prefix("Elixir.").map_or((module.as_str(), ':'), |module| (module, '.'));
        // The compiler calls a closure `-totals/1-fun-0-`.
        match name.strip_prefix('-').and_then(|name| name.split_once("-fun-")) {
            Some((within, _)) => write!(f, "fn in {module}{between}{within}"),
            None => write!(f, "{module}{between}{name}/{arity}"),
        }
    }
}

/// One call of a stack, from the innermost on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame(
    /// The module.
    #[serde(deserialize_with = "word::text")]
    pub String,
    /// The name.
    #[serde(deserialize_with = "word::text")]
    pub String,
    /// The arity.
    pub u64,
    /// The file, maybe empty.
    pub String,
    /// The line, or 0.
    pub u64,
);

impl Frame {
    /// The function.
    #[must_use]
    pub fn function(&self) -> Function {
        Function(self.0.clone(), self.1.clone(), self.2)
    }
}

/// `pools.erl`
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PoolAnswer {
    pub(crate) pool: String,
    pub(crate) name: Option<String>,
    /// Of an Ecto repo: connections of a pool, and the queue's times in milliseconds.
    pub(crate) size: Option<u64>,
    pub(crate) target: Option<u64>,
    pub(crate) interval: Option<u64>,
    pub(crate) connections: u64,
    pub(crate) out: u64,
    pub(crate) queue: u64,
    /// Milliseconds.
    pub(crate) head_age: Option<i64>,
    pub(crate) mailbox: u64,
    pub(crate) holders: Vec<HolderAnswer>,
    pub(crate) waiters: Vec<WaiterAnswer>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct HolderAnswer {
    pub(crate) process: ProcessInfo,
    /// Tells this checkout from the one before.
    pub(crate) lock: u64,
    /// Milliseconds to the deadline.
    pub(crate) left: Option<i64>,
    pub(crate) stack: Vec<Frame>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct WaiterAnswer {
    pub(crate) process: ProcessInfo,
    /// Milliseconds.
    pub(crate) waits: i64,
    pub(crate) stack: Vec<Frame>,
}

#[cfg(test)]
mod tests {
    use super::Function;

    #[test]
    fn functions_are_shown_as_people_write_them() {
        let shown = |module: &str, name: &str| Function(module.into(), name.into(), 1).to_string();
        assert_eq!(shown("Elixir.App.Reports", "totals"), "App.Reports.totals/1");
        assert_eq!(shown("gen_server", "loop"), "gen_server:loop/1");
        assert_eq!(shown("Elixir.App.Reports", "-totals/2-fun-0-"), "fn in App.Reports.totals/2");
        assert_eq!(shown("lists", "-"), "lists:-/1");
    }
}
