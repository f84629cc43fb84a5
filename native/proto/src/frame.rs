//! Frames of a link that stands: a 4-byte length and that many bytes. Length 0 is a tick.
//!
//! - `framing`: the two ways in which a frame holds a message.
//! - `deframe` cuts what was read into frames, in place.
//! - `build` writes frames.
//!
//! Payloads are bare terms everywhere: the version byte belongs to the framing.

mod build;
mod deframe;
mod framing;
mod transcode;

pub use build::{append, head};
pub use deframe::{Frame, missing, next};
pub use framing::{FRAGMENT, FRAGMENT_FIRST, Framing, HEADER, PASS_THROUGH};
pub use transcode::pass_through;

/// A tick, ready to be written.
pub const TICK: [u8; 4] = [0; 4];
