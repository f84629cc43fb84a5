//! The handshake's packets, one function per packet, for a peer that may stop or lie at any of them.
//!
//! Flow (version 6): initiator `N` name, acceptor `s` status, acceptor `N` challenge, initiator `r` reply,
//! acceptor `a` acknowledgement. Each packet has two bytes of length in front, added by [`super::RawPeer`].

use md5::{Digest, Md5};

use crate::place::COOKIE;

/// What a raw peer says it can do: everything OTP 26 demands, monitors, exit payloads. Not published: hidden.
pub const RAW_FLAGS: u64 = 0x4_0307_0F94 | 0x8 | 0x20 | 0x40_0000;

/// Who a raw peer says it is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The node name.
    pub name: String,
    /// The distribution flags.
    pub flags: u64,
    /// The creation.
    pub creation: u32,
    /// The cookie.
    pub cookie: String,
}

impl Identity {
    /// A node of this name with [`RAW_FLAGS`] and the kit's cookie.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), flags: RAW_FLAGS, creation: 7, cookie: COOKIE.to_owned() }
    }

    /// `N`, the initiator's first packet.
    #[must_use]
    pub fn name_packet(&self) -> Vec<u8> {
        let name = self.name.as_bytes();
        let len = u16::try_from(name.len()).unwrap_or(u16::MAX).to_be_bytes();
        [&b"N"[..], &self.flags.to_be_bytes(), &self.creation.to_be_bytes(), &len, name].concat()
    }

    /// `N`, the acceptor's challenge.
    #[must_use]
    pub fn challenge_packet(&self, challenge: u32) -> Vec<u8> {
        let name = self.name.as_bytes();
        let len = u16::try_from(name.len()).unwrap_or(u16::MAX).to_be_bytes();
        let (flags, creation) = (self.flags.to_be_bytes(), self.creation.to_be_bytes());
        [&b"N"[..], &flags, &challenge.to_be_bytes(), &creation, &len, name].concat()
    }

    /// `r`, the initiator's proof and its own challenge.
    #[must_use]
    pub fn reply_packet(&self, their_challenge: u32, our_challenge: u32) -> Vec<u8> {
        [&b"r"[..], &our_challenge.to_be_bytes(), &self.digest(their_challenge)].concat()
    }

    /// `a`, the acceptor's proof.
    #[must_use]
    pub fn ack_packet(&self, their_challenge: u32) -> Vec<u8> {
        [&b"a"[..], &self.digest(their_challenge)].concat()
    }

    /// MD5 over the cookie and the challenge in decimal digits.
    #[must_use]
    pub fn digest(&self, challenge: u32) -> [u8; 16] {
        Md5::digest(format!("{}{challenge}", self.cookie)).into()
    }
}

/// The challenge in an acceptor's `N` packet.
pub(super) fn challenge_in(packet: &[u8]) -> Option<u32> {
    word(packet, b'N', 9)
}

/// The challenge in an initiator's `r` packet.
pub(super) fn challenge_in_reply(packet: &[u8]) -> Option<u32> {
    word(packet, b'r', 1)
}

fn word(packet: &[u8], tag: u8, at: usize) -> Option<u32> {
    let bytes = packet.get(at..at + 4)?.try_into().ok()?;
    (packet.first() == Some(&tag)).then(|| u32::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_erlangs() {
        // erl: erlang:md5("kit-cookie" ++ "4294967295")
        let bytes = Identity::new("a@b").digest(u32::MAX);
        assert_eq!(bytes.map(|b| format!("{b:02x}")).concat(), "f4e7979d5dd3ccf589f6f3e167cf42a2");
    }
}
