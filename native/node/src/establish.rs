//! From a finished handshake to a running link.
//!
//! Order: an older link of the same name ends first, with all that its services have to be told. Then the new
//! one is in the registry, its tasks run, and after the services have seen it, the event goes out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Instant, SystemTime};

use bytes::BytesMut;
use outrigger_proto::Flags;
use outrigger_proto::handshake::Peer;
use parking_lot::Mutex;
use tokio::sync::{Notify, SetOnce};
use tracing::Instrument;

use crate::config::AtomCache;
use crate::error::NodeError;
use crate::event::DownReason;
use crate::inner::Inner;
use crate::link::{Link, LinkState};
use crate::queue::Queue;
use crate::reader::Reader;
use crate::registry::{Attempt, Install};
use crate::span;
use crate::transport::Socket;
use crate::writer;

/// A peer that has proven the cookie, and its socket.
pub(crate) struct Connected {
    pub(crate) socket: Socket,
    pub(crate) addr: SocketAddr,
    pub(crate) peer: Peer,
    /// What a fast peer sent right behind the handshake.
    pub(crate) leftover: BytesMut,
}

/// Makes the link.
///
/// # Errors
/// Another attempt of the peer goes on instead, or there are too many peers.
pub(crate) async fn establish(
    inner: &Arc<Inner>,
    connected: Connected,
    attempt: Attempt,
) -> Result<(), NodeError> {
    let Connected { socket, addr, peer, leftover } = connected;
    let (read, write) = socket.into_split();
    let write = Arc::new(write);
    let flags = peer.flags & inner.config.flags();
    let mut queue = Queue::new(write.clone(), inner.config.bounds.max_queued_bytes);
    if flags.contains(Flags::DIST_HDR_ATOM_CACHE) && inner.config.atom_cache == AtomCache::Both {
        queue = queue.with_atom_cache();
    }
    let link = Link(Arc::new(LinkState {
        id: inner.next_link_id(),
        peer: peer.name,
        peer_flags: peer.flags,
        flags,
        peer_creation: peer.creation,
        addr,
        since: SystemTime::now(),
        epoch: Instant::now(),
        queued: queue.gauge(),
        queue: Mutex::new(queue),
        writer: Notify::new(),
        roomy: Notify::new(),
        closing: SetOnce::new(),
        finished: SetOnce::new(),
        last_write_ms: AtomicU64::new(0),
        open_fragment_bytes: Default::default(),
        counters: Default::default(),
        quota: Default::default(),
    }));
    loop {
        match attempt.install(&link) {
            Install::Done => break,
            Install::Ended => {
                return Err(NodeError::SimultaneousConnect { peer: link.peer().to_string() });
            }
            Install::Full => return Err(NodeError::TooManyPeers { limit: inner.config.bounds.max_peers }),
            Install::Occupied(old) => {
                tracing::info!(peer = %link.peer(), link = old.id().0, "the peer connected anew; its old link ends");
                old.close(DownReason::Replaced);
                old.0.finished.wait().await;
            }
        }
    }
    // From here on a drop of the reader ends the link in order, whatever happens to its task.
    let reader = Reader::new(inner.clone(), link.clone(), read, leftover);
    let span = span::link(&link.0);
    inner.spawn(writer::run(inner.clone(), link.clone(), write).instrument(span.clone()));
    inner.spawn(reader.run().instrument(span));
    if let Some(target) = inner.targets.lock().get(link.peer()) {
        target.linked();
    }
    if inner.stopping() {
        link.close(DownReason::Shutdown);
    }
    Ok(())
}
