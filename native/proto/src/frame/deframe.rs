//! Cuts a read buffer into frames without copying.
//!
//! Invariant: a length over the limit is refused as soon as its four bytes are there, before anything is
//! reserved for it. The buffer may be grown by what [`missing`] says, since that is bounded by the limit, but
//! a careful driver grows it only by what was really read.
//!
//! ```
//! use bytes::BytesMut;
//! use outrigger_proto::{Limits, frame::{self, Frame}};
//!
//! let mut buffer = BytesMut::from(&[0, 0, 0, 0, 0, 0, 0, 2, 112, 131, 0, 0][..]);
//! let limits = Limits::default();
//! assert_eq!(frame::next(&mut buffer, &limits)?, Some(Frame::Tick));
//! assert_eq!(frame::next(&mut buffer, &limits)?, Some(Frame::Message((&[112, 131][..]).into())));
//! assert_eq!(frame::next(&mut buffer, &limits)?, None);
//! assert_eq!(buffer.len(), 2);
//! # Ok::<(), outrigger_proto::ProtoError>(())
//! ```

use bytes::{Buf, Bytes, BytesMut};

use crate::{Limits, ProtoError};

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A sign of life.
    Tick,
    /// A message, without its length. Shares the read buffer's memory.
    Message(Bytes),
}

/// Takes the next frame from the front of `buffer`; `None` if it is not complete. After an error the stream
/// has no meaning any more and the link is to be closed.
pub fn next(buffer: &mut BytesMut, limits: &Limits) -> Result<Option<Frame>, ProtoError> {
    let Some(length) = length(buffer, limits)? else { return Ok(None) };
    if buffer.len() - 4 < length {
        return Ok(None);
    }
    buffer.advance(4);
    Ok(Some(match length {
        0 => Frame::Tick,
        length => Frame::Message(buffer.split_to(length).freeze()),
    }))
}

/// How many bytes the frame at the front of `buffer` still lacks, at least; 0 if it is complete.
pub fn missing(buffer: &[u8], limits: &Limits) -> Result<usize, ProtoError> {
    Ok(match length(buffer, limits)? {
        None => 4 - buffer.len(),
        Some(length) => length.saturating_sub(buffer.len() - 4),
    })
}

fn length(buffer: &[u8], limits: &Limits) -> Result<Option<usize>, ProtoError> {
    let Some(bytes) = buffer.first_chunk() else { return Ok(None) };
    let claimed = u32::from_be_bytes(*bytes);
    match usize::try_from(claimed) {
        Ok(length) if length <= limits.max_frame => Ok(Some(length)),
        _ => Err(ProtoError::FrameTooLarge { claimed, max: limits.max_frame }),
    }
}
