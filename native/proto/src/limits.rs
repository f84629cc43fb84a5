//! What a peer may make us hold.

/// Bounds on what one link may send. The defaults fit a cluster whose messages are at most a few megabytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one frame behind its length field. A longer claim ends the link. 64 MiB.
    pub max_frame: usize,
    /// Bytes of one handshake packet behind its length field. 2 KiB; OTP's own are below 600.
    pub max_handshake_packet: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_frame: 64 << 20, max_handshake_packet: 2048 }
    }
}
