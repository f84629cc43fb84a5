//! What a peer may make us hold.

/// Bounds on what one link may send. The defaults fit a cluster whose messages are at most a few megabytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one frame behind its length field, and of one message put together from fragments. A longer claim
    /// ends the link. 64 MiB.
    pub max_frame: usize,
    /// Bytes of one handshake packet behind its length field. 2 KiB; OTP's own are below 600.
    pub max_handshake_packet: usize,
    /// Messages of one link that come in fragments and are not whole yet. 1,024.
    pub max_open_fragments: usize,
    /// Bytes of all those messages of one link. 256 MiB.
    pub max_fragment_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_frame: 64 << 20,
            max_handshake_packet: 2048,
            max_open_fragments: 1024,
            max_fragment_bytes: 256 << 20,
        }
    }
}
