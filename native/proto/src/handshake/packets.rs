//! Cuts the handshake's stream into packets with 2-byte lengths.
//!
//! Invariant: holds at most one portion of input and the part of a packet before it; a length over the limit
//! is an error as soon as its two bytes are there.

use crate::handshake::HandshakeError;

/// Bytes that may wait while it is our turn: an orderly peer sends none, and frames of a peer that is already
/// done come after the last packet and are not counted.
const MAX_WAITING: usize = 64 << 10;

#[derive(Debug)]
pub(super) struct Packets {
    buffer: Vec<u8>,
    max: usize,
    /// Whether a packet has been taken.
    begun: bool,
}

impl Packets {
    pub(super) const fn new(max: usize) -> Self {
        Self { buffer: Vec::new(), max, begun: false }
    }

    pub(super) fn feed(&mut self, input: &[u8]) -> Result<(), HandshakeError> {
        self.buffer.extend_from_slice(input);
        self.check_tls()
    }

    /// Fails if more waits than the largest packet and what the peer may send behind it.
    pub(super) const fn check_waiting(&self) -> Result<(), HandshakeError> {
        match self.buffer.len() {
            len if len > MAX_WAITING => Err(HandshakeError::OutOfTurn { len }),
            _ => Ok(()),
        }
    }

    /// The next packet without its length, if all of it is there.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, HandshakeError> {
        let Some((length, rest)) = self.buffer.split_first_chunk::<2>() else { return Ok(None) };
        let claimed = usize::from(u16::from_be_bytes(*length));
        if claimed > self.max {
            return Err(HandshakeError::PacketTooLarge { claimed, max: self.max });
        }
        let Some(packet) = rest.get(..claimed).map(<[u8]>::to_vec) else { return Ok(None) };
        self.buffer.drain(..2 + claimed);
        self.begun = true;
        Ok(Some(packet))
    }

    /// What stands behind the last packet.
    pub(super) fn take_rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }

    /// A TLS record starts with its type (alert 21, handshake 22, ...) and major version 3. As a length that
    /// would be over 5000 bytes, which no handshake packet has. Only the first bytes of the stream can be one.
    fn check_tls(&self) -> Result<(), HandshakeError> {
        match self.buffer.get(..2) {
            Some([20..=23, 3]) if !self.begun => Err(HandshakeError::LooksLikeTls),
            _ => Ok(()),
        }
    }
}
