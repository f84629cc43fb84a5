//! The questions to EPMD over any stream: `erl_dist`'s client with the cap that it lacks. No socket and no clock here, so
//! that tests and the fuzz target can be the EPMD.
//!
//! The client reads what it is sent, so a reply may not exceed [`REPLY_CAP`]. Its small writes are gathered into one
//! packet.
//!
//! Limits: an EPMD whose reply exceeds the cap (about 2000 nodes on one host) cannot be listed.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use erl_dist::epmd::{EpmdClient, EpmdError, NodeEntry};
use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf};
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

/// The most bytes that one reply may have.
pub(super) const REPLY_CAP: usize = 64 * 1024;

/// The stream under a client: bounded reads, gathered writes.
pub(super) type Bounded<S> = Compat<BufWriter<Capped<S>>>;

/// The port of `short` (the part of a name before the `@`), `None` if EPMD does not know it.
pub(super) async fn port<S>(stream: S, short: &str) -> Result<Option<u16>, EpmdError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    Ok(client(stream).get_node(short).await?.map(|entry| entry.port))
}

/// All names, with their ports.
pub(super) async fn names<S>(stream: S) -> Result<Vec<(String, u16)>, EpmdError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    client(stream).get_names().await
}

/// Registers `entry`: the stream that holds the registration and the creation, or the code of EPMD's refusal.
pub(super) async fn alive<S>(stream: S, entry: NodeEntry) -> Result<Result<(Bounded<S>, u32), u8>, EpmdError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match client(stream).register(entry).await {
        Ok((stream, creation)) => Ok(Ok((stream, creation.get()))),
        Err(EpmdError::RegisterNodeError { code }) => Ok(Err(code)),
        Err(other) => Err(other),
    }
}

fn client<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> EpmdClient<Bounded<S>> {
    EpmdClient::new(BufWriter::new(Capped { stream, left: REPLY_CAP }).compat())
}

/// A stream that refuses to read more than its allowance.
pub(super) struct Capped<S> {
    stream: S,
    left: usize,
}

impl<S: AsyncRead + Unpin> AsyncRead for Capped<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            let text = "the reply exceeds its byte cap";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, text)));
        }
        let allowed = self.left.min(buf.remaining());
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(allowed));
        let polled = Pin::new(&mut self.stream).poll_read(cx, &mut part);
        let read = part.filled().len();
        buf.advance(read);
        self.left -= read;
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Capped<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    /// What a question makes of `reply`, which ends with the connection.
    async fn epmd(reply: &[u8]) -> impl AsyncRead + AsyncWrite + Unpin {
        let (ours, mut theirs) = tokio::io::duplex(2 * REPLY_CAP);
        theirs.write_all(reply).await.expect("room for the reply");
        // The client may still write; only its reading meets the end.
        tokio::io::join(ours, tokio::io::sink())
    }

    #[tokio::test]
    async fn replies_are_read_and_cut_ones_are_errors() {
        let reply = [119, 0, 0x1f, 0x90, 72, 0, 0, 6, 0, 5, 0, 1, b'n', 0, 0];
        assert!(matches!(port(epmd(&reply).await, "n").await, Ok(Some(8080))));
        assert!(matches!(port(epmd(&[119, 1]).await, "n").await, Ok(None)));
        for end in 0..reply.len() {
            assert!(port(epmd(&reply[..end]).await, "n").await.is_err(), "cut at {end}");
        }
        let listed = names(epmd(b"\0\0\x11\x11name a at port 1\nname b at port 2\n").await).await;
        assert_eq!(listed.expect("two names"), [("a".into(), 1), ("b".into(), 2)]);
        assert!(names(epmd(b"\0\0\x11\x11name a at port 65536\n").await).await.is_err());
    }

    #[tokio::test]
    async fn a_reply_over_the_cap_is_refused() {
        let line = "name a at port 1\n";
        let reply = |bytes: usize| format!("\0\0\x11\x11{}", line.repeat(bytes / line.len()));
        let within = reply(REPLY_CAP - 64);
        assert_eq!(
            names(epmd(within.as_bytes()).await).await.expect("it fits").len(),
            within.len() / line.len()
        );
        let error = names(epmd(reply(REPLY_CAP + 64).as_bytes()).await).await.expect_err("over the cap");
        assert!(error.to_string().contains("byte cap"), "{error}");
    }
}
