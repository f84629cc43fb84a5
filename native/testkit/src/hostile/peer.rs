//! One TCP connection to a node under test, in our hands from the first byte.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::etf;
use super::handshake::{Identity, challenge_in, challenge_in_reply};
use crate::place::LONG;

/// A raw connection. Closed when dropped.
pub struct RawPeer {
    stream: TcpStream,
    /// What was read and not yet taken.
    buffer: Vec<u8>,
}

impl RawPeer {
    /// Connects and says nothing.
    ///
    /// # Panics
    /// When nobody listens.
    #[must_use]
    #[track_caller]
    pub fn connect(address: impl Into<SocketAddr>) -> Self {
        let address = address.into();
        Self::over(
            TcpStream::connect_timeout(&address, LONG)
                .unwrap_or_else(|e| panic!("no connection to {address}: {e}")),
        )
    }

    /// Connects and goes through the whole handshake as the initiator.
    ///
    /// # Panics
    /// When the node refuses.
    #[must_use]
    #[track_caller]
    pub fn join(address: impl Into<SocketAddr>, who: &Identity) -> Self {
        let mut peer = Self::connect(address);
        let status = peer.introduce(who);
        assert_eq!(status.as_deref(), Some("ok"), "{}: the status of the handshake", who.name);
        peer.prove(who);
        peer
    }

    pub(super) fn over(stream: TcpStream) -> Self {
        let _ = stream.set_nodelay(true);
        Self { stream, buffer: Vec::new() }
    }

    /// Initiator: sends the name and returns the status word; `None` when the node closed the connection.
    pub fn introduce(&mut self, who: &Identity) -> Option<String> {
        self.send_packet(&who.name_packet());
        self.read_status()
    }

    /// Initiator: answers the challenge and checks the acknowledgement.
    ///
    /// # Panics
    /// When the node does not accept us or cannot prove its own cookie.
    #[track_caller]
    pub fn prove(&mut self, who: &Identity) {
        let packet = self.read_packet().expect("a challenge comes");
        let theirs = challenge_in(&packet).unwrap_or_else(|| panic!("not a challenge: {packet:?}"));
        self.send_packet(&who.reply_packet(theirs, 99));
        let ack = self.read_packet().expect("an acknowledgement comes");
        assert_eq!(ack, who.ack_packet(99), "the node proves its cookie");
    }

    /// Acceptor: the rest of the handshake after the name was read, with `status` as the answer to it.
    ///
    /// # Panics
    /// When the node does not go on.
    #[track_caller]
    pub fn welcome(&mut self, who: &Identity, status: &str) {
        self.send_status(status);
        if status == "alive" {
            assert_eq!(self.read_status().as_deref(), Some("true"), "the answer to `alive`");
        }
        self.challenge(who, &who.challenge_packet(77), 77);
    }

    /// Acceptor: the rest of the handshake from the challenge on, with a packet of the caller's that asks for the proof of
    /// `challenge`.
    ///
    /// # Panics
    /// When the node does not go on.
    #[track_caller]
    pub fn challenge(&mut self, who: &Identity, packet: &[u8], challenge: u32) {
        self.send_packet(packet);
        let reply = self.read_packet().expect("a reply comes");
        assert_eq!(reply.get(5..), Some(&who.digest(challenge)[..]), "the node proves its cookie");
        let theirs = challenge_in_reply(&reply).unwrap_or_else(|| panic!("not a reply: {reply:?}"));
        self.send_packet(&who.ack_packet(theirs));
    }

    /// Sends a status packet.
    pub fn send_status(&mut self, status: &str) {
        self.send_packet(format!("s{status}").as_bytes());
    }

    /// Reads a status packet; `None` when the node closed the connection.
    ///
    /// # Panics
    /// When another packet comes.
    #[track_caller]
    pub fn read_status(&mut self) -> Option<String> {
        let packet = self.read_packet()?;
        assert_eq!(packet.first(), Some(&b's'), "not a status: {packet:?}");
        Some(String::from_utf8_lossy(&packet[1..]).into_owned())
    }

    /// Sends a handshake packet: two bytes of length, then `body`.
    pub fn send_packet(&mut self, body: &[u8]) {
        let len = u16::try_from(body.len()).expect("a handshake packet is short").to_be_bytes();
        self.send_bytes(&[&len, body].concat());
    }

    /// Sends a frame: four bytes of length, then `body`.
    pub fn send_frame(&mut self, body: &[u8]) {
        let len = u32::try_from(body.len()).expect("a frame's length fits 32 bits").to_be_bytes();
        self.send_bytes(&[&len, body].concat());
    }

    /// Sends bytes as they are; whether the node still reads them shows elsewhere. Gives up after [`LONG`].
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let _ = self.stream.set_write_timeout(Some(LONG));
        let _ = self.stream.write_all(bytes);
    }

    /// Reads a handshake packet; `None` at the end of the connection.
    ///
    /// # Panics
    /// When neither comes within [`LONG`].
    #[track_caller]
    pub fn read_packet(&mut self) -> Option<Vec<u8>> {
        let head = self.take(2, LONG)?;
        self.take(usize::from(u16::from_be_bytes([head[0], head[1]])), LONG)
    }

    /// Reads a frame, skipping ticks; `None` at the end of the connection.
    ///
    /// # Panics
    /// When neither comes within [`LONG`].
    #[track_caller]
    pub fn read_frame(&mut self) -> Option<Vec<u8>> {
        loop {
            let head = self.take(4, LONG)?;
            let len = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
            if len > 0 {
                return self.take(usize::try_from(len).expect("32 bits fit"), LONG);
            }
        }
    }

    /// Reads frames until one satisfies `wanted`.
    ///
    /// # Panics
    /// When the connection ends or nothing comes for [`LONG`].
    #[track_caller]
    pub fn read_frame_where(&mut self, wanted: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        loop {
            match self.read_frame() {
                Some(frame) if wanted(&frame) => return frame,
                Some(_) => {}
                None => panic!("the node closed the connection before the awaited frame"),
            }
        }
    }

    /// Asks what `net_adm:ping` asks, and waits for the `yes`: the node has read all that was sent before.
    ///
    /// # Panics
    /// When the connection ends or nothing comes for [`LONG`].
    #[track_caller]
    pub fn ping(&mut self, who: &Identity) {
        let me = etf::pid(&who.name, 1, 0, who.creation);
        let reference = etf::reference(&who.name, who.creation, &[1, 2, 3]);
        let question = etf::tuple(&[etf::atom("is_auth"), etf::atom(&who.name)]);
        let tag = etf::tuple(&[me.clone(), reference.clone()]);
        let call = etf::tuple(&[etf::atom("$gen_call"), tag, question]);
        self.send_frame(&etf::reg_send(&me, "net_kernel", &call));
        let yes = etf::tuple(&[reference, etf::atom("yes")]);
        self.read_frame_where(|frame| frame.ends_with(&yes));
    }

    /// Waits for the node to close this connection, reading away what still comes.
    ///
    /// # Panics
    /// When it is still open after `within`.
    #[track_caller]
    pub fn wait_closed(&mut self, within: Duration) {
        let deadline = Instant::now() + within;
        while self.read_more(deadline).is_some() {
            self.buffer.clear();
            assert!(Instant::now() < deadline, "the node keeps the connection open for {within:?}");
        }
    }

    /// Ends our sending direction; the other stays open.
    pub fn half_close(&self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }

    /// The bare socket, for what else a test may think of.
    #[must_use]
    pub fn socket(&self) -> &TcpStream {
        &self.stream
    }

    #[track_caller]
    fn take(&mut self, count: usize, within: Duration) -> Option<Vec<u8>> {
        let deadline = Instant::now() + within;
        while self.buffer.len() < count {
            self.read_more(deadline)?;
        }
        Some(self.buffer.drain(..count).collect())
    }

    /// Reads once into the buffer; `None` at the end of the connection.
    #[track_caller]
    fn read_more(&mut self, deadline: Instant) -> Option<()> {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let _ = self.stream.set_read_timeout(Some(left));
        let mut chunk = [0; 64 * 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) => None,
            Ok(n) => {
                self.buffer.extend_from_slice(&chunk[..n]);
                Some(())
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => Some(()),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the node neither sends nor closes the connection within the deadline")
            }
            Err(_) => None,
        }
    }
}
