//! A tiny EPMD client of the kit's own, written from the protocol description and independent of the product's, so
//! that a test can register a hostile peer and check what the product registered.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// Talks to the EPMD at 127.0.0.1 and a port.
pub struct EpmdClient {
    port: u16,
}

/// A registration. It ends when this is dropped, as EPMD watches the connection.
pub struct Registration {
    _connection: TcpStream,
    /// The creation that EPMD gave.
    pub creation: u32,
}

impl EpmdClient {
    /// A client for one port; it connects per request.
    #[must_use]
    pub fn new(port: u16) -> Self {
        Self { port }
    }

    /// The listing of registered names (`NAMES_REQ`), or `None` when nobody answers.
    #[must_use]
    pub fn names(&self) -> Option<String> {
        let mut stream = self.request(&[110])?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        Some(String::from_utf8_lossy(answer.get(4..)?).into_owned())
    }

    /// The port under which `short` is registered (`PORT_PLEASE2_REQ`).
    #[must_use]
    pub fn port_of(&self, short: &str) -> Option<u16> {
        let mut body = vec![122];
        body.extend_from_slice(short.as_bytes());
        let mut stream = self.request(&body)?;
        let mut head = [0; 4];
        stream.read_exact(&mut head).ok()?;
        (head[1] == 0).then(|| u16::from_be_bytes([head[2], head[3]]))
    }

    /// Registers `short` at `port` as a hidden node (`ALIVE2_REQ`).
    ///
    /// # Panics
    /// When EPMD refuses or does not answer.
    #[must_use]
    #[track_caller]
    pub fn register(&self, short: &str, port: u16) -> Registration {
        let mut body = vec![120];
        body.extend_from_slice(&port.to_be_bytes());
        body.extend_from_slice(&[72, 0, 0, 6, 0, 5]); // hidden, TCP over IPv4, versions 6 to 5
        body.extend_from_slice(&u16::try_from(short.len()).expect("a short name").to_be_bytes());
        body.extend_from_slice(short.as_bytes());
        body.extend_from_slice(&[0, 0]);
        let mut stream = self.request(&body).expect("epmd takes the connection");
        let mut head = [0; 2];
        stream.read_exact(&mut head).expect("epmd answers");
        assert_eq!(head[1], 0, "epmd refuses {short}");
        let mut creation = [0; 4];
        let creation = if head[0] == 118 {
            stream.read_exact(&mut creation).expect("epmd answers");
            u32::from_be_bytes(creation)
        } else {
            stream.read_exact(&mut creation[2..]).expect("epmd answers");
            u32::from_be_bytes(creation)
        };
        Registration { _connection: stream, creation }
    }

    fn request(&self, body: &[u8]) -> Option<TcpStream> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        let mut packet = u16::try_from(body.len()).ok()?.to_be_bytes().to_vec();
        packet.extend_from_slice(body);
        stream.write_all(&packet).ok()?;
        Some(stream)
    }
}
