//! Which peer has a link, an attempt of ours, attempts of its own: one slot per name, one lock.
//!
//! The rules are `net_kernel`'s, but a name that is only claimed costs its owner nothing:
//!
//! - One link per name, and one attempt of ours.
//! - Both sides dial at once: the attempt of the greater name goes on. The other side answers `nok`, or says
//!   `ok_simultaneous` and gives its own attempt up when the peer has proven the cookie.
//! - A peer that connects while we hold a link under its name is asked (`alive`): it has lost its end. When it
//!   insists, the old link ends first, and the services see that end before the new link comes up.
//! - Several connections may claim a name at once ([`MAX_CLAIMS`]; one more ends the oldest). None of them has any effect on the others, on our
//!   attempt or on a link before it has proven the cookie. So whoever does not know it can keep nobody out.
//!
//! Limits: `max_peers` counts links. Claims are bounded by the places for handshakes.

use std::collections::{HashMap, VecDeque};
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

/// Connections that claim one name and have not proven the cookie. An honest peer has one, or two after a restart.
const MAX_CLAIMS: usize = 8;

/// Set when an attempt is to end, because another goes on instead.
type Ended = Arc<SetOnce<()>>;

#[derive(Default)]
struct Slot {
    link: Option<Link>,
    dialling: Option<Ended>,
    /// The oldest in front.
    claims: VecDeque<Ended>,
}

impl Slot {
    fn is_empty(&self) -> bool {
        self.link.is_none() && self.dialling.is_none() && self.claims.is_empty()
    }
}

/// An attempt that holds its place in the slot until it is dropped.
pub(crate) struct Attempt {
    registry: Arc<Registry>,
    name: NodeName,
    ours: bool,
    ended: Ended,
}

/// What became of a try to put a link into its slot.
pub(crate) enum Install {
    Done,
    /// An older link is there; it must end first.
    Occupied(Link),
    /// Another attempt of this peer goes on instead.
    Ended,
    /// There are as many links as allowed.
    Full,
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

    /// Starts an attempt of ours. `None` when there is a link or such an attempt already.
    pub(crate) fn begin_dial(self: &Arc<Self>, name: &NodeName) -> Option<Attempt> {
        let mut slots = self.slots.lock();
        let slot = slots.entry(name.clone()).or_default();
        if slot.link.is_some() || slot.dialling.is_some() {
            return None;
        }
        let ended = Ended::default();
        slot.dialling = Some(ended.clone());
        Some(Attempt { registry: self.clone(), name: name.clone(), ours: true, ended })
    }

    /// Whether somebody who calls itself so is connecting to us.
    pub(crate) fn is_claimed(&self, name: &NodeName) -> bool {
        self.slots.lock().get(name).is_some_and(|slot| !slot.claims.is_empty())
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
        if self.is_full(&slots, peer) {
            return (Decision::NotAllowed, None);
        }
        let slot = slots.entry(peer.clone()).or_default();
        let decision = if slot.link.is_some() {
            Decision::Alive
        } else if slot.dialling.is_some() {
            match Decision::simultaneous(own, peer) {
                Decision::AcceptSimultaneous => Decision::AcceptSimultaneous,
                refusal => return (refusal, None),
            }
        } else {
            Decision::Accept
        };
        if slot.claims.len() >= MAX_CLAIMS
            && let Some(oldest) = slot.claims.pop_front()
        {
            // Set by nobody else: it was in the slot until now.
            let _first = oldest.set(());
        }
        let ended = Ended::default();
        slot.claims.push_back(ended.clone());
        (decision, Some(Attempt { registry: self.clone(), name: peer.clone(), ours: false, ended }))
    }

    /// Whether one more link, to this peer, would be too many.
    fn is_full(&self, slots: &HashMap<NodeName, Slot>, peer: &NodeName) -> bool {
        let links = slots.values().filter(|slot| slot.link.is_some()).count();
        links >= self.max_peers && slots.get(peer).is_none_or(|slot| slot.link.is_none())
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
    /// The peer has proven the cookie. Before it hears that we have seen it: from then on it counts on this link, and an attempt of
    /// ours that is still under way would replace it.
    pub(crate) fn proven(&self) {
        let mut slots = self.registry.slots.lock();
        let Some(slot) = slots.get_mut(&self.name).filter(|_| !self.ours) else { return };
        // Nor can other claims end it now.
        slot.claims.retain(|claim| !Arc::ptr_eq(claim, &self.ended));
        if let Some(ours) = &slot.dialling {
            let _first = ours.set(());
        }
    }

    /// Puts the finished link into its slot.
    pub(crate) fn install(&self, link: &Link) -> Install {
        let mut slots = self.registry.slots.lock();
        if self.ended.initialized() {
            return Install::Ended;
        }
        if self.registry.is_full(&slots, &self.name) {
            return Install::Full;
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

    /// Returns when another attempt of this peer goes on instead.
    pub(crate) async fn ended(&self) {
        self.ended.wait().await;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut slots = self.registry.slots.lock();
        if let Some(slot) = slots.get_mut(&self.name) {
            match self.ours {
                true => slot.dialling = None,
                false => slot.claims.retain(|claim| !Arc::ptr_eq(claim, &self.ended)),
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
        // On the lesser node: its own attempt is given up when the peer has proven the cookie, and not before.
        let lesser = Registry::new(9);
        let ours = lesser.begin_dial(&b).unwrap();
        let (decision, theirs) = lesser.begin_accept(&a, &b);
        assert!(matches!(decision, Decision::AcceptSimultaneous));
        assert!(!ours.ended.initialized(), "anybody can say that name");
        theirs.unwrap().proven();
        assert!(ours.ended.initialized());
        // On the greater node: the peer's attempt is refused.
        let greater = Registry::new(9);
        let ours = greater.begin_dial(&a).unwrap();
        let (decision, theirs) = greater.begin_accept(&b, &a);
        assert!(matches!(decision, Decision::Nok) && theirs.is_none());
        assert!(!ours.ended.initialized());
    }

    #[test]
    fn one_attempt_of_ours_and_none_left_behind() {
        let (a, b) = (name("a@h"), name("b@h"));
        let registry = Registry::new(9);
        let claim = registry.begin_accept(&a, &b);
        assert!(matches!(claim.0, Decision::Accept) && registry.is_claimed(&b));
        let ours = registry.begin_dial(&b).expect("a claim is no reason not to dial");
        assert!(registry.begin_dial(&b).is_none());
        drop(ours);
        drop(claim);
        assert!(!registry.is_claimed(&b) && registry.slots.lock().is_empty());
    }

    #[test]
    fn claims_do_not_keep_others_out_and_one_too_many_ends_the_oldest() {
        let (a, b) = (name("a@h"), name("b@h"));
        let registry = Registry::new(9);
        let claims: Vec<_> = (0..MAX_CLAIMS + 3)
            .map(|_| match registry.begin_accept(&a, &b) {
                (Decision::Accept, Some(claim)) => claim,
                (decision, _) => panic!("{decision:?}"),
            })
            .collect();
        let ended: Vec<_> = claims.iter().map(|claim| claim.ended.initialized()).collect();
        assert_eq!(ended.iter().filter(|ended| **ended).count(), 3);
        assert!(ended[..3].iter().all(|ended| *ended), "the oldest: {ended:?}");
        drop(claims);
        assert!(registry.slots.lock().is_empty());
    }

    #[test]
    fn our_own_name_is_not_allowed_and_claims_take_no_place_of_a_peer() {
        let registry = Registry::new(1);
        let own = name("a@h");
        assert!(matches!(registry.begin_accept(&own, &own), (Decision::NotAllowed, None)));
        let _claim = registry.begin_accept(&own, &name("b@h"));
        assert!(matches!(registry.begin_accept(&own, &name("c@h")), (Decision::Accept, Some(_))));
    }
}
