//! The service as the node sees it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use outrigger_fanout::{QueueFigures, Router, RouterConfig};
use outrigger_node::{
    DownReason, Inbound, Link, LinkId, Naming, Node, NodeName, Payload, Service, Target, To,
};
use outrigger_term::Pid;

use super::announce::Identity;
use super::core::Core;
use super::cover::{self, Missed};
use super::inbound::{Dial, LinkInbound};
use super::lane::LaneConfig;
use super::outlet::Outlet;

/// The router's own pid. Its serial is one that the engine leaves alone.
const ROUTER_ID: u32 = 1;

/// The PubSub service. Made before the node, and bound to it when it has started.
pub(crate) struct PubSub {
    lane: LaneConfig,
    bound: OnceLock<Bound>,
}

struct Bound {
    core: Arc<Core<Link>>,
    cover: Arc<Cover>,
}

/// What the peers miss, and the node that dials it.
struct Cover {
    own: NodeName,
    missed: Mutex<Missed>,
    naming: Naming,
}

/// The word of one peer.
struct PeerDial {
    cover: Arc<Cover>,
    link: Link,
}

impl Service for PubSub {
    fn names(&self) -> &[&str] {
        &[Self::NAME]
    }

    fn owns_pid(&self, id: u32, serial: u32) -> bool {
        match serial {
            0 => id == ROUTER_ID,
            _ => outrigger_fanout::RouteKey::from_pid(id, serial).is_some(),
        }
    }

    fn started(&self, node: &Node) {
        let identity = Identity { router: node.pid(ROUTER_ID, 0) };
        let core = Arc::new(Core::new(Router::new(RouterConfig::default()), identity, self.lane.clone()));
        // A service is started once.
        let cover =
            Cover { own: node.name().clone(), missed: Mutex::default(), naming: node.naming("cover") };
        let _ = self.bound.set(Bound { core, cover: Arc::new(cover) });
    }

    fn link_up(&self, link: &Link) {
        if let Some(bound) = self.bound.get() {
            bound.core.link_up(link);
        }
    }

    fn link_room(&self, link: &Link) {
        if let Some(bound) = self.bound.get() {
            bound.core.room(link);
        }
    }

    fn inbound(&self, link: &Link) -> Box<dyn Inbound> {
        match self.bound.get() {
            Some(Bound { core, cover }) => {
                let dial = PeerDial { cover: cover.clone(), link: link.clone() };
                Box::new(LinkInbound::new(core.clone(), link.clone(), dial))
            }
            // No link comes up before the start: nothing to be lost.
            None => Box::new(Deaf),
        }
    }
}

impl Cover {
    /// Changes what is missed, and has the node dial all of it.
    fn change(&self, change: impl FnOnce(&mut Missed)) {
        // Held while the node is told, so that the last word is the last one that it hears.
        let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut missed);
        self.naming.name(missed.nodes().into_iter().map(Target::by_epmd).collect());
    }
}

impl Dial for PeerDial {
    fn cover(&self, group: &str, nodes: Vec<NodeName>) {
        let by = self.link.peer();
        let refused = cover::of_the_other_kind(&self.cover.own, &nodes);
        if refused > 0 {
            tracing::warn!(
                %by,
                group,
                refused,
                "named nodes with the other kind of name: they can never be joined"
            );
        }
        tracing::debug!(%by, group, nodes = nodes.len(), "joining nodes to cover");
        self.cover.change(|missed| missed.cover(Outlet::peer(&self.link), group, nodes));
    }

    fn left(&self, group: &str) {
        let node = self.link.peer().as_str();
        self.cover.change(|missed| missed.left(Outlet::peer(&self.link), node, group));
    }
}

/// Hears nothing.
struct Deaf;

impl Inbound for Deaf {
    fn message(&mut self, _to: To<'_>, _from: Option<Pid<'_>>, _payload: Payload<'_>) {}
    fn link_down(&mut self, _reason: &DownReason) {}
}

impl PubSub {
    /// The registered name that nodes attach to.
    pub(crate) const NAME: &str = "outrigger_pubsub";

    /// A service that is bound to no node yet.
    pub(crate) fn new(lane: LaneConfig) -> Self {
        Self { lane, bound: OnceLock::new() }
    }

    /// Has all members take other ways, and returns when nothing is under way through this node any more. To be given up after a time.
    pub(crate) async fn leave(&self) {
        if let Some(Bound { core, .. }) = self.bound.get() {
            core.leave();
            core.leaving.over(|| core.router.counters().forwarded).await;
        }
    }

    /// What waits for each link besides what is in it, and what was dropped.
    pub(crate) fn queues(&self) -> HashMap<LinkId, QueueFigures> {
        let queues = self.bound.get().map(|bound| bound.core.queues()).unwrap_or_default();
        queues.into_iter().map(|(peer, figures)| (LinkId(peer.0), figures)).collect()
    }

    /// What the service has done so far; nothing before it is started.
    pub(crate) fn figures(&self) -> Vec<(&'static str, u64)> {
        use std::sync::atomic::Ordering::Relaxed;

        let Some(Bound { core, .. }) = self.bound.get() else { return Vec::new() };
        let (figures, counters) = (&core.figures, core.router.counters());
        vec![
            ("forwarded", counters.forwarded),
            ("runs", figures.runs.load(Relaxed)),
            ("batches", figures.batches.load(Relaxed)),
            ("copies", counters.copies),
            ("events", figures.events.load(Relaxed)),
            ("dead_letters", figures.dead_letters.load(Relaxed)),
            ("late", figures.late.load(Relaxed)),
            ("lost", figures.lost.load(Relaxed)),
            ("unknown_route", counters.dropped_unknown_route),
            ("expired_route", counters.dropped_expired_route),
            ("unattached", counters.dropped_unattached),
            ("malformed", figures.malformed.load(Relaxed)),
            ("refused", figures.refused.load(Relaxed)),
        ]
    }
}
