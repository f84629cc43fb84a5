//! The service as the node sees it.

use std::sync::{Arc, OnceLock};

use outrigger_fanout::{Router, RouterConfig};
use outrigger_node::{DownReason, Inbound, Link, Node, NodeName, Payload, Service, To, WeakNode};
use outrigger_term::Pid;

use super::announce::Identity;
use super::core::Core;
use super::cover;
use super::inbound::{Dial, LinkInbound};

/// The router's own pid. Its serial is one that the engine leaves alone.
const ROUTER_ID: u32 = 1;

/// The PubSub service. Made before the node, and bound to it when it has started.
#[derive(Default)]
pub(crate) struct PubSub {
    bound: OnceLock<Bound>,
}

struct Bound {
    core: Arc<Core<Link>>,
    node: WeakNode,
}

/// Dials through the node.
struct NodeDial {
    core: Arc<Core<Link>>,
    node: WeakNode,
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
        let core = Arc::new(Core::new(Router::new(RouterConfig::default()), identity));
        // A service is started once.
        let _ = self.bound.set(Bound { core, node: node.downgrade() });
    }

    fn link_up(&self, link: &Link) {
        if let Some(bound) = self.bound.get() {
            bound.core.link_up(link);
        }
    }

    fn inbound(&self, link: &Link) -> Box<dyn Inbound> {
        match self.bound.get() {
            Some(Bound { core, node }) => {
                let dial = NodeDial { core: core.clone(), node: node.clone() };
                Box::new(LinkInbound::new(core.clone(), link.clone(), dial))
            }
            // No link comes up before the start: nothing to be lost.
            None => Box::new(Deaf),
        }
    }
}

impl Dial for NodeDial {
    fn cover(&self, by: &str, group: &str, nodes: Vec<NodeName>) {
        let Some(node) = self.node.upgrade() else { return };
        let (wanted, refused) = cover::wanted(node.name(), nodes, |name| self.core.reaches(name.as_str()));
        if refused > 0 {
            tracing::warn!(
                by,
                group,
                refused,
                "named nodes with the other kind of name: they can never be joined"
            );
        }
        for name in wanted {
            match node.join(name.clone()) {
                Ok(()) => tracing::debug!(node = %name, by, group, "joining a node to cover"),
                Err(error) => tracing::warn!(node = %name, by, group, %error, "cannot join a node to cover"),
            }
        }
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

    /// What the service has done so far; nothing before it is started.
    pub(crate) fn figures(&self) -> Vec<(&'static str, u64)> {
        use std::sync::atomic::Ordering::Relaxed;

        let Some(Bound { core, .. }) = self.bound.get() else { return Vec::new() };
        let (figures, counters) = (&core.figures, core.router.counters());
        vec![
            ("forwarded", counters.forwarded),
            ("batches", figures.batches.load(Relaxed)),
            ("copies", counters.copies),
            ("unknown_route", counters.dropped_unknown_route),
            ("expired_route", counters.dropped_expired_route),
            ("unattached", counters.dropped_unattached),
            ("malformed", figures.malformed.load(Relaxed)),
            ("refused", figures.refused.load(Relaxed)),
        ]
    }
}
