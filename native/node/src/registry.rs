//! Which peer has a link, an attempt of ours, an attempt of its own: one slot per name, one lock.
//!
//! The rules are `net_kernel`'s:
//!
//! - One link per name. One attempt per name and direction.
//! - Both sides dial at once: the attempt of the greater name goes on. The other side answers `nok`, or gives
//!   its own attempt up and answers `ok_simultaneous`.
//! - A peer that connects while we hold a link under its name is asked (`alive`): it has lost its end. When it
//!   insists, the old link ends first, and the services see that end before the new link comes up.
//!
//! Limits: `max_peers` counts names with a link or an incoming attempt.

use std::collections::HashMap;
use std::sync::Arc;

use outrigger_proto::NodeName;
use outrigger_proto::handshake::Decision;
use parking_lot::Mutex;
use tokio::sync::SetOnce;

use crate::link::{Link, LinkId};

/// The slots of all peers.
pub(crate) struct Registry {
    slots: Mutex<HashMap<NodeName, Slot>>,
    max_peers: usize,
}

#[derive(Default)]
struct Slot {
    link: Option<Link>,
    dialling: Option<Arc<SetOnce<()>>>,
    accepting: bool,
}

impl Slot {
    fn is_empty(&self) -> bool {
        self.link.is_none() && self.dialling.is_none() && !self.accepting
    }
}

/// An attempt that holds its place in the slot until it is dropped.
pub(crate) struct Attempt {
    registry: Arc<Registry>,
    name: NodeName,
    /// `Some` for an attempt of ours: set when the peer's attempt goes on instead.
    cancelled: Option<Arc<SetOnce<()>>>,
}

/// What became of a try to put a link into its slot.
pub(crate) enum Install {
    Done,
    /// An older link is there; it must end first.
    Occupied(Link),
    /// The peer's own attempt goes on instead.
    Cancelled,
}

impl Registry {
    pub(crate) fn new(max_peers: usize) -> Arc<Self> {
        Arc::new(Self { slots: Mutex::default(), max_peers })
    }

    /// The link to a peer, if one is up.
    pub(crate) fn link(&self, name: &NodeName) -> Option<Link> {
        self.slots.lock().get(name).and_then(|slot| slot.link.clone())
    }

    /// The same by the text of the name, as pids carry it.
    pub(crate) fn link_to(&self, name: &str) -> Option<Link> {
        self.slots.lock().get(name).and_then(|slot| slot.link.clone())
    }

    /// All links.
    pub(crate) fn links(&self) -> Vec<Link> {
        self.slots.lock().values().filter_map(|slot| slot.link.clone()).collect()
    }

    /// Starts an attempt of ours. `None` when there is a link already, or the peer is connecting to us.
    pub(crate) fn begin_dial(self: &Arc<Self>, name: &NodeName) -> Option<Attempt> {
        let mut slots = self.slots.lock();
        let slot = slots.entry(name.clone()).or_default();
        if !slot.is_empty() {
            return None;
        }
        let cancelled = Arc::new(SetOnce::new());
        slot.dialling = Some(cancelled.clone());
        Some(Attempt { registry: self.clone(), name: name.clone(), cancelled: Some(cancelled) })
    }

    /// Decides about an attempt of `peer` at a node called `own`. The attempt is `None` when it is refused.
    pub(crate) fn begin_accept(
        self: &Arc<Self>,
        own: &NodeName,
        peer: &NodeName,
    ) -> (Decision, Option<Attempt>) {
        if own == peer {
            return (Decision::NotAllowed, None);
        }
        let mut slots = self.slots.lock();
        let taken = slots.values().filter(|slot| slot.link.is_some() || slot.accepting).count();
        let known = slots.get(peer).is_some_and(|slot| slot.link.is_some());
        if taken >= self.max_peers && !known {
            return (Decision::NotAllowed, None);
        }
        let slot = slots.entry(peer.clone()).or_default();
        let decision = if slot.accepting {
            return (Decision::Nok, None);
        } else if slot.link.is_some() {
            Decision::Alive
        } else if let Some(ours) = &slot.dialling {
            if own.as_str() > peer.as_str() {
                return (Decision::Nok, None);
            }
            // Set twice only by a second attempt of the peer, which `accepting` excludes.
            let _already_cancelled = ours.set(());
            Decision::AcceptSimultaneous
        } else {
            Decision::Accept
        };
        slot.accepting = true;
        (decision, Some(Attempt { registry: self.clone(), name: peer.clone(), cancelled: None }))
    }

    /// Takes a link out, if it is still the one in its slot.
    pub(crate) fn remove(&self, name: &NodeName, id: LinkId) {
        let mut slots = self.slots.lock();
        if let Some(slot) = slots.get_mut(name) {
            slot.link.take_if(|link| link.id() == id);
            if slot.is_empty() {
                slots.remove(name);
            }
        }
    }
}

impl Attempt {
    /// Puts the finished link into its slot.
    pub(crate) fn install(&self, link: &Link) -> Install {
        let mut slots = self.registry.slots.lock();
        if self.cancelled.as_ref().is_some_and(|cancelled| cancelled.initialized()) {
            return Install::Cancelled;
        }
        let slot = slots.entry(self.name.clone()).or_default();
        match &slot.link {
            Some(old) => Install::Occupied(old.clone()),
            None => {
                slot.link = Some(link.clone());
                Install::Done
            }
        }
    }

    /// Returns when the peer's attempt goes on instead of ours.
    pub(crate) async fn cancelled(&self) {
        match &self.cancelled {
            Some(cancelled) => {
                cancelled.wait().await;
            }
            None => std::future::pending().await,
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut slots = self.registry.slots.lock();
        if let Some(slot) = slots.get_mut(&self.name) {
            match &self.cancelled {
                Some(_) => slot.dialling = None,
                None => slot.accepting = false,
            }
            if slot.is_empty() {
                slots.remove(&self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> NodeName {
        text.parse().unwrap()
    }

    #[test]
    fn the_greater_name_wins_when_both_dial() {
        let (a, b) = (name("a@h"), name("b@h"));
        // On the lesser node: its own attempt is given up.
        let lesser = Registry::new(9);
        let ours = lesser.begin_dial(&b).unwrap();
        let (decision, theirs) = lesser.begin_accept(&a, &b);
        assert!(matches!(decision, Decision::AcceptSimultaneous) && theirs.is_some());
        assert!(ours.cancelled.as_ref().unwrap().initialized());
        // On the greater node: the peer's attempt is refused.
        let greater = Registry::new(9);
        let ours = greater.begin_dial(&a).unwrap();
        let (decision, theirs) = greater.begin_accept(&b, &a);
        assert!(matches!(decision, Decision::Nok) && theirs.is_none());
        assert!(!ours.cancelled.as_ref().unwrap().initialized());
    }

    #[test]
    fn one_attempt_per_direction_and_none_left_behind() {
        let (a, b) = (name("a@h"), name("b@h"));
        let registry = Registry::new(9);
        let first = registry.begin_accept(&a, &b);
        assert!(matches!(first.0, Decision::Accept));
        assert!(matches!(registry.begin_accept(&a, &b), (Decision::Nok, None)));
        assert!(registry.begin_dial(&b).is_none());
        drop(first);
        let ours = registry.begin_dial(&b).unwrap();
        assert!(registry.begin_dial(&b).is_none());
        drop(ours);
        assert!(registry.slots.lock().is_empty());
    }

    #[test]
    fn our_own_name_and_one_peer_too_many_are_not_allowed() {
        let registry = Registry::new(1);
        let own = name("a@h");
        assert!(matches!(registry.begin_accept(&own, &own), (Decision::NotAllowed, None)));
        let _held = registry.begin_accept(&own, &name("b@h"));
        assert!(matches!(registry.begin_accept(&own, &name("c@h")), (Decision::NotAllowed, None)));
    }
}
