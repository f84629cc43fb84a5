//! Who may send under which term, and how a run is handed out.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use outrigger_fanout::ordered::{Ended, Grant, OrderBounds, OrderError, Orders, Sequence};
use outrigger_fanout::{Changes, Origin, PeerId, RouteKey};
use outrigger_term::TermError;

use super::super::apart::Apart;
use super::super::batch::Batch;
use super::super::core::Core;
use super::super::outlet::Outlet;
use super::Asked;
use super::frames::Head;

/// The sequences of this router. What it does needs the rest of the service: see [`Core`].
#[derive(Debug)]
pub(in super::super) struct Sequencer {
    pub(super) orders: Orders,
}

impl Sequencer {
    /// Nothing is put in order yet. `creation` is that of this node: another one in its next life.
    pub(in super::super) fn new(creation: u32) -> Self {
        let [a, b, c, d] = creation.to_be_bytes();
        Self { orders: Orders::new(OrderBounds::default(), u16::from_be_bytes([a ^ c, b ^ d])) }
    }

    /// The sequence that messages to a key are put into, if it is such a key.
    pub(in super::super) fn find(&self, key: RouteKey) -> Option<Arc<Sequence>> {
        self.orders.find(key)
    }

    /// A group has no members any more.
    pub(in super::super) fn forget(&self, group: &str) {
        self.orders.forget(group);
    }
}

impl<O: Outlet> Core<O> {
    /// A node wants to send messages of a prefix: it is told where. A term that is new is told to all members.
    pub(in super::super) fn grant(&self, link: &O, asked: &Asked<'_>) -> Result<(), OrderError> {
        let Asked { group, prefix, floor } = asked;
        let mut changes = self.router.changes();
        if !changes.members(group).iter().any(|member| member.peer == link.peer()) {
            // It hears of all terms when it is attached.
            return Ok(());
        }
        let grant = self
            .sequencer
            .orders
            .ask((group, prefix), link.peer(), *floor, clock_us(), || changes.take_key())?;
        tracing::debug!(node = link.node(), %group, term = grant.term, new = grant.new, "sequencer");
        let told = self.identity.ordered(group, prefix, grant.key, grant.term);
        if let Some(ended) = grant.ended {
            self.tell_end(&changes, group, prefix, ended);
        }
        if grant.new {
            self.send_to_all(changes.members(group).iter().map(|member| member.peer), told);
        } else {
            self.send_to_all(std::iter::once(link.peer()), told);
        }
        Ok(())
    }

    /// The node behind a link sends nothing more of a prefix under the term `floor`. When all that were told to have left it, all members hear of it.
    pub(in super::super) fn leave_term(&self, link: &O, left: &Asked<'_>) {
        let changes = self.router.changes();
        let ended = self.sequencer.orders.leave(&left.group, left.prefix, left.floor, link.peer());
        if let Some((_, ended)) = ended {
            self.tell_end(&changes, &left.group, left.prefix, ended);
        }
    }

    /// A link is gone, and so are its terms if nobody else has still to leave them.
    pub(in super::super) fn leave_terms(&self, peer: PeerId, changes: &Changes<'_>) {
        for (sequence, ended) in self.sequencer.orders.peer_down(peer) {
            self.tell_end(changes, sequence.group(), sequence.prefix(), ended);
        }
    }

    /// Behind all that was handed out under it.
    fn tell_end(&self, changes: &Changes<'_>, group: &str, prefix: &[u8], ended: Ended) {
        let told = self.identity.ended(group, prefix, ended.term, ended.next);
        self.send_to_all(changes.members(group).iter().map(|member| member.peer), told);
    }

    /// Tells who has just been attached of all terms of its group.
    pub(in super::super) fn grant_all(&self, link: &O, group: &str, _changes: &Changes<'_>) {
        for (sequence, Grant { key, term, .. }) in self.sequencer.orders.of(group) {
            let told = self.identity.ordered(group, sequence.prefix(), key, term);
            self.send_to_all(std::iter::once(link.peer()), told);
        }
    }

    /// Hands a run of `messages` messages to all that want their prefix, the sender's node included, in one step.
    pub(in super::super) fn hand_out(
        &self,
        from: &O,
        (key, sequence): (RouteKey, &Sequence),
        control: &[u8],
        messages: u64,
        batch: &mut Batch,
    ) {
        batch.finish();
        let run = batch.frames();
        let peer = from.peer();
        let given = sequence.hand_out(key, messages, |place| {
            let group = sequence.group();
            let head = Head { router: self.identity.router.borrow(), prefix: sequence.prefix(), place };
            let singles = || head.singles(run.payloads());
            let send = |peers: &mut dyn Iterator<Item = PeerId>| {
                let frames = head.frames(control, run.payloads())?;
                let origin = || Arc::new(Origin { group: group.clone(), node: from.node().into() });
                let links = self.links();
                let (mut apart, mut copies) = (None, 0);
                for to in peers.filter_map(|peer| links.get(&peer)) {
                    copies += messages;
                    if to.lane.is_free(&to.link) {
                        to.link.send(&frames);
                        continue;
                    }
                    if apart.is_none() {
                        apart = Some(Apart::new(origin(), singles()?.iter().map(|single| &single[..])));
                    }
                    if let Some(apart) = &apart {
                        to.lane.keep(&to.link, apart, &self.figures.lost);
                    }
                }
                Ok::<_, TermError>(copies)
            };
            self.router.route_to_everybody(group, peer, messages, |targets| {
                let sent = match self.wants.get(group) {
                    Some(wants) => wants.hand_out(targets, sequence.prefix(), singles, from.node(), send),
                    None => send(&mut targets.iter()),
                };
                sent.unwrap_or_else(|error| {
                    // Names and numbers of ours: a bug of ours.
                    tracing::error!(%group, %error, "cannot write messages in order");
                    0
                })
            })
        });
        if let Err(why) = given {
            self.router.dropped(why, messages);
        }
    }
}

/// Microseconds: terms of a router that was started anew are above those of before.
fn clock_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
