//! Joined peers: one task each, which dials, watches the link, and dials again with backoff. It never gives
//! up. A peer that connects to us by itself counts as joined as long as its link lasts.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::config::{Epmd, Target};
use crate::dial;
use crate::error::NodeError;
use crate::event::NodeEvent;
use crate::inner::Inner;
use crate::random;

/// How long the peer's own attempt may take before ours is tried again.
const PEERS_TURN: Duration = Duration::from_millis(500);

/// A peer that is to be kept connected.
pub(crate) struct TargetState {
    pub(crate) target: Target,
    /// Told when a link to the peer comes up, whoever dialled.
    pub(crate) up: Notify,
}

/// Adds a target and starts its task. A target that is known already is left as it is.
pub(crate) fn add(inner: &Arc<Inner>, target: Target) -> Result<(), NodeError> {
    inner.config.validate_peer(&target.name)?;
    if inner.stopping() {
        return Err(NodeError::ShutDown);
    }
    if target.addr.is_none() && inner.config.epmd == Epmd::Off {
        let problem = format!("{} needs an address (host:port), since EPMD is not to be asked", target.name);
        return Err(NodeError::BadOption { option: "join", problem });
    }
    let state = {
        let mut targets = inner.targets.lock();
        if targets.contains_key(&target.name) {
            return Ok(());
        }
        let limit = inner.config.bounds.max_peers;
        if targets.len() >= limit {
            return Err(NodeError::TooManyPeers { limit });
        }
        let state = Arc::new(TargetState { target: target.clone(), up: Notify::new() });
        targets.insert(target.name, state.clone());
        state
    };
    inner.spawn_until_stop(keep_joined(inner.clone(), state));
    Ok(())
}

async fn keep_joined(inner: Arc<Inner>, state: Arc<TargetState>) {
    let name = &state.target.name;
    let mut backoff = Backoff::new(inner.config.backoff);
    let mut told = None;
    loop {
        if let Some(link) = inner.registry.link(name) {
            let since = Instant::now();
            link.0.finished.wait().await;
            told = None;
            // A peer that takes us and drops us at once is not dialled in a tight loop.
            if since.elapsed() > inner.config.backoff.cap {
                backoff.reset();
            }
            wait(&state, backoff.next_delay(random::jitter())).await;
            continue;
        }
        let Some(attempt) = inner.registry.begin_dial(name) else {
            wait(&state, PEERS_TURN).await;
            continue;
        };
        match dial::dial(&inner, &state.target, attempt).await {
            Ok(()) => {}
            Err(NodeError::SimultaneousConnect { .. }) => {
                tracing::debug!(peer = %name, "both sides dialled; the peer's attempt goes on");
                wait(&state, PEERS_TURN).await;
            }
            Err(error) => {
                let next_retry = backoff.next_delay(random::jitter());
                inner.counters.dials_failed.one();
                // The same failure again and again is one line, not one per attempt.
                if told.replace(error.kind()) == Some(error.kind()) {
                    tracing::debug!(peer = %name, %error, ?next_retry, "still cannot join");
                } else {
                    tracing::warn!(peer = %name, %error, ?next_retry, "cannot join; trying on");
                }
                inner.emit(NodeEvent::JoinFailed { name: name.clone(), error: Arc::new(error), next_retry });
                wait(&state, next_retry).await;
            }
        }
    }
}

/// Waits, or less when a link comes up meanwhile.
async fn wait(state: &TargetState, time: Duration) {
    let _either = tokio::time::timeout(time, state.up.notified()).await;
}
