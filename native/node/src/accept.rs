//! Incoming connections: one task per listener, one per handshake, a bound on the latter.
//!
//! Whoever connects gets a place for its handshake at once. When all are taken, the oldest handshake gives its own up: one that
//! holds still cannot keep others out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use outrigger_proto::handshake::{HandshakeError, Phase};
use tokio::net::{TcpListener, TcpStream};
use tracing::Instrument;

use crate::establish;
use crate::handshake::{self, AcceptError};
use crate::inner::Inner;
use crate::places::{Place, Places};
use crate::span;

/// The pause after a failed accept, usually for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// Starts to accept on all listeners.
pub(crate) fn spawn(inner: &Arc<Inner>, listeners: Vec<TcpListener>) {
    let places = Places::new(inner.config.bounds.max_handshakes);
    for listener in listeners {
        inner.spawn_until_stop(run(inner.clone(), listener, places.clone()));
    }
}

async fn run(inner: Arc<Inner>, listener: TcpListener, places: Arc<Places>) {
    loop {
        match listener.accept().await {
            Ok((stream, addr)) => {
                let work = incoming(inner.clone(), stream, addr, places.take());
                inner.spawn_until_stop(work.instrument(span::accept(addr)));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept; raise the limit of open files if this goes on");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn incoming(inner: Arc<Inner>, stream: TcpStream, addr: SocketAddr, place: Place) {
    let mut name = None;
    let result = tokio::select! {
        biased;
        () = place.shed() => Err(AcceptError::Shed(inner.config.bounds.max_handshakes)),
        result = handshake::accept(&inner, stream, addr, &mut name) => result,
    };
    drop(place);
    let result = match result {
        Ok((connected, attempt)) => {
            establish::establish(&inner, connected, attempt).await.map_err(AcceptError::Node)
        }
        Err(error) => Err(error),
    };
    if let Err(error) = result {
        inner.counters.accepts_failed.one();
        // A name is validated by the protocol: printable, at most 255 bytes, and only a claim.
        let claimed = name.as_ref().map_or("(no name yet)", |name| name.as_str());
        log(&error, claimed, addr);
    }
}

fn log(error: &AcceptError, claimed: &str, addr: SocketAddr) {
    match error {
        AcceptError::Handshake(HandshakeError::CookieMismatch) => tracing::warn!(
            %addr,
            claimed,
            "refused a connection: its cookie is another one; give both nodes the same cookie"
        ),
        AcceptError::Handshake(HandshakeError::LooksLikeTls) => tracing::warn!(
            %addr,
            "refused a connection that speaks TLS; give this node TLS files, or start the peer without -proto_dist inet_tls"
        ),
        AcceptError::Tls(problem) => {
            tracing::warn!(%addr, claimed, "refused a connection over TLS: {problem}");
        }
        AcceptError::Handshake(HandshakeError::Closed { awaited: Phase::Name }) => {
            tracing::debug!(%addr, "a connection came and went without a word");
        }
        AcceptError::Handshake(HandshakeError::Refused { .. }) => {
            tracing::info!(%addr, claimed, "refused a connection: our own attempt to connect to it goes first, or there are too many peers");
        }
        AcceptError::Shed(_) => tracing::debug!(%addr, claimed, %error, "a connection was given up"),
        AcceptError::Superseded => {
            tracing::warn!(%addr, claimed, "gave a connection up: too many claim this name and prove nothing");
        }
        AcceptError::Handshake(HandshakeError::Declined | HandshakeError::Closed { .. }) => {
            tracing::info!(%addr, claimed, %error, "an incoming handshake ended early");
        }
        error => tracing::warn!(%addr, claimed, %error, "an incoming handshake failed"),
    }
}
