//! Pools of DBConnection: who has the connections, who waits, and for how long.

use std::collections::HashMap;

use serde::Serialize;

use crate::answer::{Frame, Function, HolderAnswer, PoolAnswer, ProcessInfo, WaiterAnswer};

/// One pool. Ecto's `pool_count` makes several of one repo.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pool {
    /// The registered name nearest above it: of an Ecto repo, the repo. Else its pid.
    pub name: String,
    /// Its pid, as printed there.
    pub pid: String,
    /// Connections that it is to have; of a pool that is not Ecto's, those that it has.
    pub size: u64,
    /// Connections that are up.
    pub connections: u64,
    /// Idle ones.
    pub ready: u64,
    /// Those that a client has.
    pub checked_out: u64,
    /// Clients that wait.
    pub queue_len: u64,
    /// How long the first of them has waited, in milliseconds.
    pub head_age_ms: Option<u64>,
    /// Messages that the pool itself has not read yet.
    pub mailbox: u64,
    /// Ecto's `queue_target` and `queue_interval`, in milliseconds, where they are set.
    pub queue_target_ms: Option<u64>,
    /// See `queue_target_ms`.
    pub queue_interval_ms: Option<u64>,
    /// Who has a connection, those with the longest hold first. Bounded: see [`crate::WatchConfig::clients`].
    pub holders: Vec<Holder>,
    /// Who waits, in the order of the queue. Bounded likewise.
    pub waiters: Vec<Waiter>,
}

/// A client with a connection.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Holder {
    /// Which process.
    #[serde(flatten)]
    pub process: ProcessInfo,
    /// What it runs: the innermost function that is not the database library's.
    pub runs: Option<Function>,
    /// It has had it for so many milliseconds at least: since it was first seen with it.
    pub held_ms: u64,
    /// Milliseconds to the deadline at which the pool takes it away. `None`: there is none.
    pub deadline_left_ms: Option<u64>,
    /// What it runs, from the innermost on.
    pub stack: Vec<Frame>,
}

/// A client without one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Waiter {
    /// Which process.
    #[serde(flatten)]
    pub process: ProcessInfo,
    /// What it runs: the innermost function that is not the database library's.
    pub runs: Option<Function>,
    /// Milliseconds.
    pub waits_ms: u64,
    /// What it runs, from the innermost on.
    pub stack: Vec<Frame>,
}

/// When each holder was first seen with its connection.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    /// By pool, process and checkout: microseconds of the node's monotonic time.
    since: HashMap<(String, String, u64), i64>,
}

impl Holds {
    /// What an answer, read at `at`, means.
    pub(crate) fn take(&mut self, answers: Vec<PoolAnswer>, at: i64) -> Vec<Pool> {
        let mut next = HashMap::new();
        let pools = answers.into_iter().map(|answer| self.pool(answer, at, &mut next)).collect();
        self.since = next;
        pools
    }

    fn pool(&self, answer: PoolAnswer, at: i64, next: &mut HashMap<(String, String, u64), i64>) -> Pool {
        let repo = answer.name.as_deref();
        let mut holders: Vec<Holder> = answer
            .holders
            .into_iter()
            .map(|holder| {
                let key = (answer.pool.clone(), holder.process.pid.clone(), holder.lock);
                let since = self.since.get(&key).copied().unwrap_or(at);
                next.insert(key, since);
                Holder::new(holder, at.saturating_sub(since), repo)
            })
            .collect();
        holders.sort_by_key(|holder| std::cmp::Reverse(holder.held_ms));
        Pool {
            name: answer.name.clone().unwrap_or_else(|| answer.pool.clone()),
            pid: answer.pool,
            size: answer.size.unwrap_or(answer.connections),
            connections: answer.connections,
            ready: answer.connections.saturating_sub(answer.out),
            checked_out: answer.out,
            queue_len: answer.queue,
            head_age_ms: answer.head_age.map(not_before),
            mailbox: answer.mailbox,
            queue_target_ms: answer.target,
            queue_interval_ms: answer.interval,
            holders,
            waiters: answer.waiters.into_iter().map(|waiter| Waiter::new(waiter, repo)).collect(),
        }
    }
}

impl Holder {
    fn new(answer: HolderAnswer, held_micros: i64, repo: Option<&str>) -> Self {
        Self {
            runs: runs(&answer.stack, repo),
            process: answer.process,
            held_ms: not_before(held_micros) / 1_000,
            deadline_left_ms: answer.left.map(not_before),
            stack: answer.stack,
        }
    }
}

impl Waiter {
    fn new(answer: WaiterAnswer, repo: Option<&str>) -> Self {
        Self {
            runs: runs(&answer.stack, repo),
            process: answer.process,
            waits_ms: not_before(answer.waits),
            stack: answer.stack,
        }
    }
}

/// A time that a step of the clock has made negative is none.
fn not_before(time: i64) -> u64 {
    u64::try_from(time).unwrap_or(0)
}

/// Libraries that everybody's stack goes through: what is below them is the application's.
const LIBRARIES: &[&str] = &[
    "Elixir.DBConnection",
    "Elixir.Ecto",
    "Elixir.Postgrex",
    "Elixir.MyXQL",
    "Elixir.Tds",
    "Elixir.Exqlite",
    "Elixir.GenServer",
    "Elixir.Process",
    "Elixir.Task",
    "Elixir.Enum",
    "Elixir.Stream",
    "Elixir.Keyword",
    "Elixir.Map",
    "Elixir.Kernel",
    "gen",
    "gen_server",
    "gen_tcp",
    "prim_inet",
    "ssl",
    "ssl_gen_statem",
    "tls_socket",
    "tls_gen_connection",
    "inet_tcp",
    "timer",
    "lists",
    "maps",
    "erlang",
    "prim_eval",
    "proc_lib",
    "erl_eval",
    "elixir",
    "telemetry",
    "socket",
];

/// The innermost function of the application: behind it is what it calls, its repo's generated functions too.
fn runs(stack: &[Frame], repo: Option<&str>) -> Option<Function> {
    let library = |frame: &&Frame| {
        repo == Some(frame.0.as_str())
            || LIBRARIES.iter().any(|library| {
                frame.0 == *library || frame.0.strip_prefix(library).is_some_and(|rest| rest.starts_with('.'))
            })
    };
    stack.iter().find(|frame| !library(frame)).or(stack.first()).map(Frame::function)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(module: &str) -> Frame {
        Frame(module.into(), "f".into(), 1, String::new(), 0)
    }

    fn answer(holders: &[(&str, u64)]) -> PoolAnswer {
        let process = |pid: &str| ProcessInfo {
            pid: pid.into(),
            name: None,
            started: Function("m".into(), "f".into(), 0),
            current: None,
            status: "waiting".into(),
            mailbox: 0,
            memory: 0,
            reductions: 0,
        };
        PoolAnswer {
            pool: "<0.1.0>".into(),
            name: Some("Elixir.App.Repo".into()),
            size: Some(5),
            target: None,
            interval: None,
            connections: 5,
            out: holders.len() as u64,
            queue: 0,
            head_age: Some(-3),
            mailbox: 0,
            holders: holders
                .iter()
                .map(|(pid, lock)| HolderAnswer {
                    process: process(pid),
                    lock: *lock,
                    left: None,
                    stack: Vec::new(),
                })
                .collect(),
            waiters: Vec::new(),
        }
    }

    #[test]
    fn a_hold_is_counted_from_the_first_sight_of_this_checkout() {
        let mut holds = Holds::default();
        let held = |pools: Vec<Pool>| {
            pools[0]
                .holders
                .iter()
                .map(|holder| (holder.process.pid.clone(), holder.held_ms))
                .collect::<Vec<_>>()
        };
        assert_eq!(held(holds.take(vec![answer(&[("a", 1)])], 1_000_000)), [("a".into(), 0)]);
        assert_eq!(
            held(holds.take(vec![answer(&[("b", 1), ("a", 1)])], 3_000_000)),
            [("a".into(), 2_000), ("b".into(), 0)]
        );
        // The same process, a new checkout.
        assert_eq!(
            held(holds.take(vec![answer(&[("b", 1), ("a", 2)])], 4_000_000)),
            [("b".into(), 1_000), ("a".into(), 0)]
        );
    }

    #[test]
    fn what_is_out_is_not_ready_and_no_time_is_negative() {
        let pool = &Holds::default().take(vec![answer(&[("a", 1), ("b", 2)])], 0)[0];
        assert_eq!((pool.size, pool.ready, pool.checked_out, pool.head_age_ms), (5, 3, 2, Some(0)));
    }

    #[test]
    fn what_runs_is_the_applications_own() {
        let stack = [
            "prim_inet",
            "Elixir.Postgrex.Protocol",
            "Elixir.Ecto.Adapters.SQL",
            "Elixir.App.Repo",
            "Elixir.App.Accounts",
            "proc_lib",
        ]
        .map(frame);
        assert_eq!(runs(&stack, Some("Elixir.App.Repo")).unwrap().0, "Elixir.App.Accounts");
        assert_eq!(
            runs(&[frame("Elixir.EctoTools")], None).unwrap().0,
            "Elixir.EctoTools",
            "only whole names"
        );
        assert_eq!(runs(&["timer", "erlang"].map(frame), None).unwrap().0, "timer", "better than nothing");
        assert_eq!(runs(&[], None), None);
    }
}
