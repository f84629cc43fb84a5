//! Gates, judged over and over (`outrigger node --gates FILE`), and what the BEAM nodes are told of them.
//!
//! Each visible node that is linked is watched through `outrigger_probe`. Once a second the last while of what was seen is judged by the gates of the file
//! (`outrigger_watch::gate`), and the process `Outrigger.Gate` of each node is sent the verdicts: [`report`]. They stand for [`TTL`]; when this
//! node ends, nodes fall back to `unknown` at once, since they monitor the process that reports.
//!
//! Limits: result files and baselines are for `outrigger gate`, before a deploy: their budgets are `not_run` here. The file is read once, at the start.

mod report;
mod verdicts;

use std::time::Duration;

use outrigger_node::{Dest, Node, NodeError, NodeEvent, Process};
use outrigger_probe::{Cluster, Rolling, Sight, WatchConfig};
use outrigger_watch::gate::Config;
use tokio::time::{MissedTickBehavior, interval};

use crate::look::now_ms;
use verdicts::Verdicts;

/// From one judgement to the next.
const STEP: Duration = Duration::from_secs(1);
/// How long a verdict stands when nothing more is heard.
const TTL: Duration = Duration::from_secs(5);
/// Who is told, on each node.
const SERVER: &str = "Elixir.Outrigger.Gate";

/// Judges on a node, until the node is shut down.
pub(crate) fn start(node: &Node, config: Config) -> Result<(), NodeError> {
    let process = node.process()?;
    tokio::spawn(judge(node.clone(), process, config));
    Ok(())
}

async fn judge(node: Node, process: Process, config: Config) {
    let mut events = node.events();
    let mut cluster = Cluster::watch(&node, &[], WatchConfig::default());
    for link in node.links().iter().filter(|link| !link.hidden) {
        cluster.add(&link.name);
    }
    let longest =
        config.gates.values().map(|gate| gate.window.saturating_add(gate.warm_up)).max().unwrap_or(0);
    let mut rolling = Rolling::new(longest, now_ms());
    let mut verdicts = Verdicts::new(config);
    let mut due = interval(STEP);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            sight = cluster.next() => match sight {
                Some(Sight::Joined { node, .. }) => rolling.joined(node.as_str(), now_ms()),
                Some(Sight::Round(round)) => rolling.saw(*round),
                Some(Sight::Lost { node, error }) => {
                    tracing::debug!(peer = node.as_str(), %error, "not watched for the time being");
                    rolling.lost(node.as_str(), now_ms());
                }
                Some(_) => {}
                None => return,
            },
            event = events.next() => match event {
                Some(NodeEvent::Up { name, hidden: false, .. }) => {
                    cluster.add(&name);
                }
                Some(_) => {}
                None => return,
            },
            _ = due.tick() => {
                let said = verdicts.judge(&rolling, now_ms());
                for change in said.iter().filter(|said| said.changed) {
                    tracing::info!(gate = change.gate, verdict = change.verdict.text(), why = change.why, "a gate's verdict changed");
                }
                // Verdicts and names of gates are short and valid, so there always is a term.
                let Ok(message) = report::term(process.pid(), TTL, &said) else { continue };
                for peer in cluster.nodes() {
                    // One that is not linked now is told the next time.
                    let _ = process.send(&Dest::name(SERVER, peer.clone()), &message);
                }
            }
        }
    }
}
