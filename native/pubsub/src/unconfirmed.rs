//! What was sent through a router that has gone, and is not known to have been handed on. Pure.
//!
//! Nobody can say what was lost with a router; how much it can have been at most is known. The teller's question to a router is behind all that
//! was sent before it, so its answer confirms that. When the router goes, what was sent since the answer before the last one is told to the other
//! nodes, worker to worker.
//!
//! Invariants: never less than what was lost of what publishers had sent, while the router kept up: it had read all that was asked about, and
//! had one more question's time to hand it on. A router that leaves in good order leaves nothing unconfirmed.
//!
//! Limits: nodes that are not linked with this one hear nothing of it. What is sent directly is not counted: there the end of the
//! link itself is what both nodes hear.

use std::collections::HashMap;

use outrigger_node::OwnedPid;

/// See the module. Counts are of messages sent to the router.
#[derive(Debug, Default)]
pub(crate) struct Unconfirmed(HashMap<OwnedPid, Known>);

#[derive(Debug)]
struct Known {
    /// The question under way, and what was sent ahead of it.
    asked: Option<(u64, u64)>,
    /// What was sent ahead of the last one that was answered, and of the one before.
    confirmed: u64,
    before: u64,
    leaving: bool,
}

impl Unconfirmed {
    /// This program is attached to a router. Before, so many messages were sent to others of its name.
    pub(crate) fn attached(&mut self, router: &OwnedPid, sent: u64) {
        if !self.0.contains_key(router) {
            let known = Known { asked: None, confirmed: sent, before: sent, leaving: false };
            self.0.insert(router.clone(), known);
        }
    }

    /// A question goes to a router.
    pub(crate) fn asked(&mut self, router: &OwnedPid, number: u64, sent: u64) {
        if let Some(known) = self.0.get_mut(router) {
            known.asked = Some((number, sent));
        }
    }

    /// An answer. What was ahead of the question before has been handed on by now.
    pub(crate) fn answered(&mut self, router: &OwnedPid, number: u64) {
        let Some(known) = self.0.get_mut(router) else { return };
        if let Some((_, sent)) = known.asked.take_if(|(asked, _)| *asked == number) {
            (known.before, known.confirmed) = (known.confirmed, sent);
        }
    }

    /// The router leaves in good order.
    pub(crate) fn leaving(&mut self, router: &OwnedPid) {
        if let Some(known) = self.0.get_mut(router) {
            known.leaving = true;
        }
    }

    /// The link to a node is down, to whose routers `sent` messages were sent. Its routers, and how many messages of each are unconfirmed.
    pub(crate) fn down(&mut self, node: &str, sent: u64) -> Vec<(OwnedPid, u64)> {
        let gone = self.0.extract_if(|router, _| *router.node == *node);
        let gone = gone.filter(|(_, known)| !known.leaving);
        gone.map(|(router, known)| (router, sent.saturating_sub(known.before)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router() -> OwnedPid {
        OwnedPid { node: "r@h".into(), id: 1, serial: 0, creation: 1 }
    }

    #[test]
    fn what_was_sent_since_the_answer_before_the_last_one_is_unconfirmed() {
        let mut unconfirmed = Unconfirmed::default();
        unconfirmed.attached(&router(), 100);
        for (number, sent) in [(1, 110), (2, 125), (3, 145)] {
            unconfirmed.asked(&router(), number, sent);
            unconfirmed.answered(&router(), number);
        }
        unconfirmed.asked(&router(), 4, 170);
        unconfirmed.answered(&router(), 3);
        unconfirmed.attached(&router(), 170);
        assert_eq!(unconfirmed.down("r@h", 200), [(router(), 75)]);
        assert_eq!(unconfirmed.down("r@h", 200), [], "once");
    }

    #[test]
    fn who_leaves_in_good_order_leaves_nothing() {
        let mut unconfirmed = Unconfirmed::default();
        unconfirmed.attached(&router(), 0);
        unconfirmed.leaving(&router());
        assert_eq!(unconfirmed.down("r@h", 9), []);
        unconfirmed.attached(&router(), 9);
        assert_eq!(unconfirmed.down("r@h", 9), [], "nothing was sent");
        assert_eq!(unconfirmed.down("q@h", 9), []);
    }
}
