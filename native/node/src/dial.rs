//! One attempt to reach a joined peer: find it, connect, prove the cookie, hand the link over.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use outrigger_proto::handshake::LocalNode;
use tokio::net::TcpStream;

use crate::config::{Epmd, Target};
use crate::epmd::{self, EpmdAddr};
use crate::error::NodeError;
use crate::establish::{self, Connected};
use crate::handshake;
use crate::inner::Inner;
use crate::registry::Attempt;
use crate::resolve;

/// Returns when the link is up, or with the reason why it is not.
pub(crate) async fn dial(inner: &Arc<Inner>, target: &Target, attempt: Attempt) -> Result<(), NodeError> {
    let simultaneous = || NodeError::SimultaneousConnect { peer: target.name.to_string() };
    let (connected, _ours) = tokio::select! {
        biased;
        () = attempt.ended() => return Err(simultaneous()),
        reached = reach(inner, target) => reached?,
    };
    establish::establish(inner, connected, attempt).await
}

/// Finds the peer, connects, and shakes hands. Also who we are to it: it may have given us our name.
pub(crate) async fn reach(inner: &Inner, target: &Target) -> Result<(Connected, LocalNode), NodeError> {
    let addrs = locate(inner, target).await?;
    let stream = connect(inner, target, &addrs).await?;
    handshake::initiate(inner, target, stream).await
}

async fn locate(inner: &Inner, target: &Target) -> Result<Vec<SocketAddr>, NodeError> {
    if let Some(addr) = &target.addr {
        return resolve::fixed(addr).await;
    }
    let host = target.name.host();
    let Epmd::Port(epmd_port) = inner.config.epmd else {
        return Err(NodeError::BadOption { option: "join", problem: "neither EPMD nor an address".into() });
    };
    let ips = resolve::host(host).await?;
    let epmd = EpmdAddr { host: host.into(), ips, port: epmd_port };
    match epmd::lookup(&epmd, target.name.short()).await? {
        Some(port) => Ok(epmd.ips.iter().map(|ip| SocketAddr::new(*ip, port)).collect()),
        None => {
            Err(NodeError::PeerUnknown { peer: target.name.to_string(), host: epmd.host, port: epmd_port })
        }
    }
}

async fn connect(inner: &Inner, target: &Target, addrs: &[SocketAddr]) -> Result<TcpStream, NodeError> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for addr in addrs {
        match tokio::time::timeout(inner.config.connect_timeout, TcpStream::connect(addr)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_elapsed) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    let tried = addrs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Err(NodeError::PeerUnreachable { peer: target.name.to_string(), tried, source: last })
}
