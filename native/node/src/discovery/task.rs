//! The task of one source: asks, hands the answer on, waits.
//!
//! A failing source is one warning, not one per question. What it said before counts on.

use std::sync::Arc;
use std::time::Duration;

use outrigger_proto::NodeName;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::{Instant, sleep_until};

use super::directory::{Change, SourceId};
use super::schedule::Schedule;
use super::{Discovery, PeerSource};
use crate::config::Target;
use crate::error::NodeError;
use crate::event::NodeEvent;
use crate::inner::Inner;
use crate::link::millis;
use crate::node::Node;
use crate::{join, random};

/// Starts to look in one more place.
pub(crate) fn start(inner: &Arc<Inner>, discovery: &Discovery) -> Result<(), NodeError> {
    discovery.validate(&inner.config)?;
    if inner.stopping() {
        return Err(NodeError::ShutDown);
    }
    let source = discovery.source();
    let finder = Finder {
        inner: inner.clone(),
        id: inner.directory.lock().add_source(),
        label: source.label().into(),
        failing: false,
        left_out: 0,
    };
    inner.spawn_until_stop(finder.run(source, discovery.every));
    Ok(())
}

pub(super) struct Finder {
    pub(super) inner: Arc<Inner>,
    pub(super) id: SourceId,
    pub(super) label: Arc<str>,
    /// Whether the last question failed.
    pub(super) failing: bool,
    /// How many names of the last answer were left out.
    pub(super) left_out: usize,
}

impl Finder {
    async fn run(mut self, source: Arc<dyn PeerSource>, every: Duration) {
        let node = Node(self.inner.clone());
        let mut links = if source.follows_links() { self.inner.watch() } else { None };
        let zero = Instant::now();
        let mut schedule = Schedule::new(every);
        loop {
            match source.peers(&node).await {
                Ok(answer) => self.take(answer),
                Err(error) => self.failed(&error),
            }
            schedule.asked(millis(zero.elapsed()), random::jitter());
            loop {
                let due = zero + Duration::from_millis(schedule.due());
                tokio::select! {
                    biased;
                    () = sleep_until(due) => break,
                    () = change(&mut links) => schedule.hurry(),
                }
            }
        }
    }

    /// Takes a whole answer.
    pub(super) fn take(&mut self, answer: Vec<Target>) {
        if std::mem::take(&mut self.failing) {
            tracing::info!(source = %self.label, "discovery works again");
        }
        let named = answer.len();
        let changes = self.inner.directory.lock().answer(self.id, answer);
        if changes.left_out != std::mem::replace(&mut self.left_out, changes.left_out) {
            let left_out = changes.left_out;
            tracing::debug!(source = %self.label, named, left_out, "names that cannot be joined are left out");
        }
        for change in changes.changes {
            match change {
                Change::Join(target) => self.join(target),
                Change::GiveUp(name) => self.give_up(name),
            }
        }
    }

    fn join(&self, target: Target) {
        let name = target.name.clone();
        match join::found(&self.inner, target) {
            Ok(true) => {
                tracing::info!(peer = %name, source = %self.label, "peer found");
                self.inner.counters.peers_found.one();
                self.inner.emit(NodeEvent::Found { name, source: self.label.clone() });
            }
            // Joined by its owner's word already.
            Ok(false) => {}
            Err(error) => {
                tracing::debug!(peer = %name, source = %self.label, %error, "peer found, but it cannot be joined");
                self.inner.directory.lock().not_joined(&name);
            }
        }
    }

    fn give_up(&self, name: NodeName) {
        if join::lost(&self.inner, &name) {
            tracing::info!(peer = %name, source = %self.label, "no source names this peer any more");
            self.inner.counters.peers_lost.one();
            self.inner.emit(NodeEvent::Lost { name, source: self.label.clone() });
        }
    }

    fn failed(&mut self, error: &NodeError) {
        self.inner.counters.discovery_failed.one();
        if std::mem::replace(&mut self.failing, true) {
            tracing::debug!(source = %self.label, %error, "discovery still fails");
        } else {
            tracing::warn!(source = %self.label, %error, "discovery fails; what it found before stays");
        }
    }
}

/// Returns when a link came up or ended, or perhaps did.
async fn change(links: &mut Option<Receiver<NodeEvent>>) {
    loop {
        let Some(receiver) = links else { return std::future::pending().await };
        match receiver.recv().await {
            Ok(NodeEvent::Up { .. } | NodeEvent::Down { .. }) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => *links = None,
        }
    }
}
