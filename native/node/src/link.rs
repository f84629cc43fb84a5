//! A link to one peer, as a handle that services keep and send through.
//!
//! Invariants: an id is never used twice in one run of a node; a link that is down stays down (a peer that
//! comes back has a new one); the first reason to close wins.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use outrigger_proto::fragments::PIECE;
use outrigger_proto::frame::{self, Framing};
use outrigger_proto::{Creation, Flags, NodeName, OwnedPid, ProtoError};
use outrigger_term::{TermError, Writer};
use parking_lot::Mutex;
use tokio::sync::{Notify, SetOnce};

use crate::counters::LinkCounters;
use crate::error::NodeError;
use crate::event::DownReason;
use crate::outbound::Outbound;
use crate::process::Quota;
use crate::queue::{Queue, Sent};

/// A tick: a frame of length 0.
static TICK: Bytes = Bytes::from_static(&[0, 0, 0, 0]);

/// Names one link. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// The link is down; nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the link is down")]
pub struct LinkClosed;

/// A signal that was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignalError {
    /// The link is down.
    #[error(transparent)]
    Closed(#[from] LinkClosed),
    /// The caller's parts do not make a message.
    #[error("the signal cannot be encoded: {0}")]
    Encode(#[from] ProtoError),
}

/// A handle to a link. Cheap to clone.
#[derive(Clone)]
pub struct Link(pub(crate) Arc<LinkState>);

/// What all handles of a link share with its two tasks.
pub(crate) struct LinkState {
    pub(crate) id: LinkId,
    pub(crate) peer: NodeName,
    pub(crate) peer_flags: Flags,
    pub(crate) flags: Flags,
    pub(crate) peer_creation: Creation,
    pub(crate) addr: SocketAddr,
    pub(crate) since: SystemTime,
    /// The zero of all times that the link counts in.
    pub(crate) epoch: Instant,
    pub(crate) queue: Mutex<Queue>,
    /// What waits in it, for those who do not take its lock.
    pub(crate) queued: Arc<AtomicUsize>,
    pub(crate) writer: Notify,
    /// Told when there is the room that somebody wanted, and at the end.
    pub(crate) roomy: Notify,
    pub(crate) closing: SetOnce<DownReason>,
    /// Set after the services have seen the end.
    pub(crate) finished: SetOnce<()>,
    pub(crate) last_write_ms: AtomicU64,
    pub(crate) open_fragment_bytes: AtomicUsize,
    pub(crate) counters: LinkCounters,
    /// Ties of the peer's processes to ours.
    pub(crate) quota: Quota,
}

impl Link {
    /// The number of this link.
    #[must_use]
    pub fn id(&self) -> LinkId {
        self.0.id
    }

    /// The peer's name.
    #[must_use]
    pub fn peer(&self) -> &NodeName {
        &self.0.peer
    }

    /// The flags that the peer sent.
    #[must_use]
    pub fn peer_flags(&self) -> Flags {
        self.0.peer_flags
    }

    /// The flags that both sides sent: what may be used on this link.
    #[must_use]
    pub fn flags(&self) -> Flags {
        self.0.flags
    }

    /// The peer's creation.
    #[must_use]
    pub fn peer_creation(&self) -> Creation {
        self.0.peer_creation
    }

    /// The peer's end of the socket.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.0.addr
    }

    /// Whether the peer is a hidden node.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        !self.0.peer_flags.contains(Flags::PUBLISHED)
    }

    /// How messages look on this link. [`Link::send`] takes header framing in any case.
    #[must_use]
    pub fn framing(&self) -> Framing {
        Framing::of(self.0.flags)
    }

    /// Sends whole frames in [`Framing::Header`], each with its four-byte length in front; any number of them in one
    /// buffer. They are rewritten for a peer that has agreed on the other framing. Never waits: what the socket does not take now is kept, and a peer that lets too much pile up is dropped
    /// with [`DownReason::SlowPeer`].
    ///
    /// # Errors
    /// The link is down.
    pub fn send(&self, frames: Bytes) -> Result<(), LinkClosed> {
        self.send_all([frames])
    }

    /// Sends several buffers as one: nothing of another sender comes between them, and they go out in as few
    /// system calls as possible. A frame may span buffers.
    ///
    /// # Errors
    /// The link is down.
    pub fn send_all(&self, buffers: impl IntoIterator<Item = Bytes>) -> Result<(), LinkClosed> {
        let counters = &self.0.counters.written;
        let sent = match self.framing() {
            Framing::Header => self.0.queue.lock().send(buffers, counters),
            Framing::PassThrough => {
                let frames: Vec<u8> = buffers.into_iter().flatten().collect();
                match frame::pass_through(&frames) {
                    Ok(frames) => self.0.queue.lock().send([frames.into()], counters),
                    Err(error) => {
                        tracing::error!(%error, "a service sent what are no frames; this is a bug in the service");
                        return Ok(());
                    }
                }
            }
        };
        self.after(sent)
    }

    fn after(&self, sent: Sent) -> Result<(), LinkClosed> {
        let state = &*self.0;
        match sent {
            Sent::Written => state.wrote(),
            Sent::Deferred { wake: true } => state.writer.notify_one(),
            Sent::Deferred { wake: false } => {}
            Sent::Overflow { queued } => {
                self.close(DownReason::SlowPeer { queued });
                return Err(LinkClosed);
            }
            Sent::Closed => return Err(LinkClosed),
            Sent::Failed(error) => {
                self.close(DownReason::Socket(error.to_string()));
                return Err(LinkClosed);
            }
        }
        Ok(())
    }

    /// Sends one control message of a process of ours, with its payload: a term without the version byte.
    /// Signals of one sender keep their order.
    ///
    /// # Errors
    /// The link is down, or the parts do not make a message.
    pub fn signal(
        &self,
        sender: &OwnedPid,
        payload: Option<&[u8]>,
        control: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
    ) -> Result<(), SignalError> {
        if let Some(long) = payload.filter(|term| self.fragments(term.len())) {
            return self.signal_shared(sender, Bytes::copy_from_slice(long), control);
        }
        let framing = self.framing();
        let append = |out: &mut Outbound| out.signal(sender, framing, payload, control);
        let sent = self.0.queue.lock().signal(append, &self.0.counters.written)?;
        Ok(self.after(sent)?)
    }

    /// The same with a payload that is not copied if it is long.
    ///
    /// # Errors
    /// As [`Link::signal`].
    pub fn signal_shared(
        &self,
        sender: &OwnedPid,
        payload: Bytes,
        control: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
    ) -> Result<(), SignalError> {
        if !self.fragments(payload.len()) {
            return self.signal(sender, Some(&payload), control);
        }
        let append = |out: &mut Outbound| out.long(sender, payload, control);
        let sent = self.0.queue.lock().signal(append, &self.0.counters.written)?;
        self.0.counters.written.long_signals.one();
        Ok(self.after(sent)?)
    }

    /// Whether a payload of this length goes out in pieces.
    fn fragments(&self, length: usize) -> bool {
        length > PIECE && self.flags().contains(Flags::FRAGMENTS)
    }

    /// Bytes that wait for the peer, with what they cost. Cheap: takes no lock.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.0.queued.load(Relaxed)
    }

    /// Has [`Service::link_room`](crate::Service::link_room) called for this link, once, when no more than `mark` bytes
    /// wait: soon if that is so already, never if the link ends before.
    pub fn want_room(&self, mark: usize) {
        if self.0.queue.lock().want_room(mark) {
            self.0.writer.notify_one();
        }
    }

    /// Waits until no more than `mark` bytes wait, or the link is down. Cancel-safe.
    pub async fn room(&self, mark: usize) {
        loop {
            let told = self.0.roomy.notified();
            tokio::pin!(told);
            // From here on it is told, whatever happens next.
            told.as_mut().enable();
            if !self.is_up() || self.queued() <= mark {
                return;
            }
            self.want_room(mark);
            told.await;
        }
    }

    /// Drops the link. What waits to be sent is lost.
    pub fn disconnect(&self) {
        self.close(DownReason::Disconnected);
    }

    /// The same for a peer that does not read what a service has for it: [`DownReason::SlowPeer`] with `waiting` bytes.
    pub fn give_up_slow(&self, waiting: usize) {
        self.close(DownReason::SlowPeer { queued: waiting });
    }

    /// Whether the link can still be sent to.
    #[must_use]
    pub fn is_up(&self) -> bool {
        !self.0.closing.initialized()
    }

    /// Ends the link. The first reason wins; the reader task does the rest.
    pub(crate) fn close(&self, reason: DownReason) {
        if self.0.closing.set(reason).is_ok() {
            self.0.queue.lock().close();
            self.0.writer.notify_one();
            self.0.roomy.notify_waiters();
        }
    }

    /// What a call over a link that is down fails with.
    pub(crate) fn down_error(&self) -> NodeError {
        let reason = self.0.closing.get().cloned().unwrap_or(DownReason::Internal);
        NodeError::LinkDown { peer: self.0.peer.to_string(), reason }
    }

    pub(crate) fn quota(&self) -> &Quota {
        &self.0.quota
    }

    pub(crate) fn tick(&self) {
        self.0.counters.written.ticks_out.one();
        let _already_closing = self.send(TICK.clone());
    }
}

impl LinkState {
    /// Milliseconds since the link came up.
    pub(crate) fn now_ms(&self) -> u64 {
        self.ms_at(Instant::now())
    }

    /// The same at a time that is known already.
    pub(crate) fn ms_at(&self, now: Instant) -> u64 {
        millis(now.saturating_duration_since(self.epoch))
    }

    pub(crate) fn wrote(&self) {
        self.last_write_ms.store(self.now_ms(), Relaxed);
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl PartialEq for Link {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Link {}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("id", &self.0.id.0).field("peer", &self.0.peer).finish_non_exhaustive()
    }
}
