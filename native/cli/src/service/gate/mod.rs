//! Gates, judged over and over (`outrigger node --gates FILE`), and what the BEAM nodes are told of them.
//!
//! Each visible node that is linked is watched through `outrigger_probe`. Once a second the last while of what was seen is judged by the gates of the file
//! (`outrigger_watch::gate`), and the process `Outrigger.Gate` of each node is sent the verdicts: [`report`]. They stand for [`TTL`]; when this
//! node ends, nodes fall back to `unknown` at once, since they monitor the process that reports.
//!
//! Limits: result files and baselines are for `outrigger gate`, before a deploy: their budgets are `not_run` here. The file is read once, at the start.

mod report;
mod verdicts;

use std::collections::HashSet;
use std::time::Duration;

use outrigger_node::{Dest, Node, NodeError, NodeName, Process};
use outrigger_probe::{Cluster, Rolling, Sight};
use outrigger_watch::gate::Config;
use tokio::time::{MissedTickBehavior, interval};

use crate::look::{self, now_ms};
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

async fn judge(node: Node, mut process: Process, config: Config) {
    let mut cluster = Cluster::watch(&node, &[], look::for_gates(config.gates.values()));
    let longest =
        config.gates.values().map(|gate| gate.window.saturating_add(gate.warm_up)).max().unwrap_or(0);
    let mut rolling = Rolling::new(longest, now_ms());
    let mut verdicts = Verdicts::new(config);
    let mut due = interval(STEP);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            sight = cluster.next() => match sight {
                Sight::Joined { node, .. } => rolling.joined(node.as_str(), now_ms()),
                Sight::Round(round) => rolling.saw(*round),
                Sight::Lost { node, error } => {
                    tracing::debug!(peer = node.as_str(), %error, "not watched for the time being");
                    rolling.lost(node.as_str(), now_ms());
                }
                _ => {}
            },
            // Nobody writes to it; it ends with the node.
            message = process.recv() => if message.is_none() {
                return;
            },
            _ = due.tick() => {
                attend(&node, &mut cluster, &mut rolling);
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

/// Watches the visible nodes that are linked, and no others: a name that never comes again is not kept.
fn attend(node: &Node, cluster: &mut Cluster, rolling: &mut Rolling) {
    let links = node.links();
    let linked: HashSet<&NodeName> =
        links.iter().filter(|link| !link.hidden).map(|link| &link.name).collect();
    let gone: Vec<NodeName> = cluster.nodes().filter(|name| !linked.contains(name)).cloned().collect();
    for name in gone {
        cluster.remove(&name);
        rolling.lost(name.as_str(), now_ms());
    }
    for name in linked {
        cluster.add(name);
    }
}
