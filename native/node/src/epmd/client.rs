//! One question, one answer: a connection to EPMD for each, with a deadline. The questions themselves are in `ask`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use erl_dist::epmd::{EpmdError, NodeEntry};
use tokio::net::TcpStream;

use super::ask;
use crate::error::NodeError;
use crate::escape::Printable;

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

/// The stream that holds a registration.
pub(super) type EpmdStream = ask::Bounded<TcpStream>;

/// The port under which `short` (the part before the `@`) is registered, `None` if it is not.
pub(crate) async fn lookup(addr: &EpmdAddr, short: &str) -> Result<Option<u16>, NodeError> {
    exchange(addr, |stream| ask::port(stream, short)).await
}

/// All names that are registered, with their ports.
pub(crate) async fn names(addr: &EpmdAddr) -> Result<Vec<(String, u16)>, NodeError> {
    exchange(addr, ask::names).await
}

/// Registers `entry`. The registration lasts as long as the stream.
pub(super) async fn alive(
    addr: &EpmdAddr,
    entry: NodeEntry,
) -> Result<Result<(EpmdStream, u32), u8>, NodeError> {
    exchange(addr, |stream| ask::alive(stream, entry)).await
}

async fn exchange<T, F>(addr: &EpmdAddr, ask: impl FnOnce(TcpStream) -> F) -> Result<T, NodeError>
where
    F: Future<Output = Result<T, EpmdError>>,
{
    let work = async {
        let stream = connect(addr).await.map_err(|error| addr.unreachable(error))?;
        ask(stream).await.map_err(|error| addr.failed(error))
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
