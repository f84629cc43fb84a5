//! The rhythm: part after part, for as much as it may cost.

use std::time::Duration;

use outrigger_node::{Node, NodeName};
use outrigger_term::{SerdeError, TermError, Writer};
use outrigger_watch::tree::Snapshot;
use serde::de::Error as _;
use tokio::time::Instant;

use super::answer::{Again, First, Part};
use super::take::Taking;
use crate::ProbeError;
use crate::guest::Guest;
use crate::pace::Pace;

/// From one part to the next, as long as that is enough for what it may cost.
const INTERVAL: Duration = Duration::from_millis(100);

/// How the processes of a node are read.
#[derive(Clone, Copy, Debug)]
pub struct TreeConfig {
    /// What it may cost the node, as a share of one core.
    pub duty: f64,
    /// How long to wait for an answer.
    pub patience: Duration,
}

impl Default for TreeConfig {
    fn default() -> Self {
        Self { duty: 0.1, patience: Duration::from_secs(5) }
    }
}

/// Reads all processes of a node that is linked. `tell` hears how many are read, and of how many.
///
/// No process is asked anything: one that is busy, hangs or is suspended does not hold it up.
///
/// # Errors
/// The node refuses the guest, ends, is silent, or says what makes no sense.
pub async fn read_tree(
    node: &Node,
    peer: &NodeName,
    config: TreeConfig,
    mut tell: impl FnMut(u64, u64),
) -> Result<Snapshot, ProbeError> {
    let mut guest = Guest::tree(node, peer, config.patience).await?;
    let first: First = guest.ask(|tag| request("first", tag, None), config.patience).await?;
    let all = first.processes;
    let mut taking = Taking::new(peer.as_str(), &guest.hello().release, first);
    let mut pace = Pace::new(INTERVAL, config.duty);
    loop {
        let asked = Instant::now();
        let size = pace.size().min(Snapshot::PROCESSES - taking.count());
        let part: Part = guest.ask(|tag| request("part", tag, Some(size)), config.patience).await?;
        pace.took(Duration::from_micros(part.took), size);
        let left = part.left;
        taking.take(part, size).map_err(|problem| guest.not_understood(SerdeError::custom(problem)))?;
        tell(all.saturating_sub(left), all);
        let over = left == 0 || taking.count() >= Snapshot::PROCESSES;
        if !over || taking.has_suspects() {
            guest.rest(asked + pace.interval()).await?;
        }
        if over {
            break;
        }
    }
    if taking.has_suspects() {
        let again: Again = guest.ask(|tag| request("again", tag, None), config.patience).await?;
        taking.again(again);
    }
    Ok(taking.done())
}

/// `{What, Tag}` or `{What, Tag, Size}`
fn request(what: &str, tag: u64, size: Option<usize>) -> Result<Vec<u8>, TermError> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    writer.tuple(2 + u32::from(size.is_some()));
    writer.atom(what)?;
    writer.unsigned(tag);
    if let Some(size) = size {
        writer.unsigned(size as u64);
    }
    Ok(bytes)
}
