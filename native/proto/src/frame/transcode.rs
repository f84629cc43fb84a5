//! From header framing to pass-through framing, for the rare peer that has neither fragments nor the atom cache.
//!
//! ```
//! use outrigger_proto::{control::encode, frame::{self, Framing}};
//! use outrigger_term::{Atom, Pid};
//!
//! let to = Pid { node: Atom::Utf8("a@h"), id: 1, serial: 0, creation: 2 };
//! let (mut header, mut plain) = (Vec::new(), Vec::new());
//! frame::append(&mut header, Framing::Header, Some(&[97, 42]), |w| encode::send(w, &to))?;
//! frame::append(&mut plain, Framing::PassThrough, Some(&[97, 42]), |w| encode::send(w, &to))?;
//! assert_eq!(frame::pass_through(&header)?, plain);
//! # Ok::<(), outrigger_proto::ProtoError>(())
//! ```
//!
//! Limits: copies. No fragments.

use outrigger_term::{Reader, TermError};

use crate::ProtoError;
use crate::frame::Framing;

/// Rewrites whole frames, ticks among them.
///
/// # Errors
/// The bytes are not whole frames in header framing.
pub fn pass_through(mut frames: &[u8]) -> Result<Vec<u8>, ProtoError> {
    let broken = || ProtoError::Encode(TermError::Truncated);
    let mut out = Vec::with_capacity(frames.len() + 64);
    while let Some((length, rest)) = frames.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let (frame, after) = rest.split_at_checked(length).ok_or_else(broken)?;
        frames = after;
        if frame.is_empty() {
            out.extend_from_slice(&[0; 4]);
            continue;
        }
        let body = frame.strip_prefix(Framing::Header.before_control()).ok_or_else(broken)?;
        let mut reader = Reader::new(body);
        let control = reader.skip().map_err(ProtoError::Encode)?;
        let payload = reader.remaining();
        let before = if payload.is_empty() { &[] } else { Framing::PassThrough.before_payload() };
        let parts = [Framing::PassThrough.before_control(), control, before, payload];
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let length = u32::try_from(length).map_err(|_| ProtoError::MessageTooLarge { len: length })?;
        out.extend_from_slice(&length.to_be_bytes());
        parts.iter().for_each(|part| out.extend_from_slice(part));
    }
    if frames.is_empty() { Ok(out) } else { Err(broken()) }
}
