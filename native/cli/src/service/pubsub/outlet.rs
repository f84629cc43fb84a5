//! What the service needs of a link. A trait, so that the tests need no socket.

use bytes::Bytes;
use outrigger_fanout::PeerId;
use outrigger_node::Link;

/// The sending side of a link.
pub(super) trait Outlet: Clone + Send + Sync + 'static {
    /// The engine's name for it.
    fn peer(&self) -> PeerId;

    /// The name of the node at its other end.
    fn node(&self) -> &str;

    /// Queues whole frames, in order and with nothing in between. Never waits. A link that is down takes
    /// nothing; its own task tells the service about the end.
    fn send(&self, buffers: &[Bytes]);

    /// Bytes that wait in the link for the peer. Cheap.
    fn queued(&self) -> usize;

    /// Has the service told, once, when no more than `mark` bytes wait.
    fn want_room(&self, mark: usize);

    /// Ends the link of a peer for which `waiting` bytes wait that must not be dropped.
    fn give_up_slow(&self, waiting: usize);
}

impl Outlet for Link {
    fn peer(&self) -> PeerId {
        PeerId(self.id().0)
    }

    fn node(&self) -> &str {
        Self::peer(self).as_str()
    }

    fn send(&self, buffers: &[Bytes]) {
        let _ = self.send_all(buffers.iter().cloned());
    }

    fn queued(&self) -> usize {
        Self::queued(self)
    }

    fn want_room(&self, mark: usize) {
        Self::want_room(self, mark);
    }

    fn give_up_slow(&self, waiting: usize) {
        Self::give_up_slow(self, waiting);
    }
}
