//! Writes frames: length, 112, 131, control message, payload.
//!
//! Invariant: a call either appends a whole frame (or head) or leaves the vector as it was. Nothing is
//! allocated but the growth of the vector.
//!
//! ```
//! use outrigger_proto::{control::encode, frame};
//! use outrigger_term::{Atom, Pid};
//!
//! let from = Pid { node: Atom::Utf8("a@h"), id: 1, serial: 0, creation: 2 };
//! let payload = [131, 97, 42];
//! let mut out = Vec::new();
//! frame::append(&mut out, Some(&payload), |w| encode::reg_send(w, &from, "sink"))?;
//!
//! // The same, with the payload written from its own buffer.
//! let mut head = Vec::new();
//! frame::head(&mut head, payload.len(), |w| encode::reg_send(w, &from, "sink"))?;
//! assert_eq!([head.as_slice(), &payload].concat(), out);
//! # Ok::<(), outrigger_proto::ProtoError>(())
//! ```

use outrigger_term::{TermError, Writer};

use crate::ProtoError;
use crate::frame::PASS_THROUGH;

/// Appends a frame. `payload` starts with 131 and is copied as it is; `None` for a control message alone.
pub fn append(
    out: &mut Vec<u8>,
    payload: Option<&[u8]>,
    control: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
) -> Result<(), ProtoError> {
    let payload = payload.unwrap_or_default();
    head(out, payload.len(), control)?;
    out.extend_from_slice(payload);
    Ok(())
}

/// Appends the front of a frame whose payload of `payload_len` bytes (its 131 included) the caller writes
/// behind it, from a buffer that many frames may share.
pub fn head(
    out: &mut Vec<u8>,
    payload_len: usize,
    control: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
) -> Result<(), ProtoError> {
    let start = out.len();
    out.extend_from_slice(&[0, 0, 0, 0, PASS_THROUGH]);
    let mut writer = Writer::new(out);
    writer.version();
    let written = control(&mut writer).map_err(ProtoError::Encode).and_then(|()| {
        let len = (out.len() - start - 4).saturating_add(payload_len);
        u32::try_from(len).map_err(|_| ProtoError::MessageTooLarge { len })
    });
    match written {
        Ok(len) => {
            if let Some(place) = out.get_mut(start..start + 4) {
                place.copy_from_slice(&len.to_be_bytes());
            }
            Ok(())
        }
        Err(error) => {
            out.truncate(start);
            Err(error)
        }
    }
}
