//! EPMD's replies, in arbitrary portions.
//!
//! - What is made of a reply does not depend on the portions.
//! - Memory is bounded by the cap, also where the reply never ends.
//!
//! `ask` is the file of the node crate: it knows streams and nothing of its crate, and so needs no door for this.
//!
//! Input: the question, the portions' seed, the reply.
#![no_main]

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use erl_dist::epmd::NodeEntry;
use libfuzzer_sys::fuzz_target;
use outrigger_fuzz::meter::within;
use outrigger_fuzz::portions::portions;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

#[path = "../../../native/node/src/epmd/ask.rs"]
mod ask;

fuzz_target!(|data: &[u8]| {
    let [question, seed, reply @ ..] = data else { return };
    let endless = question & 0x80 != 0;
    let at_once = answer(*question, Reply::new(std::iter::once(reply), endless));
    let in_portions = answer(*question, Reply::new(portions(*seed, reply), endless));
    assert_eq!(at_once, in_portions);
});

/// What comes of the question, as text.
fn answer(question: u8, reply: Reply<'_>) -> String {
    // A list of the shortest names: 17 bytes a line become a string and an entry, twice while a vector grows.
    within(64 * 1024 + 12 * ask::REPLY_CAP, || match question % 3 {
        0 => now(async { format!("{:?}", ask::port(reply, "n").await) }),
        1 => now(async { format!("{:?}", ask::names(reply).await) }),
        _ => now(async {
            let answer = ask::alive(reply, NodeEntry::new_hidden("n", 1)).await;
            format!("{:?}", answer.map(|held| held.map(|(_stream, creation)| creation)))
        }),
    })
}

/// Runs a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a stream that is always ready made somebody wait"),
    }
}

/// A peer that says these bytes, swallows what it is told, and then closes or repeats its last byte for ever.
struct Reply<'a> {
    portions: std::vec::IntoIter<&'a [u8]>,
    current: &'a [u8],
    endless: bool,
}

impl<'a> Reply<'a> {
    fn new(portions: impl Iterator<Item = &'a [u8]>, endless: bool) -> Self {
        let portions: Vec<_> = portions.filter(|portion| !portion.is_empty()).collect();
        Self { portions: portions.into_iter(), current: &[], endless }
    }
}

impl AsyncRead for Reply<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.current.is_empty() {
            match self.portions.next() {
                Some(portion) => self.current = portion,
                None if self.endless => buf.initialize_unfilled().fill(b'\n'),
                None => return Poll::Ready(Ok(())),
            }
        }
        let now = self.current.len().min(buf.remaining());
        match self.current.split_at(now) {
            ([], []) if self.endless => buf.advance(buf.remaining()),
            (now, later) => {
                buf.put_slice(now);
                self.current = later;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Reply<'_> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
