//! The outbound queue of one link: write at once when possible, else keep a bounded rest in order.
//!
//! Invariants:
//!
//! - Bytes reach the socket in the order that [`Outbound`] gives them, whole, whoever sends from wherever: pushing and
//!   writing happen under one lock.
//! - While `deferred` is set the socket was full, and only the writer task writes; a send just appends. The
//!   writer task clears it when it has emptied the queue.
//! - A send never waits for the peer. When the rest exceeds its bound, the send says so and the link ends.
//! - A signal that follows another within [`STREAM`] is left to the writer task, which runs next: a stream of signals is
//!   written in batches, and the first of it at once. What that adds to a signal is one turn of the scheduler, or as long as
//!   its sender keeps the thread, and ends when [`BATCH`] bytes wait.
//! - What waits can be read without the lock; it is written under it, and only when it has changed.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bytes::Bytes;
use outrigger_proto::ProtoError;

use crate::counters::WriterCounters;
use crate::outbound::Outbound;
use crate::transport::WriteHalf;

/// Slices per system call.
const MAX_SLICES: usize = 64;
/// What one turn of the writer task writes before it lets others take the lock.
const TURN: usize = 1 << 20;
/// Signals that are closer together are a stream.
const STREAM: Duration = Duration::from_micros(5);
/// A batch of signals of this size is written by who made it so.
const BATCH: usize = 64 << 10;

/// Buffers that wait for the socket, and the socket.
pub(crate) struct Queue {
    out: Outbound,
    deferred: bool,
    /// The writer task has been told of a batch and has not run yet.
    told: bool,
    last_write: Instant,
    limit: usize,
    /// Somebody is to be told when no more than this waits.
    room: Option<usize>,
    /// What waits, for those who do not hold the lock.
    gauge: Arc<AtomicUsize>,
    /// `None` once the link is closed.
    socket: Option<Arc<WriteHalf>>,
}

/// What came of a send.
#[derive(Debug)]
pub(crate) enum Sent {
    /// In the kernel.
    Written,
    /// Waiting. `wake` says that the writer task must be told.
    Deferred { wake: bool },
    /// More is waiting than allowed.
    Overflow { queued: usize },
    /// The link is closed.
    Closed,
    /// The socket failed.
    Failed(io::Error),
}

/// What came of one turn of the writer task.
#[derive(Debug)]
pub(crate) enum Flushed {
    /// Nothing is left; sends write for themselves again.
    Empty,
    /// The socket is full.
    Full,
    /// There is more to write, and room perhaps.
    More,
    /// The link is closed.
    Closed,
    /// The socket failed.
    Failed(io::Error),
}

impl Queue {
    pub(crate) fn new(socket: Arc<WriteHalf>, limit: usize) -> Self {
        Self {
            out: Outbound::default(),
            deferred: false,
            told: false,
            last_write: Instant::now(),
            limit,
            room: None,
            gauge: Arc::default(),
            socket: Some(socket),
        }
    }

    /// The same for a link on which signals refer to atoms of the cache.
    pub(crate) fn with_atom_cache(self) -> Self {
        Self { out: Outbound::with_atom_cache(), ..self }
    }

    /// Appends buffers and, if the socket is not known to be full, writes.
    pub(crate) fn send(
        &mut self,
        buffers: impl IntoIterator<Item = Bytes>,
        counters: &WriterCounters,
    ) -> Sent {
        if self.socket.is_none() {
            return Sent::Closed;
        }
        counters.sends.add(self.out.push(buffers));
        let sent = self.write_or_defer(counters);
        self.show();
        sent
    }

    /// Appends a signal and writes it, unless it is one of a stream.
    ///
    /// # Errors
    /// The signal cannot be written as a message; nothing was appended.
    pub(crate) fn signal(
        &mut self,
        append: impl FnOnce(&mut Outbound) -> Result<(), ProtoError>,
        counters: &WriterCounters,
    ) -> Result<Sent, ProtoError> {
        if self.socket.is_none() {
            return Ok(Sent::Closed);
        }
        append(&mut self.out)?;
        counters.signals.one();
        let sent = self.write_or_gather(counters);
        self.show();
        Ok(sent)
    }

    /// One turn of the writer task.
    pub(crate) fn flush(&mut self, counters: &WriterCounters) -> Flushed {
        let Some(socket) = self.socket.clone() else { return Flushed::Closed };
        let batch = std::mem::take(&mut self.told);
        if batch {
            self.last_write = Instant::now();
        }
        let wrote = self.write(&socket, TURN, counters);
        self.show();
        match wrote {
            Ok(Wrote::All) => {
                self.deferred = false;
                Flushed::Empty
            }
            Ok(Wrote::UntilFull) => {
                self.deferred = true;
                Flushed::Full
            }
            Ok(Wrote::Budget) => {
                self.deferred = true;
                Flushed::More
            }
            Err(error) => Flushed::Failed(error),
        }
    }

    /// Bytes that wait, with what they cost: the last that was said under the lock.
    pub(crate) fn gauge(&self) -> Arc<AtomicUsize> {
        self.gauge.clone()
    }

    /// Has the writer task tell when no more than `mark` bytes wait. Says whether that is so now.
    pub(crate) fn want_room(&mut self, mark: usize) -> bool {
        self.room = Some(mark);
        self.out.charged() <= mark
    }

    /// Whether it is time to tell of room. Once for each time that it was wanted.
    pub(crate) fn has_wanted_room(&mut self) -> bool {
        self.room.take_if(|mark| self.out.charged() <= *mark).is_some()
    }

    /// Forgets what waits and lets go of the socket.
    pub(crate) fn close(&mut self) {
        self.out = Outbound::default();
        self.room = None;
        self.socket = None;
        self.show();
    }

    fn show(&mut self) {
        let queued = self.out.charged();
        // A load leaves the line with those who read it; a store would take it from them.
        if queued != self.gauge.load(Relaxed) {
            self.gauge.store(queued, Relaxed);
        }
    }

    fn write_or_gather(&mut self, counters: &WriterCounters) -> Sent {
        if self.deferred || (self.told && self.out.tail() < BATCH) {
            return self.checked(false);
        }
        let now = Instant::now();
        if self.out.tail() < BATCH && now.duration_since(self.last_write) < STREAM {
            self.told = true;
            return self.checked(true);
        }
        self.last_write = now;
        self.write_or_defer(counters)
    }

    fn write_or_defer(&mut self, counters: &WriterCounters) -> Sent {
        let Some(socket) = self.socket.clone() else { return Sent::Closed };
        if self.deferred {
            counters.deferred.one();
            return self.checked(false);
        }
        match self.write(&socket, usize::MAX, counters) {
            Ok(Wrote::All) => Sent::Written,
            Ok(Wrote::UntilFull | Wrote::Budget) => {
                self.deferred = true;
                counters.deferred.one();
                self.checked(true)
            }
            Err(error) => Sent::Failed(error),
        }
    }

    fn checked(&self, wake: bool) -> Sent {
        match self.out.charged() {
            queued if queued > self.limit => Sent::Overflow { queued },
            _ => Sent::Deferred { wake },
        }
    }
}

enum Wrote {
    All,
    UntilFull,
    Budget,
}

impl Queue {
    /// Writes until nothing waits, the socket is full or the budget is spent.
    fn write(&mut self, socket: &WriteHalf, budget: usize, counters: &WriterCounters) -> io::Result<Wrote> {
        let mut spent = 0;
        loop {
            if spent >= budget {
                return Ok(Wrote::Budget);
            }
            let mut slices = [IoSlice::new(&[]); MAX_SLICES];
            let count = self.out.gather(&mut slices);
            let written = match count {
                0 => socket.try_flush().map(|()| 0),
                _ => socket.try_write(slices.get(..count).unwrap_or_default()),
            };
            match written {
                Ok(_) if count == 0 => return Ok(Wrote::All),
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.out.consume(written);
                    spent += written;
                    counters.bytes_out.add(written as u64);
                    counters.writes.one();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Wrote::UntilFull),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::transport::{Socket, testing};

    #[tokio::test]
    async fn what_waits_goes_out_whole_and_in_order_over_tcp() {
        check_order(testing::tcp().await).await;
    }

    #[tokio::test]
    async fn what_waits_goes_out_whole_and_in_order_over_tls() {
        check_order(testing::tls().await).await;
    }

    async fn check_order((ours, mut peer): (Socket, Socket)) {
        let (_reads, socket) = ours.into_split();
        let socket = Arc::new(socket);
        let counters = WriterCounters::default();
        let mut queue = Queue::new(socket.clone(), usize::MAX);
        let mut expected = Vec::new();
        let mut deferred = false;
        // More than the kernel takes, in buffers of odd lengths.
        for n in 0_u32..4000 {
            let buffer: Vec<u8> = (0..n % 5000).map(|i| (i * 31 + n) as u8).collect();
            expected.extend_from_slice(&buffer);
            let pieces = [Bytes::from(buffer), Bytes::new()];
            match queue.send(pieces, &counters) {
                // Not even in the session of TLS may anything wait that the writer task does not know of.
                Sent::Written => assert!(!deferred && socket.try_flush().is_ok(), "at {n}"),
                Sent::Deferred { wake } => {
                    assert_eq!(wake, !deferred);
                    deferred = true;
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(deferred, "the kernel took {} bytes", expected.len());
        let reader = tokio::spawn(async move {
            let mut seen = BytesMut::new();
            while seen.len() < expected.len() {
                assert_ne!(peer.read(&mut seen).await.unwrap(), 0, "cut off after {} bytes", seen.len());
            }
            assert!(seen == expected, "bytes differ");
        });
        loop {
            match queue.flush(&counters) {
                Flushed::Empty => break,
                Flushed::Full => socket.writable().await.unwrap(),
                Flushed::More => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((queue.gauge.load(Relaxed), queue.out.is_empty()), (0, true));
        tokio::time::timeout(Duration::from_secs(20), reader)
            .await
            .expect("something did not go out")
            .unwrap();
        assert!(matches!(queue.send([Bytes::from_static(b"x")], &counters), Sent::Written));
    }

    #[tokio::test]
    async fn the_bound_counts_tiny_buffers_and_a_closed_queue_refuses() {
        let (ours, _peer) = testing::tcp().await;
        let (_reads, socket) = ours.into_split();
        let socket = Arc::new(socket);
        let counters = WriterCounters::default();
        let mut queue = Queue::new(socket.clone(), 1 << 20);
        let filler = vec![0; 64 << 10];
        while socket.try_write(&[IoSlice::new(&filler)]).is_ok() {}
        let overflow = (0..1_000_000).find_map(|_| match queue.send([Bytes::from_static(&[7])], &counters) {
            Sent::Overflow { queued } => Some(queued),
            _ => None,
        });
        assert!(overflow.is_some_and(|queued| queued > 1 << 20));
        assert_eq!(Some(queue.gauge.load(Relaxed)), overflow, "read without the lock");
        queue.close();
        assert_eq!(queue.gauge.load(Relaxed), 0);
        assert!(matches!(queue.send([Bytes::from_static(&[7])], &counters), Sent::Closed));
    }

    #[tokio::test]
    async fn room_is_told_once_and_not_before_it_is_there() {
        let (ours, mut peer) = testing::tcp().await;
        let (_reads, socket) = ours.into_split();
        let socket = Arc::new(socket);
        let counters = WriterCounters::default();
        let mut queue = Queue::new(socket.clone(), usize::MAX);
        assert!(queue.want_room(0), "nothing waits");
        assert!(queue.has_wanted_room() && !queue.has_wanted_room());
        let block = Bytes::from(vec![0; 1 << 20]);
        while queue.gauge.load(Relaxed) < 8 << 20 {
            queue.send([block.clone()], &counters);
        }
        assert!(!queue.want_room(1 << 20) && !queue.has_wanted_room());
        let reader = tokio::spawn(async move {
            let mut seen = BytesMut::new();
            while peer.read(&mut seen).await.is_ok_and(|length| length > 0) {
                seen.clear();
            }
        });
        loop {
            socket.writable().await.unwrap();
            queue.flush(&counters);
            let queued = queue.gauge.load(Relaxed);
            if queue.has_wanted_room() {
                assert!(queued <= 1 << 20, "{queued} bytes wait");
                break;
            }
            assert!(queued > 1 << 20, "{queued} bytes wait");
        }
        reader.abort();
    }
}
