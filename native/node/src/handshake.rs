//! The sockets and clocks around the protocol's handshake machines, for both directions.
//!
//! Invariants: a handshake ends within its time-out, whatever the peer does. It keeps at most a few KiB per
//! connection. A refused peer gets its refusal written before the connection closes. Over TLS a peer speaks only for nodes
//! of the hosts that its certificate names, and that is asked before its name takes any effect.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use outrigger_proto::handshake::{
    Acceptor, Decision, HandshakeError, Initiator, LocalNode, Next, Peer, Phase, Step,
};
use outrigger_proto::{Creation, NodeName};
use tokio::net::TcpStream;

use crate::config::Target;
use crate::error::NodeError;
use crate::establish::Connected;
use crate::inner::Inner;
use crate::nameless;
use crate::random;
use crate::registry::Attempt;
use crate::transport::{self, Socket};

/// Handshake packets are short; a peer that sends more right away has finished the handshake.
const READ_SIZE: usize = 2048;

/// Why an incoming connection came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AcceptError {
    #[error("{0}")]
    Handshake(#[from] HandshakeError),
    /// It is not who it says it is, or we are not who it wants.
    #[error("{0}")]
    Tls(String),
    #[error("the oldest of {0} handshakes that were not finished")]
    Shed(usize),
    #[error("too many others claim this name")]
    Superseded,
    #[error("the socket failed: {0}")]
    Socket(io::Error),
    #[error("it was not finished within {} ms", .0.as_millis())]
    Timeout(Duration),
    #[error("{0}")]
    Node(#[from] NodeError),
}

impl From<io::Error> for AcceptError {
    fn from(error: io::Error) -> Self {
        transport::refusal(&error).map_or(Self::Socket(error), Self::Tls)
    }
}

/// Proves the cookie to a peer that we have connected to, and has it prove its own. Also who we are to it: it may have
/// given us our name.
pub(crate) async fn initiate(
    inner: &Inner,
    target: &Target,
    stream: TcpStream,
) -> Result<(Connected, LocalNode), NodeError> {
    let peer = || target.name.to_string();
    let closed = |error: io::Error| match transport::refusal(&error) {
        Some(problem) => NodeError::Tls { peer: peer(), problem },
        None => NodeError::HandshakeClosed { peer: peer(), problem: error.to_string() },
    };
    let addr = stream.peer_addr().map_err(closed)?;
    stream.set_nodelay(true).map_err(closed)?;
    let mut machine = Initiator::new(
        local(inner),
        inner.config.cookie_for(&target.name).clone(),
        target.name.clone(),
        random::challenge()?,
        &inner.config.limits,
    )
    .with_prefix(inner.transport.prefix());
    if nameless::is_nameless(&inner.config.name) {
        machine = machine.wanting_a_name();
    }
    let mut secured = false;
    let work = async {
        let mut socket = inner.transport.connect(stream, &target.name).await.map_err(closed)?;
        secured = true;
        socket.write_all(&machine.hello()).await.map_err(closed)?;
        let mut buffer = BytesMut::with_capacity(READ_SIZE);
        loop {
            let step = match read(&mut socket, &mut buffer).await.map_err(closed)? {
                true => machine.handle(&buffer.split()),
                false => Err(machine.eof()),
            };
            let Step { write, next } = step.map_err(|error| refused(&target.name, error))?;
            socket.write_all(&write).await.map_err(closed)?;
            match next {
                Next::Done { peer, leftover } => {
                    return Ok((connected(socket, addr, peer, &leftover), machine.local().clone()));
                }
                Next::Close(error) => return Err(refused(&target.name, error)),
                Next::Read | Next::Decide(_) => {}
            }
        }
    };
    let after = inner.config.handshake_timeout;
    match tokio::time::timeout(after, work).await {
        Ok(done) => done,
        Err(_elapsed) if inner.transport.is_tls() && !secured => {
            let problem = "it does not answer in TLS; start it with -proto_dist inet_tls".into();
            Err(NodeError::Tls { peer: peer(), problem })
        }
        Err(_elapsed) => Err(NodeError::HandshakeTimeout { peer: peer(), after }),
    }
}

/// Has an incoming peer prove the cookie, and proves ours. `name` is filled in as soon as the peer has said
/// it, for log lines; before the end it is only a claim.
pub(crate) async fn accept(
    inner: &Arc<Inner>,
    stream: TcpStream,
    addr: SocketAddr,
    name: &mut Option<NodeName>,
) -> Result<(Connected, Attempt), AcceptError> {
    stream.set_nodelay(true)?;
    let mut machine = Acceptor::new(local(inner), random::challenge()?, &inner.config.limits)
        .with_new_name(random::number()?, Creation(random::creation()?))
        .with_prefix(inner.transport.prefix());
    let mut attempt: Option<Attempt> = None;
    let work = async {
        let mut socket = inner.transport.accept(stream).await?;
        let mut buffer = BytesMut::with_capacity(READ_SIZE);
        loop {
            let read = tokio::select! {
                biased;
                () = ended(attempt.as_ref()) => return Err(AcceptError::Superseded),
                read = read(&mut socket, &mut buffer) => read?,
            };
            let mut step = match read {
                true => machine.handle(&buffer.split())?,
                false => return Err(AcceptError::Handshake(machine.eof())),
            };
            if let (Next::Done { .. }, Some(attempt)) = (&step.next, &attempt) {
                attempt.proven();
            }
            socket.write_all(&step.write).await?;
            if let Next::Decide(applicant) = step.next {
                *name = Some(applicant.name.clone());
                let identity = socket.speaks_for(applicant.name.host());
                let (decision, held) = match &identity {
                    Ok(()) => inner.registry.begin_accept(&inner.config.name, &applicant.name),
                    Err(_) => (Decision::NotAllowed, None),
                };
                attempt = held;
                step = machine.resolve(decision, inner.config.cookie_for(&applicant.name))?;
                socket.write_all(&step.write).await?;
                identity?;
            }
            match step.next {
                Next::Done { peer, leftover } => return Ok(connected(socket, addr, peer, &leftover)),
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
    Ok((done, attempt))
}

/// Returns when an attempt, if there is one already, is to end.
async fn ended(attempt: Option<&Attempt>) {
    match attempt {
        Some(attempt) => attempt.ended().await,
        None => std::future::pending().await,
    }
}

fn local(inner: &Inner) -> LocalNode {
    LocalNode { name: inner.config.name.clone(), creation: inner.creation, flags: inner.config.flags() }
}

fn connected(socket: Socket, addr: SocketAddr, peer: Peer, leftover: &[u8]) -> Connected {
    Connected { socket, addr, peer, leftover: BytesMut::from(leftover) }
}

/// Whether anything was read before the end. A reset is an end, too: some peers close with bytes of ours unread.
async fn read(socket: &mut Socket, buffer: &mut BytesMut) -> io::Result<bool> {
    buffer.reserve(READ_SIZE);
    match socket.read(buffer).await {
        Ok(len) => Ok(len > 0),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(false),
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
