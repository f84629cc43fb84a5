//! The links of one process: the link protocol as a state machine.
//!
//! A link is one per pair of processes. Who unlinks numbers the request (`UNLINK_ID`), and ignores what the peer says about that
//! link until the acknowledgement with that number has come. To link anew meanwhile is to be linked, and to wait no longer.
//! (ERTS User's Guide, "Distribution Protocol", "Link Protocol".)
//!
//! Invariants:
//!
//! - An exit of a linked process counts once: it takes the link with it.
//! - After an unlink no exit of that process counts, unless there is a new link.
//! - When all signals have arrived, both sides are linked or neither is, whoever linked and unlinked and when: with a BEAM,
//!   which has the same states, and among ourselves. `tests/links.rs` tries all short lives.
//! - Each `UNLINK_ID` is acknowledged, whatever we know of the link; that is the driver's part, at once.
//!
//! ```
//! use outrigger_proto::{OwnedPid, links::Links};
//!
//! let peer = OwnedPid { node: "a@h".into(), id: 1, serial: 0, creation: 2 };
//! let mut links = Links::default();
//! assert!(links.link(&peer), "LINK is to be sent");
//! let id = links.unlink(&peer).ok_or("linked")?;
//! assert!(!links.on_exit(&peer), "sent before the peer knew");
//! links.on_ack(&peer, id);
//! assert!(links.is_empty());
//! # Ok::<(), &str>(())
//! ```
//!
//! Limits: who sends and who bounds the number of links is the driver.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::OwnedPid;

/// The links of one process.
#[derive(Debug, Default)]
pub struct Links {
    peers: HashMap<OwnedPid, State>,
    last_id: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Linked,
    /// Waits for the acknowledgement of this number.
    Unlinking(u64),
}

impl Links {
    /// Links with `peer`. Whether `LINK` is to be sent.
    #[must_use]
    pub fn link(&mut self, peer: &OwnedPid) -> bool {
        match self.peers.get_mut(peer) {
            Some(state) => std::mem::replace(state, State::Linked) != State::Linked,
            None => self.peers.insert(peer.clone(), State::Linked).is_none(),
        }
    }

    /// Unlinks from `peer`. The number of the `UNLINK_ID` to be sent; `None` when there is no link.
    #[must_use]
    pub fn unlink(&mut self, peer: &OwnedPid) -> Option<u64> {
        let state = self.peers.get_mut(peer).filter(|state| **state == State::Linked)?;
        self.last_id += 1;
        *state = State::Unlinking(self.last_id);
        Some(self.last_id)
    }

    /// Unlinks without the protocol, for a pair on one node. Whether there was a link.
    pub fn forget(&mut self, peer: &OwnedPid) -> bool {
        self.peers.remove(peer).is_some()
    }

    /// `LINK` of `peer`. Whether the link is new to us. One that crossed our `UNLINK_ID` is ended by it when it arrives there.
    pub fn on_link(&mut self, peer: OwnedPid) -> bool {
        match self.peers.entry(peer) {
            Entry::Vacant(entry) => {
                entry.insert(State::Linked);
                true
            }
            Entry::Occupied(_linked_or_unlinking) => false,
        }
    }

    /// `UNLINK_ID` of `peer`.
    pub fn on_unlink(&mut self, peer: &OwnedPid) {
        self.remove_if(peer, State::Linked);
    }

    /// `UNLINK_ID_ACK` of `peer`. Numbers that we do not wait for are ignored.
    pub fn on_ack(&mut self, peer: &OwnedPid, acked: u64) {
        self.remove_if(peer, State::Unlinking(acked));
    }

    /// The exit of `peer`. Whether it counts; then the link is gone.
    #[must_use]
    pub fn on_exit(&mut self, peer: &OwnedPid) -> bool {
        self.remove_if(peer, State::Linked)
    }

    fn remove_if(&mut self, peer: &OwnedPid, state: State) -> bool {
        let is = self.peers.get(peer) == Some(&state);
        if is {
            self.peers.remove(peer);
        }
        is
    }

    /// Takes out all processes for which `gone` is true, say those of a node whose link is down. Returns those whose
    /// exit counts.
    pub fn take(&mut self, mut gone: impl FnMut(&OwnedPid) -> bool) -> Vec<OwnedPid> {
        let taken = self.peers.extract_if(|peer, _| gone(peer));
        taken.filter(|(_, state)| *state == State::Linked).map(|(peer, _)| peer).collect()
    }

    /// How many pairs are kept, those that wait for an acknowledgement included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }
}
