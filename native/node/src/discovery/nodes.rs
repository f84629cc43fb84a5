//! Peers from peers: `erlang:nodes/0` of each linked node, asked through its `rex` process.
//!
//! What a peer told counts as long as its link is up; a peer that does not answer this time keeps its last answer. So one
//! joined node brings in its whole cluster. All peers are asked at the same time, each with its own time-out.
//!
//! Limits: of one peer at most `max_peers` names are taken. Peers without `rex` (other Rust nodes, C nodes) tell nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use outrigger_proto::{NodeName, OwnedPid};
use outrigger_term::{Reader, TermError, Writer};
use parking_lot::Mutex;
use tokio::task::JoinSet;

use super::{NamePattern, PeerSource, Peers};
use crate::config::Target;
use crate::error::NodeError;
use crate::node::Node;

const PATIENCE: Duration = Duration::from_secs(2);

pub(super) struct Nodes {
    pattern: NamePattern,
    told: Mutex<BTreeMap<NodeName, Vec<NodeName>>>,
}

impl Nodes {
    pub(super) fn new(pattern: &NamePattern) -> Self {
        Self { pattern: pattern.clone(), told: Mutex::default() }
    }

    async fn ask_all(&self, node: &Node) -> Vec<Target> {
        let linked: Vec<NodeName> = node.0.registry.links().iter().map(|link| link.peer().clone()).collect();
        let mut questions = JoinSet::new();
        for peer in linked.clone() {
            let node = node.clone();
            questions.spawn(async move { (ask(&node, &peer).await, peer) });
        }
        let mut answers = Vec::new();
        while let Some(answer) = questions.join_next().await {
            match answer {
                Ok((Ok(names), peer)) => answers.push((peer, names)),
                Ok((Err(error), peer)) => tracing::debug!(%peer, %error, "does not tell its nodes"),
                Err(error) => tracing::error!(%error, "a question for nodes failed; this is a bug"),
            }
        }
        let mut told = self.told.lock();
        told.retain(|peer, _| linked.contains(peer));
        told.extend(answers);
        let names = told.values().flatten().filter(|name| self.pattern.matches(name.short()));
        names.cloned().map(Target::by_epmd).collect()
    }
}

impl PeerSource for Nodes {
    fn label(&self) -> String {
        "nodes of peers".into()
    }

    fn peers<'a>(&'a self, node: &'a Node) -> Peers<'a> {
        Box::pin(async move { Ok(self.ask_all(node).await) })
    }

    fn follows_links(&self) -> bool {
        true
    }
}

async fn ask(node: &Node, peer: &NodeName) -> Result<Vec<NodeName>, NodeError> {
    let reply = node.call_with(peer, "rex", |pid| question(pid).unwrap_or_default(), PATIENCE).await?;
    names(&reply, node.0.config.bounds.max_peers).map_err(|error| NodeError::Discovery {
        origin: peer.to_string(),
        problem: format!("the answer of erlang:nodes/0 is no list of names ({error})"),
    })
}

/// `{call, erlang, nodes, [], GroupLeader}`
fn question(pid: &OwnedPid) -> Result<Vec<u8>, TermError> {
    let mut bytes = Vec::with_capacity(64);
    let mut writer = Writer::new(&mut bytes);
    writer.tuple(5);
    writer.atom("call")?;
    writer.atom("erlang")?;
    writer.atom("nodes")?;
    writer.nil();
    writer.pid(&pid.borrow())?;
    Ok(bytes)
}

/// A list of node names, `max` at most.
fn names(reply: &[u8], max: usize) -> Result<Vec<NodeName>, TermError> {
    let mut reader = Reader::new(reply);
    let count = reader.list()?;
    let mut names = Vec::new();
    for _ in 0..count {
        let atom = reader.atom()?;
        if let Ok(name) = NodeName::new(&atom.text())
            && names.len() < max
        {
            names.push(name);
        }
    }
    reader.list_end(count)?;
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(atoms: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        if !atoms.is_empty() {
            writer.list(u32::try_from(atoms.len()).unwrap());
            atoms.iter().for_each(|atom| writer.atom(atom).unwrap());
        }
        writer.nil();
        bytes
    }

    #[test]
    fn names_are_taken_up_to_the_bound() {
        let text = |max| {
            let reply = list(&["a@h", "no name", "b@h"]);
            names(&reply, max).unwrap().iter().map(NodeName::to_string).collect::<Vec<_>>()
        };
        assert_eq!(text(9), ["a@h", "b@h"]);
        assert_eq!(text(1), ["a@h"]);
        assert!(names(&list(&[]), 9).unwrap().is_empty());
    }

    #[test]
    fn anything_else_is_no_answer() {
        // {badrpc, nodedown}; a list that ends early; an improper one.
        for reply in [&[104, 1, 97, 1][..], &[108, 0, 0, 0, 9], &[108, 0, 0, 0, 1, 119, 1, b'a', 97, 1]] {
            assert!(names(reply, 9).is_err(), "{reply:?}");
        }
    }
}
