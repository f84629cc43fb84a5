//! A stream of small messages is read in batches, as a network card hands on packets (`rx-usecs`).
//!
//! A BEAM writes each message for itself. A reader that is as fast as the writer falls asleep behind each one and is woken for
//! the next, which costs either side more than the message does. So who reads in quick succession, and little each
//! time, pauses: for [`Config::read_coalescing`](crate::Config::read_coalescing) the socket fills, and no arrival wakes
//! anyone.
//!
//! ```text
//! arrivals   | | | |  | | | | | | | | | | | |  |              |
//! reads      r r r r ·············r ···········r·········r    r
//!            alone    a stream: pauses                    few: alone again
//! ```
//!
//! Invariants: a message waits for one pause at most, and only behind others that came right before it; a lone
//! message, or call and answer in turn, is read at once. While a stream lasts its socket wakes nobody (`SO_RCVLOWAT`); behind it the
//! socket is read once more before anyone waits for it.
//!
//! Limits: Linux; elsewhere there are no pauses. A link with streams has a second descriptor, its timer; where none is free there
//! are no pauses either.

use std::io;
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::{ReadHalf, os};

/// A read that follows the one before it this soon may be one of a stream.
const GAP: Duration = Duration::from_micros(10);
/// So many such reads in a row are a stream.
const STREAK: u32 = 4;
/// A batch of fewer messages was not worth its pause, and the stream is over.
const FEW: u64 = 4;
/// A read of so many bytes is a batch without a pause.
const BATCH: usize = 64 << 10;
/// So many bytes end a pause in any case: less than a socket holds, so that a pause cannot stop the peer.
const MARK: i32 = 32 << 10;

/// When one link's reader pauses.
pub(crate) struct Coalesce {
    pause: Duration,
    /// Reads of a stream so far.
    streak: u32,
    /// The end of the last batch.
    last: Instant,
    timer: Option<os::Timer>,
    /// The mark is up: arrivals wake nobody.
    held: bool,
}

impl Coalesce {
    /// No pauses if they are to have no length.
    pub(crate) fn new(pause: Duration) -> Self {
        Self { pause, streak: 0, last: Instant::now(), timer: None, held: false }
    }

    /// Takes note of a batch: when it began and ended, and what was in it.
    pub(crate) fn note(&mut self, began: Instant, ended: Instant, messages: u64, bytes: usize) {
        let stream = match self.streams() {
            true => messages >= FEW,
            false => messages > 0 && began.duration_since(self.last) < GAP,
        };
        self.streak = if stream && bytes < BATCH { self.streak + 1 } else { 0 };
        self.last = ended;
    }

    /// Whether the next read comes after a pause.
    pub(crate) fn streams(&self) -> bool {
        self.streak >= STREAK && !self.pause.is_zero()
    }

    /// Appends what has come, in a stream after a pause; 0 at the end. Cancel-safe.
    pub(crate) async fn read(&mut self, socket: &mut ReadHalf, buffer: &mut BytesMut) -> io::Result<usize> {
        if self.streams() {
            match self.gather(socket).await {
                Ok(()) => match socket.read_now(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.streak = 0,
                    done => return done,
                },
                Err(error) => {
                    tracing::debug!(%error, "the messages of this link are read one by one from now on");
                    self.pause = Duration::ZERO;
                }
            }
        }
        if self.held {
            os::set_low_water(socket.tcp(), 1)?;
            self.held = false;
            // What came before the mark fell has woken nobody.
            match socket.read_now(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
        socket.read(buffer).await
    }

    /// Lets the socket fill.
    async fn gather(&mut self, socket: &ReadHalf) -> io::Result<()> {
        if !self.held {
            os::set_low_water(socket.tcp(), MARK)?;
            self.held = true;
        }
        let timer = match self.timer.take() {
            Some(timer) => timer,
            None => os::Timer::new()?,
        };
        self.timer.insert(timer).wait(self.pause).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{tcp, tls};
    use super::*;

    const PAUSE: Duration = Duration::from_millis(5);

    /// Notes batches of so many messages, each this long after the one before it.
    fn note(coalesce: &mut Coalesce, gap: Duration, messages: impl IntoIterator<Item = u64>) {
        for messages in messages {
            let began = coalesce.last + gap;
            coalesce.note(began, began, messages, 100);
        }
    }

    fn stream(coalesce: &mut Coalesce) {
        note(coalesce, GAP / 2, [1; STREAK as usize]);
        assert_eq!(coalesce.streams(), !coalesce.pause.is_zero());
    }

    #[test]
    fn reads_close_together_are_a_stream_until_a_pause_brings_few() {
        let mut coalesce = Coalesce::new(PAUSE);
        note(&mut coalesce, GAP, [1; 100]);
        assert!(!coalesce.streams(), "call and answer in turn");
        note(&mut coalesce, GAP / 2, [1; 3]);
        assert!(!coalesce.streams());
        note(&mut coalesce, GAP / 2, [1]);
        assert!(coalesce.streams());
        note(&mut coalesce, PAUSE, [FEW; 10]);
        assert!(coalesce.streams(), "pauses count for nothing");
        note(&mut coalesce, PAUSE, [FEW - 1]);
        assert!(!coalesce.streams());
        note(&mut coalesce, GAP / 2, [0; 10]);
        assert!(!coalesce.streams(), "parts of a long message");
        stream(&mut Coalesce::new(Duration::ZERO));
    }

    #[test]
    fn who_reads_much_does_not_pause() {
        let mut coalesce = Coalesce::new(PAUSE);
        stream(&mut coalesce);
        let at = coalesce.last;
        coalesce.note(at, at, 100, BATCH);
        assert!(!coalesce.streams());
    }

    /// So many bytes in one read.
    async fn read(coalesce: &mut Coalesce, socket: &mut ReadHalf) -> usize {
        let mut buffer = BytesMut::with_capacity(1 << 10);
        let read = coalesce.read(socket, &mut buffer);
        tokio::time::timeout(Duration::from_secs(10), read).await.expect("the reader is woken").unwrap()
    }

    #[tokio::test]
    async fn a_pause_gathers_and_behind_the_stream_a_lone_byte_wakes_again() {
        for (ours, mut peer) in [tcp().await, tls().await] {
            let (mut ours, _write) = ours.into_split();
            let mut coalesce = Coalesce::new(PAUSE);
            stream(&mut coalesce);
            let writes = async {
                for byte in 0..3 {
                    peer.write_all(&[byte]).await.unwrap();
                    tokio::task::yield_now().await;
                }
                peer
            };
            let (gathered, mut peer) = tokio::join!(read(&mut coalesce, &mut ours), writes);
            assert_eq!(gathered, if cfg!(target_os = "linux") { 3 } else { 1 });

            note(&mut coalesce, PAUSE, [1]);
            let (lone, ()) = tokio::join!(read(&mut coalesce, &mut ours), async {
                // Behind the reader, which waits by now.
                tokio::task::yield_now().await;
                peer.write_all(&[9]).await.unwrap();
            });
            assert_eq!(lone, 1);

            stream(&mut coalesce);
            drop(peer);
            let mut buffer = BytesMut::with_capacity(1 << 10);
            assert!(matches!(coalesce.read(&mut ours, &mut buffer).await, Ok(0) | Err(_)), "the end is seen");
        }
    }

    #[tokio::test]
    async fn a_stream_that_stops_is_waited_for_as_ever() {
        let (ours, mut peer) = tcp().await;
        let (mut ours, _write) = ours.into_split();
        let mut coalesce = Coalesce::new(Duration::from_millis(1));
        stream(&mut coalesce);
        let late = async {
            // The reader has paused for nothing by then.
            tokio::time::sleep(Duration::from_millis(20)).await;
            peer.write_all(&[7]).await.unwrap();
        };
        let (read, ()) = tokio::join!(read(&mut coalesce, &mut ours), late);
        assert_eq!((read, coalesce.streams()), (1, false));
    }
}
