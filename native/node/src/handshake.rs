//! The sockets and clocks around the protocol's handshake machines, for both directions.
//!
//! Invariants: a handshake ends within its time-out, whatever the peer does. It keeps at most a few KiB per
//! connection. A refused peer gets its refusal written before the connection closes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use outrigger_proto::NodeName;
use outrigger_proto::handshake::{Acceptor, HandshakeError, Initiator, LocalNode, Next, Peer, Phase, Step};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::config::Target;
use crate::error::NodeError;
use crate::establish::Connected;
use crate::inner::Inner;
use crate::random;
use crate::registry::Attempt;

/// Handshake packets are short; a peer that sends more right away has finished the handshake.
const READ_SIZE: usize = 2048;

/// Why an incoming connection came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AcceptError {
    #[error("{0}")]
    Handshake(#[from] HandshakeError),
    #[error("the socket failed: {0}")]
    Socket(#[from] io::Error),
    #[error("it was not finished within {} ms", .0.as_millis())]
    Timeout(Duration),
    #[error("{0}")]
    Node(#[from] NodeError),
}

/// Proves the cookie to a peer that we have connected to, and has it prove its own.
pub(crate) async fn initiate(
    inner: &Inner,
    target: &Target,
    mut stream: TcpStream,
) -> Result<Connected, NodeError> {
    let peer = || target.name.to_string();
    let closed = |error: io::Error| NodeError::HandshakeClosed { peer: peer(), problem: error.to_string() };
    let addr = stream.peer_addr().map_err(closed)?;
    stream.set_nodelay(true).map_err(closed)?;
    let mut machine = Initiator::new(
        local(inner),
        inner.config.cookie.clone(),
        target.name.clone(),
        random::challenge()?,
        &inner.config.limits,
    );
    let work = async {
        stream.write_all(&machine.hello()).await.map_err(closed)?;
        let mut buffer = [0; READ_SIZE];
        loop {
            let step = match read(&mut stream, &mut buffer).await.map_err(closed)? {
                Some(bytes) => machine.handle(bytes),
                None => Err(machine.eof()),
            };
            let Step { write, next } = step.map_err(|error| refused(&target.name, error))?;
            stream.write_all(&write).await.map_err(closed)?;
            match next {
                Next::Done { peer, leftover } => return Ok((peer, leftover)),
                Next::Close(error) => return Err(refused(&target.name, error)),
                Next::Read | Next::Decide(_) => {}
            }
        }
    };
    let after = inner.config.handshake_timeout;
    match tokio::time::timeout(after, work).await {
        Ok(done) => done.map(|done| connected(stream, addr, done)),
        Err(_elapsed) => Err(NodeError::HandshakeTimeout { peer: peer(), after }),
    }
}

/// Has an incoming peer prove the cookie, and proves ours. `name` is filled in as soon as the peer has said
/// it, for log lines; before the end it is only a claim.
pub(crate) async fn accept(
    inner: &Arc<Inner>,
    mut stream: TcpStream,
    addr: SocketAddr,
    name: &mut Option<NodeName>,
) -> Result<(Connected, Attempt), AcceptError> {
    stream.set_nodelay(true)?;
    let mut machine =
        Acceptor::new(local(inner), inner.config.cookie.clone(), random::challenge()?, &inner.config.limits);
    let mut attempt = None;
    let work = async {
        let mut buffer = [0; READ_SIZE];
        loop {
            let mut step = match read(&mut stream, &mut buffer).await? {
                Some(bytes) => machine.handle(bytes)?,
                None => return Err(AcceptError::Handshake(machine.eof())),
            };
            stream.write_all(&step.write).await?;
            if let Next::Decide(applicant) = step.next {
                *name = Some(applicant.name.clone());
                let (decision, held) = inner.registry.begin_accept(&inner.config.name, &applicant.name);
                attempt = held;
                step = machine.resolve(decision)?;
                stream.write_all(&step.write).await?;
            }
            match step.next {
                Next::Done { peer, leftover } => return Ok((peer, leftover)),
                Next::Close(error) => return Err(AcceptError::Handshake(error)),
                Next::Read | Next::Decide(_) => {}
            }
        }
    };
    let after = inner.config.handshake_timeout;
    let done = match tokio::time::timeout(after, work).await {
        Ok(done) => done?,
        Err(_elapsed) => return Err(AcceptError::Timeout(after)),
    };
    // The machine is done only after a decision that kept an attempt.
    let attempt = attempt.ok_or(HandshakeError::OutOfOrder { phase: Phase::Decision })?;
    Ok((connected(stream, addr, done), attempt))
}

fn local(inner: &Inner) -> LocalNode {
    LocalNode { name: inner.config.name.clone(), creation: inner.creation, flags: inner.config.flags() }
}

fn connected(stream: TcpStream, addr: SocketAddr, (peer, leftover): (Peer, Vec<u8>)) -> Connected {
    Connected { stream, addr, peer, leftover: BytesMut::from(leftover.as_slice()) }
}

/// What was read; `None` at the end. A reset is an end, too: some peers close with bytes of ours unread.
async fn read<'a>(stream: &mut TcpStream, buffer: &'a mut [u8; READ_SIZE]) -> io::Result<Option<&'a [u8]>> {
    match stream.read(buffer).await {
        Ok(0) => Ok(None),
        Ok(len) => Ok(buffer.get(..len)),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a failed handshake means to whoever wants to join `peer`.
fn refused(peer: &NodeName, error: HandshakeError) -> NodeError {
    let peer = peer.to_string();
    match error {
        HandshakeError::CookieRefused | HandshakeError::CookieMismatch => NodeError::CookieRefused { peer },
        HandshakeError::Nok => NodeError::SimultaneousConnect { peer },
        HandshakeError::NotAllowed => NodeError::NotAllowed { peer },
        HandshakeError::LooksLikeTls => NodeError::PeerSpeaksTls { peer },
        HandshakeError::Closed { awaited } => {
            NodeError::HandshakeClosed { peer, problem: format!("its {awaited} was due") }
        }
        source => NodeError::Handshake { peer, source },
    }
}
