//! Cuts the handshake's stream into packets with lengths in front.
//!
//! Invariant: holds at most one portion of input and the part of a packet before it; a length over the limit
//! is an error as soon as its bytes are there.

use crate::handshake::HandshakeError;

/// Bytes that may wait while it is our turn: an orderly peer sends none, and frames of a peer that is already
/// done come after the last packet and are not counted.
const MAX_WAITING: usize = 64 << 10;

/// The length in front of each packet of a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prefix {
    /// Two bytes, as the protocol says.
    #[default]
    Two,
    /// Four bytes: what OTP does over TLS, where the handshake's packets look like those of the link.
    Four,
}

impl Prefix {
    /// Appends one packet. Nothing we write comes near the 64 KiB that the short length can say.
    pub(super) fn append(self, out: &mut Vec<u8>, parts: &[&[u8]]) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        match self {
            Self::Two => out.extend_from_slice(&(length as u16).to_be_bytes()),
            Self::Four => out.extend_from_slice(&(length as u32).to_be_bytes()),
        }
        parts.iter().for_each(|part| out.extend_from_slice(part));
    }

    /// The length in front of `bytes`, and what stands behind it.
    fn split(self, bytes: &[u8]) -> Option<(usize, &[u8])> {
        match self {
            Self::Two => {
                let (length, rest) = bytes.split_first_chunk()?;
                Some((u16::from_be_bytes(*length).into(), rest))
            }
            Self::Four => {
                let (length, rest) = bytes.split_first_chunk()?;
                Some((u32::from_be_bytes(*length) as usize, rest))
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Packets {
    pub(super) prefix: Prefix,
    buffer: Vec<u8>,
    max: usize,
    /// Whether a packet has been taken.
    begun: bool,
}

impl Packets {
    pub(super) const fn new(max: usize) -> Self {
        Self { prefix: Prefix::Two, buffer: Vec::new(), max, begun: false }
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
        let Some((claimed, rest)) = self.prefix.split(&self.buffer) else { return Ok(None) };
        if claimed > self.max {
            return Err(HandshakeError::PacketTooLarge { claimed, max: self.max });
        }
        let Some(packet) = rest.get(..claimed).map(<[u8]>::to_vec) else { return Ok(None) };
        let taken = self.buffer.len() - rest.len() + claimed;
        self.buffer.drain(..taken);
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
