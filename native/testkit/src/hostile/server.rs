//! A listening socket that a node under test takes for a BEAM node.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use super::handshake::Identity;
use super::peer::RawPeer;
use crate::epmd::Epmd;
use crate::epmd_client::Registration;
use crate::place::LONG;

/// A server at 127.0.0.1. Registered in EPMD only when asked.
pub struct RawServer {
    listener: TcpListener,
    port: u16,
    registration: Option<Registration>,
}

impl RawServer {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener can be made non-blocking");
        let port = listener.local_addr().map_or(0, |address| address.port());
        Self { listener, port, registration: None }
    }

    /// Listens on a free port and registers it under the short part of `name`.
    ///
    /// # Panics
    /// When EPMD refuses.
    #[must_use]
    #[track_caller]
    pub fn registered(epmd: &Epmd, name: &str) -> Self {
        let mut server = Self::start();
        let short = name.split('@').next().unwrap_or(name);
        server.registration = Some(epmd.client().register(short, server.port));
        server
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The EPMD registration, if there is one.
    #[must_use]
    pub fn registration(&self) -> Option<&Registration> {
        self.registration.as_ref()
    }

    /// The next connection, before any byte.
    ///
    /// # Panics
    /// When none comes within [`LONG`].
    #[must_use]
    #[track_caller]
    pub fn accept(&self) -> RawPeer {
        let deadline = Instant::now() + LONG;
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).expect("a stream can be made blocking");
                    return RawPeer::over(stream);
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    assert!(Instant::now() < deadline, "nobody connects to the raw server within {LONG:?}");
                    thread::sleep(Duration::from_millis(5));
                }
                Err(e) => panic!("the raw server cannot accept: {e}"),
            }
        }
    }

    /// The next connection after a correct handshake as `who`.
    ///
    /// # Panics
    /// When none comes or it does not finish.
    #[must_use]
    #[track_caller]
    pub fn accept_join(&self, who: &Identity) -> RawPeer {
        let mut peer = self.accept();
        peer.read_packet().expect("a name comes");
        peer.welcome(who, "ok");
        peer
    }
}
