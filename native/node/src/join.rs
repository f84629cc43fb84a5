//! Joined peers: one task each, which dials, watches the link, and dials again with backoff, for as long as the peer is
//! wanted: by the owner of the node, by a source of discovery, or by both. A peer that connects to us by itself counts as
//! joined as long as its link lasts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use outrigger_proto::NodeName;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::Instrument;

use crate::backoff::Backoff;
use crate::config::{Epmd, Target};
use crate::counters::Counter;
use crate::dial;
use crate::error::NodeError;
use crate::event::NodeEvent;
use crate::info::TargetInfo;
use crate::inner::Inner;
use crate::random;
use crate::span;

/// How long the peer's own attempt may take before ours is tried again.
const PEERS_TURN: Duration = Duration::from_millis(500);

/// A peer that is to be kept connected.
pub(crate) struct TargetState {
    target: Target,
    /// Told when a link to the peer comes up, whoever dialled, and when the peer may be wanted no longer.
    up: Notify,
    /// Who wants it. Changed only under the lock of the targets.
    by_owner: AtomicBool,
    by_discovery: AtomicBool,
    /// What came of it so far.
    links: Counter,
    failures: Counter,
    last_error: Mutex<Option<Arc<NodeError>>>,
}

/// Who wants a peer to be joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Owner,
    Discovery,
}

impl TargetState {
    fn wish(&self, wish: Wish) -> &AtomicBool {
        match wish {
            Wish::Owner => &self.by_owner,
            Wish::Discovery => &self.by_discovery,
        }
    }

    fn is_wanted(&self) -> bool {
        self.by_owner.load(Relaxed) || self.by_discovery.load(Relaxed)
    }

    /// A link to the peer is up, whoever dialled.
    pub(crate) fn linked(&self) {
        self.links.one();
        self.last_error.lock().take();
        self.up.notify_one();
    }

    fn failed(&self, error: &Arc<NodeError>) {
        self.failures.one();
        *self.last_error.lock() = Some(error.clone());
    }

    pub(crate) fn info(&self) -> TargetInfo {
        TargetInfo {
            name: self.target.name.clone(),
            addr: self.target.addr.clone(),
            links: self.links.value(),
            failures: self.failures.value(),
            last_error: self.last_error.lock().clone(),
        }
    }
}

/// Joins a peer by the owner's word. A target that is known already keeps its address.
pub(crate) fn add(inner: &Arc<Inner>, target: Target) -> Result<(), NodeError> {
    want(inner, target, Wish::Owner).map(drop)
}

/// Joins a peer that discovery named. Whether nobody wanted it before.
pub(crate) fn found(inner: &Arc<Inner>, target: Target) -> Result<bool, NodeError> {
    want(inner, target, Wish::Discovery)
}

/// Discovery names a peer no more. Whether nobody wants it now: then it is not dialled again once its link has ended.
pub(crate) fn lost(inner: &Inner, name: &NodeName) -> bool {
    let targets = inner.targets.lock();
    let Some(state) = targets.get(name) else { return false };
    state.by_discovery.store(false, Relaxed);
    state.up.notify_one();
    !state.is_wanted()
}

/// The owner wants a peer no more, whoever named it. The link, if there is one, ends. Whether there was any of it.
pub(crate) fn leave(inner: &Inner, name: &NodeName) -> bool {
    let wanted = inner.targets.lock().get(name).is_some_and(|state| {
        let wanted = state.is_wanted();
        [Wish::Owner, Wish::Discovery].iter().for_each(|wish| state.wish(*wish).store(false, Relaxed));
        state.up.notify_one();
        wanted
    });
    let link = inner.registry.link(name);
    link.as_ref().inspect(|link| link.disconnect());
    wanted || link.is_some()
}

fn want(inner: &Arc<Inner>, target: Target, wish: Wish) -> Result<bool, NodeError> {
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
        if let Some(state) = targets.get(&target.name) {
            let wanted = state.is_wanted();
            state.wish(wish).store(true, Relaxed);
            return Ok(!wanted);
        }
        let limit = inner.config.bounds.max_peers;
        if targets.len() >= limit {
            return Err(NodeError::TooManyPeers { limit });
        }
        let state = Arc::new(TargetState {
            target: target.clone(),
            up: Notify::new(),
            by_owner: (wish == Wish::Owner).into(),
            by_discovery: (wish == Wish::Discovery).into(),
            links: Counter::default(),
            failures: Counter::default(),
            last_error: Mutex::default(),
        });
        targets.insert(target.name, state.clone());
        state
    };
    let span = span::join(&state.target.name);
    inner.spawn_until_stop(keep_joined(inner.clone(), state).instrument(span));
    Ok(true)
}

async fn keep_joined(inner: Arc<Inner>, state: Arc<TargetState>) {
    let name = &state.target.name;
    let mut backoff = Backoff::new(inner.config.backoff);
    let mut told = None;
    let mut waited = false;
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
        if given_up(&inner, &state) {
            return;
        }
        // A peer that seems to be connecting has the first turn, once: anybody can say its name.
        if !std::mem::replace(&mut waited, true) && inner.registry.is_claimed(name) {
            wait(&state, PEERS_TURN).await;
            continue;
        }
        waited = false;
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
                let (next_retry, error) = (backoff.next_delay(random::jitter()), Arc::new(error));
                inner.counters.dials_failed.one();
                state.failed(&error);
                // The same failure again and again is one line, not one per attempt.
                if told.replace(error.kind()) == Some(error.kind()) {
                    tracing::debug!(peer = %name, %error, ?next_retry, "still cannot join");
                } else {
                    tracing::warn!(peer = %name, %error, ?next_retry, "cannot join; trying on");
                }
                inner.emit(NodeEvent::JoinFailed { name: name.clone(), error, next_retry });
                wait(&state, next_retry).await;
            }
        }
    }
}

/// Forgets a peer that nobody wants. Under the same lock as new wishes, so that none is lost.
fn given_up(inner: &Inner, state: &TargetState) -> bool {
    let mut targets = inner.targets.lock();
    let given_up = !state.is_wanted();
    if given_up {
        targets.remove(&state.target.name);
    }
    given_up
}

/// Waits, or less when a link comes up meanwhile.
async fn wait(state: &TargetState, time: Duration) {
    let _either = tokio::time::timeout(time, state.up.notified()).await;
}
