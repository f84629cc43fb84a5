//! Frames of a link that stands: a 4-byte length and that many bytes. Length 0 is a tick.
//!
//! - `deframe` cuts what was read into frames, in place.
//! - `build` writes frames.

mod build;
mod deframe;

pub use build::{append, head};
pub use deframe::{Frame, missing, next};

/// A tick, ready to be written.
pub const TICK: [u8; 4] = [0; 4];

/// First byte of a message in pass-through framing.
pub const PASS_THROUGH: u8 = 112;
