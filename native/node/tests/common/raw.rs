//! A peer made of a socket and the protocol's handshake, to misbehave with.

use std::net::SocketAddr;

use outrigger_node::{Cookie, Creation, Flags, Limits};
use outrigger_proto::frame::{self, Framing};
use outrigger_proto::handshake::{HandshakeError, Initiator, LocalNode, Next};
use outrigger_term::{Reader, TermError, Writer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Raw {
    pub socket: TcpStream,
    /// What came during the handshake, to look for a status.
    pub seen: Vec<u8>,
}

/// Connects to the node called `to` under the name `name`.
pub async fn connect(addr: SocketAddr, name: &str, to: &str, cookie: &str) -> Result<Raw, HandshakeError> {
    connect_with(addr, name, to, cookie, Flags::OURS).await
}

/// The same with other flags.
pub async fn connect_with(
    addr: SocketAddr,
    name: &str,
    to: &str,
    cookie: &str,
    flags: Flags,
) -> Result<Raw, HandshakeError> {
    let mut socket = TcpStream::connect(addr).await.unwrap();
    let local = LocalNode { name: name.parse().unwrap(), creation: Creation(77), flags };
    let cookie = Cookie::new(cookie).unwrap();
    let mut machine = Initiator::new(local, cookie, to.parse().unwrap(), 4711, &Limits::default());
    socket.write_all(&machine.hello()).await.unwrap();
    let mut seen = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        let step = match super::within("a handshake packet", socket.read(&mut buffer)).await {
            Ok(0) | Err(_) => return Err(machine.eof()),
            Ok(len) => {
                seen.extend_from_slice(&buffer[..len]);
                machine.handle(&buffer[..len])?
            }
        };
        socket.write_all(&step.write).await.unwrap();
        match step.next {
            Next::Done { .. } => return Ok(Raw { socket, seen }),
            Next::Close(error) => return Err(error),
            Next::Read | Next::Decide(_) => {}
        }
    }
}

/// Frames in the framing of a peer that has agreed on no other.
pub fn plain(frames: &[u8]) -> Vec<u8> {
    frame::pass_through(frames).unwrap()
}

impl Raw {
    /// Whether the peer said that we are linked already.
    pub fn was_asked_alive(&self) -> bool {
        self.seen.windows(6).any(|bytes| bytes == b"salive")
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).await.unwrap();
    }

    /// The next message of a node with which neither fragments nor the atom cache were agreed: the operation's number, and
    /// the frame.
    pub async fn message(&mut self) -> (i64, Vec<u8>) {
        loop {
            let mut len = [0; 4];
            super::within("a frame", self.socket.read_exact(&mut len)).await.unwrap();
            let mut frame = vec![0; u32::from_be_bytes(len) as usize];
            super::within("the rest of a frame", self.socket.read_exact(&mut frame)).await.unwrap();
            if !frame.is_empty() {
                let mut control = Reader::new(&frame[2..]);
                control.tuple().unwrap();
                return (control.integer().unwrap(), frame);
            }
        }
    }

    /// Sends a message in pass-through framing.
    pub async fn send(
        &mut self,
        payload: &[u8],
        control: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
    ) {
        let mut frame = Vec::new();
        frame::append(&mut frame, Framing::PassThrough, Some(payload), control).unwrap();
        self.write(&frame).await;
    }

    /// Reads until the node closes; returns what came.
    pub async fn until_closed(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        let mut buffer = [0; 4096];
        super::within("the node to close", async {
            loop {
                match self.socket.read(&mut buffer).await {
                    Ok(0) | Err(_) => return all,
                    Ok(len) => all.extend_from_slice(&buffer[..len]),
                }
            }
        })
        .await
    }
}
