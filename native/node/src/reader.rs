//! The reader task of a link: the socket's only reader, the clock of its ticks, and the one place where its
//! services are called.
//!
//! - It always drains. A batch is at most [`READ_BUDGET`] bytes; then the services flush, other tasks get a turn,
//!   and it goes on.
//! - One buffer for all batches. Frames are handed on in place; nothing is allocated per message. The buffer
//!   grows with the bytes that have come, never with what a length field claims. The room for a read grows while reads
//!   fill it, from [`IDLE_ROOM`] to [`CHUNK`]; each time the timer fires an empty buffer is given back.
//! - A stream of small messages is read in batches ([`Coalesce`]).
//! - However the task ends, its drop tells the services once, takes the link out of the registry, and wakes
//!   whoever waits for the end. A panic of a service costs this link only.
//!
//! Limits: a link is read by one core at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant as Clock};

use bytes::{Bytes, BytesMut};
use outrigger_proto::fragments::Assembler;
use outrigger_proto::frame::{self, Frame, Framing};
use outrigger_proto::liveness::{Action, Liveness};
use outrigger_proto::{Flags, atom_cache};
use tokio::time::{Instant, sleep_until};

use crate::dispatch::broken;
use crate::event::{DownReason, NodeEvent};
use crate::inner::Inner;
use crate::link::{Link, millis};
use crate::service::Inbound;
use crate::transport::{Coalesce, ReadHalf};

/// The most bytes that are read before the services flush.
pub const READ_BUDGET: usize = 256 << 10;
/// The room that each read of a busy link gets at least.
const CHUNK: usize = 64 << 10;
/// The room of a link's first read: what a link costs that only ticks.
const IDLE_ROOM: usize = 2 << 10;
/// A buffer that has held such a frame is exchanged for a small one.
const LARGE: usize = 1 << 20;
/// OTP's `net_tickintensity`.
const INTENSITY: u32 = 4;

pub(crate) struct Reader {
    pub(crate) inner: Arc<Inner>,
    pub(crate) link: Link,
    pub(crate) inbounds: Vec<Box<dyn Inbound>>,
    socket: ReadHalf,
    coalesce: Coalesce,
    buffer: BytesMut,
    /// The room that the next read gets at least.
    room: usize,
    pub(crate) framing: Framing,
    fragments: Assembler,
    liveness: Liveness,
    /// The last write that `liveness` knows of.
    seen_write: u64,
    /// Whether a frame of this batch was a large one.
    large: bool,
}

impl Reader {
    pub(crate) fn new(inner: Arc<Inner>, link: Link, socket: ReadHalf, leftover: BytesMut) -> Self {
        let ticktime = millis(inner.config.net_ticktime);
        let liveness = Liveness::new(0, ticktime, INTENSITY);
        let inbounds = Vec::with_capacity(inner.services.len());
        let limits = inner.config.limits;
        let coalesce = Coalesce::new(inner.config.read_coalescing);
        let fragments = match link.flags().contains(Flags::DIST_HDR_ATOM_CACHE) {
            true => Assembler::with_atom_cache(limits),
            false => Assembler::new(limits),
        };
        let framing = link.framing();
        Self {
            inner,
            link,
            inbounds,
            socket,
            coalesce,
            buffer: leftover,
            room: IDLE_ROOM,
            framing,
            fragments,
            liveness,
            seen_write: 0,
            large: false,
        }
    }

    /// Reads until the link ends.
    pub(crate) async fn run(mut self) {
        let inner = self.inner.clone();
        for service in &inner.services {
            service.link_up(&self.link);
            self.inbounds.push(service.inbound(&self.link));
        }
        let (name, addr, flags) = (self.link.peer().clone(), self.link.addr(), self.link.peer_flags());
        let hidden = self.link.is_hidden();
        tracing::info!(peer = %name, link = self.link.id().0, %addr, hidden, "link up");
        inner.tell_node_up(&self.link);
        inner.counters.links_up.one();
        inner.emit(NodeEvent::Up { name, hidden, flags, addr });
        let reason = self.read().await;
        self.link.close(reason);
    }

    async fn read(&mut self) -> DownReason {
        if let Err(reason) = self.take_frames() {
            return reason;
        }
        self.flush();
        let link = self.link.0.clone();
        let epoch = Instant::from_std(link.epoch);
        // Traffic only moves the deadline away, so the timer is set anew when it fires, not with each read.
        let timer = sleep_until(epoch + Duration::from_millis(self.liveness.next_deadline()));
        tokio::pin!(timer);
        loop {
            let offered = self.make_room();
            tokio::select! {
                biased;
                reason = link.closing.wait() => return reason.clone(),
                read = self.coalesce.read(&mut self.socket, &mut self.buffer) => {
                    match self.batch(read, offered) {
                        Err(reason) => return reason,
                        Ok(true) => tokio::task::yield_now().await,
                        Ok(false) => {}
                    }
                    if self.large {
                        self.shrink();
                    }
                }
                () = &mut timer => {
                    if let Some(reason) = self.on_timer() {
                        return reason;
                    }
                    self.give_back();
                    timer.as_mut().reset(epoch + Duration::from_millis(self.liveness.next_deadline()));
                }
            }
        }
    }

    /// Takes what the first read gave, and what more is there, within the budget.
    /// Says whether the budget was spent, so that there may be more.
    fn batch(&mut self, first: std::io::Result<usize>, mut offered: usize) -> Result<bool, DownReason> {
        let began = Clock::now();
        let mut now = began;
        let counters = &self.link.0.counters.read;
        let frames = counters.frames_in.value();
        counters.batches.one();
        if self.coalesce.streams() {
            counters.gathered.one();
        }
        let mut total = 0;
        let mut read = first;
        let ended = loop {
            match read {
                Ok(0) => break Some(DownReason::ClosedByPeer),
                Ok(len) => {
                    total += len;
                    self.link.0.counters.read.bytes_in.add(len as u64);
                    self.liveness.on_read(self.link.0.ms_at(now));
                    if let Err(reason) = self.take_frames() {
                        break Some(reason);
                    }
                    // A read that left room has emptied the socket.
                    if len < offered {
                        break None;
                    }
                    self.room = (self.room * 4).min(CHUNK);
                    if total >= READ_BUDGET {
                        break None;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break None,
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
                    break Some(DownReason::ClosedByPeer);
                }
                Err(error) => break Some(DownReason::Socket(error.to_string())),
            }
            offered = self.make_room();
            read = self.socket.try_read(&mut self.buffer);
            now = Clock::now();
        };
        self.flush();
        let frames = self.link.0.counters.read.frames_in.value() - frames;
        self.coalesce.note(began, Clock::now(), frames, total);
        ended.map_or(Ok(total >= READ_BUDGET), Err)
    }

    /// Makes room for a read; says how much there is.
    fn make_room(&mut self) -> usize {
        self.buffer.reserve(self.room);
        self.buffer.capacity() - self.buffer.len()
    }

    /// Starts small again, if nothing is under way.
    fn give_back(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
            self.room = IDLE_ROOM;
        }
    }

    fn take_frames(&mut self) -> Result<(), DownReason> {
        loop {
            let next = frame::next(&mut self.buffer, &self.inner.config.limits);
            match next.map_err(broken)? {
                None => return Ok(()),
                Some(Frame::Tick) => self.on_tick(),
                Some(Frame::Message(frame)) => {
                    self.link.0.counters.read.frames_in.one();
                    self.large |= frame.len() > LARGE;
                    self.take_message(frame)?;
                }
            }
        }
    }

    /// References to atoms are replaced, in the order of the frames; a fragment waits for the rest of its message.
    fn take_message(&mut self, frame: Bytes) -> Result<(), DownReason> {
        if self.framing == Framing::PassThrough {
            return self.dispatch(&frame);
        }
        if atom_cache::refers(&frame) {
            self.link.0.counters.read.referring.one();
        }
        let before = self.fragments.bytes();
        let message = self.fragments.push(frame).map_err(broken)?;
        let after = self.fragments.bytes();
        if before != after {
            self.link.0.open_fragment_bytes.store(after, Relaxed);
        }
        let Some(message) = message else { return Ok(()) };
        if before > after {
            self.link.0.counters.read.assembled.one();
        }
        self.dispatch(&message)
    }

    fn flush(&mut self) {
        for inbound in &mut self.inbounds {
            inbound.flush();
        }
    }

    fn on_tick(&mut self) {
        let counters = &self.link.0.counters.read;
        counters.frames_in.one();
        counters.ticks_in.one();
        self.note_writes();
        let now = self.link.0.now_ms();
        if self.liveness.on_tick(now) {
            self.liveness.on_write(now);
            self.link.tick();
        }
    }

    fn on_timer(&mut self) -> Option<DownReason> {
        self.note_writes();
        let now = self.link.0.now_ms();
        match self.liveness.poll(now) {
            Action::None => None,
            Action::Tick => {
                self.liveness.on_write(now);
                self.link.tick();
                None
            }
            Action::Dead { silent_ms } => Some(DownReason::TickTimeout { silent_ms }),
        }
    }

    /// Tells `liveness` what other tasks have written.
    fn note_writes(&mut self) {
        let last = self.link.0.last_write_ms.load(Relaxed);
        if last != self.seen_write {
            self.seen_write = last;
            self.liveness.on_write(last);
        }
    }

    fn shrink(&mut self) {
        if self.buffer.len() < CHUNK {
            let mut fresh = BytesMut::with_capacity(2 * CHUNK);
            fresh.extend_from_slice(&self.buffer);
            self.buffer = fresh;
            self.large = false;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // A service that panicked, or a runtime that ends under the node, has set no reason.
        let cut_off = if std::thread::panicking() { DownReason::Internal } else { DownReason::Shutdown };
        self.link.close(cut_off.clone());
        let reason = self.link.0.closing.get().cloned().unwrap_or(cut_off);
        for inbound in &mut self.inbounds {
            if catch_unwind(AssertUnwindSafe(|| inbound.link_down(&reason))).is_err() {
                tracing::error!("a service panicked at the end of a link; this is a bug in the service");
            }
        }
        let (link, inner) = (&self.link, &self.inner);
        let name = link.peer().clone();
        inner.node_down(name.as_str());
        inner.tell_node_down(link, &reason);
        match reason {
            DownReason::Internal | DownReason::Protocol(_) | DownReason::SlowPeer { .. } => {
                tracing::error!(peer = %name, link = link.id().0, %reason, "link down");
            }
            DownReason::TickTimeout { .. } | DownReason::Socket(_) => {
                tracing::warn!(peer = %name, link = link.id().0, %reason, "link down");
            }
            _ => tracing::info!(peer = %name, link = link.id().0, %reason, "link down"),
        }
        inner.registry.remove(&name, link.id());
        inner.counters.down(&reason);
        inner.emit(NodeEvent::Down { name, reason });
        // Last: whoever waits for the end may count on all of the above.
        let _only_set_here = link.0.finished.set(());
    }
}
