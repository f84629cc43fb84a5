//! A running `outrigger watch --json`, and what it says.

use std::time::Duration;

use outrigger_testkit::{COOKIE, Epmd, LONG, Process, outrigger};
use serde_json::Value;

pub(crate) struct Watcher(Process);

impl Watcher {
    pub(crate) fn start(epmd: &Epmd, nodes: &[&str], args: &[&str]) -> Self {
        Self::with_cookie(epmd, nodes, args, COOKIE)
    }

    pub(crate) fn with_cookie(epmd: &Epmd, nodes: &[&str], args: &[&str], cookie: &str) -> Self {
        let mut command = outrigger();
        command.env("ERL_EPMD_PORT", epmd.port().to_string()).env("OUTRIGGER_COOKIE", cookie);
        command.arg("watch").args(nodes).args(["--json", "--every", "200ms", "--duty", "50"]).args(args);
        Self(Process::start("outrigger watch", command, "cargo build -p outrigger"))
    }

    pub(crate) fn process(&self) -> &Process {
        &self.0
    }

    /// The next line from `from` on that fits, and the index behind it.
    #[track_caller]
    pub(crate) fn wait(&self, from: usize, why: &str, fits: impl Fn(&Value) -> bool) -> (usize, Value) {
        self.within(from, LONG, why, fits)
    }

    #[track_caller]
    fn within(
        &self,
        from: usize,
        time: Duration,
        why: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> (usize, Value) {
        let fits = |line: &str| serde_json::from_str(line).is_ok_and(|line: Value| fits(&line));
        let (at, line) = self.0.wait_line(from, time, why, fits);
        (at + 1, serde_json::from_str(&line).unwrap())
    }

    /// The next round of a node.
    #[track_caller]
    pub(crate) fn round(&self, from: usize, node: &str) -> (usize, Value) {
        self.wait(from, "a round", |line| line["event"] == "round" && line["node"] == node)
    }
}

/// The value of a metric without labels.
pub(crate) fn figure(round: &Value, metric: &str) -> Option<f64> {
    let figures = round["figures"].as_array().unwrap();
    figures.iter().find(|figure| figure["metric"] == metric).map(|figure| figure["value"].as_f64().unwrap())
}
