//! The service as the rest of the program sees it.

use std::sync::Mutex;
use std::sync::{Arc, PoisonError};

use outrigger_node::{Node, NodeError, ProcessOptions};

use super::run::Carrier;

/// Cluster limits on a node.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    figures: Arc<Mutex<Figures>>,
}

/// What all limiters together have done so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    pub(super) limiters: u64,
    /// Of them, those that this node has the majority for.
    pub(super) in_force: u64,
    pub(super) clients: u64,
    pub(super) keys: u64,
    pub(super) asks: u64,
    pub(super) closed: u64,
    pub(super) granted: u64,
    pub(super) full: u64,
    pub(super) terms: u64,
    pub(super) malformed: u64,
}

impl Limits {
    /// The registered name that app nodes send to.
    pub(crate) const NAME: &str = "outrigger_limit";

    /// Starts the process on a node that has just started.
    pub(crate) fn start(&self, node: &Node) -> Result<(), NodeError> {
        let process = node.process_with(&ProcessOptions::default().tell_peer())?;
        process.register(Self::NAME)?;
        tokio::spawn(Carrier::new(process, self.figures.clone()).run());
        Ok(())
    }

    /// What the service has done so far.
    pub(crate) fn figures(&self) -> Vec<(&'static str, u64)> {
        let figures = *self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        vec![
            ("limiters", figures.limiters),
            ("in_force", figures.in_force),
            ("clients", figures.clients),
            ("keys", figures.keys),
            ("asks", figures.asks),
            ("closed", figures.closed),
            ("granted", figures.granted),
            ("full", figures.full),
            ("terms", figures.terms),
            ("malformed", figures.malformed),
        ]
    }
}
