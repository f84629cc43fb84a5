//! One question, one answer: `erl_dist`'s EPMD client with the bounds that it lacks.
//!
//! Every exchange has a deadline, and a reply may not exceed a byte cap, because the client reads what it is
//! sent. The small writes of the client are gathered into one packet.
//!
//! Limits: an EPMD whose replies exceed [`REPLY_CAP`] (about 2000 nodes on one host) cannot be listed.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use erl_dist::epmd::{EpmdClient, EpmdError, NodeEntry};
use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

use crate::error::NodeError;
use crate::escape::Printable;

/// The most bytes that one reply may have.
const REPLY_CAP: usize = 64 * 1024;
/// How long one exchange may take, with connecting.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(2);

/// Where an EPMD is: the addresses of its host, tried in turn, and its port.
#[derive(Clone, Debug)]
pub(crate) struct EpmdAddr {
    /// What to call it in messages.
    pub(crate) host: String,
    /// Never empty.
    pub(crate) ips: Vec<IpAddr>,
    /// Usually 4369.
    pub(crate) port: u16,
}

impl EpmdAddr {
    /// The EPMD of this machine. It always listens on loopback, whatever else it was told.
    pub(crate) fn local(port: u16) -> Self {
        let ips = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        Self { host: "localhost".into(), ips, port }
    }

    fn unreachable(&self, source: io::Error) -> NodeError {
        NodeError::EpmdUnreachable { host: self.host.clone(), port: self.port, source }
    }

    fn failed(&self, error: EpmdError) -> NodeError {
        match error {
            EpmdError::Io(source) => self.unreachable(source),
            other => NodeError::EpmdMisbehaved {
                host: self.host.clone(),
                port: self.port,
                problem: Printable::text(&other.to_string()).to_string(),
            },
        }
    }
}

/// The stream under a client: bounded reads, gathered writes.
pub(super) type EpmdStream = Compat<BufWriter<Capped>>;

/// The port under which `short` (the part before the `@`) is registered, `None` if it is not.
pub(crate) async fn lookup(addr: &EpmdAddr, short: &str) -> Result<Option<u16>, NodeError> {
    let answer = exchange(addr, |client| async move { client.get_node(short).await }).await?;
    Ok(answer.map(|entry| entry.port))
}

/// All names that are registered, with their ports.
pub(crate) async fn names(addr: &EpmdAddr) -> Result<Vec<(String, u16)>, NodeError> {
    exchange(addr, |client| client.get_names()).await
}

/// Registers `entry`. The registration lasts as long as the stream.
pub(super) async fn alive(
    addr: &EpmdAddr,
    entry: NodeEntry,
) -> Result<Result<(EpmdStream, u32), u8>, NodeError> {
    let answer = exchange(addr, |client| async move {
        match client.register(entry).await {
            Ok((stream, creation)) => Ok(Ok((stream, creation.get()))),
            Err(EpmdError::RegisterNodeError { code }) => Ok(Err(code)),
            Err(other) => Err(other),
        }
    });
    answer.await
}

async fn exchange<T, F>(
    addr: &EpmdAddr,
    ask: impl FnOnce(EpmdClient<EpmdStream>) -> F,
) -> Result<T, NodeError>
where
    F: Future<Output = Result<T, EpmdError>>,
{
    let work = async {
        let stream = connect(addr).await.map_err(|error| addr.unreachable(error))?;
        let client = EpmdClient::new(BufWriter::new(Capped { stream, left: REPLY_CAP }).compat());
        ask(client).await.map_err(|error| addr.failed(error))
    };
    match tokio::time::timeout(EXCHANGE_TIMEOUT, work).await {
        Ok(result) => result,
        Err(_elapsed) => Err(addr.unreachable(io::ErrorKind::TimedOut.into())),
    }
}

async fn connect(addr: &EpmdAddr) -> io::Result<TcpStream> {
    let mut first = None;
    for ip in &addr.ips {
        match TcpStream::connect(SocketAddr::new(*ip, addr.port)).await {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()))
}

/// A stream that refuses to read more than its allowance.
pub(super) struct Capped {
    stream: TcpStream,
    left: usize,
}

impl AsyncRead for Capped {
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

impl AsyncWrite for Capped {
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
