//! The links of one process: the link protocol as a state machine.
//!
//! A link is one per pair of processes. Who unlinks numbers the request (`UNLINK_ID`), ignores exits of that link from
//! then on, and forgets it when the acknowledgement with that number has come. Until then a link of the same pair may be
//! asked for anew. (ERTS User's Guide, "Distribution Protocol", "Link Protocol".)
//!
//! Invariants:
//!
//! - An exit of a linked process counts once: it takes the link with it.
//! - An exit that was sent before the peer saw our unlink never counts.
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
//! Limits: who sends and who bounds the number of links is the driver. When both sides unlink and link anew at the same
//! moment, OTP itself may leave a link on one side only, and so may we.

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
    /// Waits for the acknowledgement; `again` says that a new link was asked for meanwhile.
    Unlinking {
        id: u64,
        again: bool,
    },
}

impl Links {
    /// Links with `peer`. Whether `LINK` is to be sent.
    #[must_use]
    pub fn link(&mut self, peer: &OwnedPid) -> bool {
        match self.peers.get_mut(peer) {
            None => {
                self.peers.insert(peer.clone(), State::Linked);
                true
            }
            Some(State::Unlinking { again, .. }) => !std::mem::replace(again, true),
            Some(State::Linked) => false,
        }
    }

    /// Unlinks from `peer`. The number of the `UNLINK_ID` to be sent; `None` when there is no link.
    #[must_use]
    pub fn unlink(&mut self, peer: &OwnedPid) -> Option<u64> {
        let state = self.peers.get_mut(peer)?;
        if matches!(state, State::Unlinking { again: false, .. }) {
            return None;
        }
        self.last_id += 1;
        *state = State::Unlinking { id: self.last_id, again: false };
        Some(self.last_id)
    }

    /// Unlinks without the protocol, for a pair on one node. Whether there was a link.
    pub fn forget(&mut self, peer: &OwnedPid) -> bool {
        self.peers.remove(peer).is_some()
    }

    /// `LINK` of `peer`. Whether the link is new to us.
    pub fn on_link(&mut self, peer: OwnedPid) -> bool {
        self.peers.insert(peer, State::Linked).is_none()
    }

    /// `UNLINK_ID` of `peer`: one that crossed our own `LINK` means the link before it.
    pub fn on_unlink(&mut self, peer: &OwnedPid) {
        if self.peers.get(peer) == Some(&State::Linked) {
            self.peers.remove(peer);
        }
    }

    /// `UNLINK_ID_ACK` of `peer`. Numbers that we do not wait for are ignored.
    pub fn on_ack(&mut self, peer: &OwnedPid, acked: u64) {
        let Entry::Occupied(mut entry) = self.peers.entry(peer.clone()) else { return };
        match *entry.get() {
            State::Unlinking { id, again: true } if id == acked => *entry.get_mut() = State::Linked,
            State::Unlinking { id, again: false } if id == acked => {
                entry.remove();
            }
            _ => {}
        }
    }

    /// The exit of `peer`. Whether it counts; then the link is gone.
    #[must_use]
    pub fn on_exit(&mut self, peer: &OwnedPid) -> bool {
        let counts = self.peers.get(peer) == Some(&State::Linked);
        if counts {
            self.peers.remove(peer);
        }
        counts
    }

    /// Takes out all processes for which `gone` is true, say those of a node whose link is down. Returns those whose
    /// exit counts.
    pub fn take(&mut self, mut gone: impl FnMut(&OwnedPid) -> bool) -> Vec<OwnedPid> {
        let taken = self.peers.extract_if(|peer, _| gone(peer));
        taken.filter(|(_, state)| state.wanted()).map(|(peer, _)| peer).collect()
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

impl State {
    /// Whether our process means to be linked.
    const fn wanted(self) -> bool {
        matches!(self, Self::Linked | Self::Unlinking { again: true, .. })
    }
}
