//! Writes frames: length, what the framing puts before the control message, control message, payload.
//!
//! Invariant: a call either appends a whole frame (or head) or leaves the vector as it was. Nothing is
//! allocated but the growth of the vector.
//!
//! ```
//! use outrigger_proto::{control::encode, frame::{self, Framing}};
//! use outrigger_term::{Atom, Pid};
//!
//! let from = Pid { node: Atom::Utf8("a@h"), id: 1, serial: 0, creation: 2 };
//! let payload = [97, 42];
//! let mut out = Vec::new();
//! frame::append(&mut out, Framing::Header, Some(&payload), |w| encode::reg_send(w, &from, "sink"))?;
//!
//! // The same, with the payload written from its own buffer.
//! let mut head = Vec::new();
//! frame::head(&mut head, Framing::Header, Some(payload.len()), |w| encode::reg_send(w, &from, "sink"))?;
//! assert_eq!([head.as_slice(), &payload].concat(), out);
//! # Ok::<(), outrigger_proto::ProtoError>(())
//! ```

use outrigger_term::{TermError, Writer};

use crate::ProtoError;
use crate::frame::Framing;

/// Appends a frame. `payload` is a bare term and is copied as it is; `None` for a control message alone.
pub fn append(
    out: &mut Vec<u8>,
    framing: Framing,
    payload: Option<&[u8]>,
    control: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
) -> Result<(), ProtoError> {
    head(out, framing, payload.map(<[u8]>::len), control)?;
    out.extend_from_slice(payload.unwrap_or_default());
    Ok(())
}

/// Appends the front of a frame whose payload of `payload_len` bytes the caller writes behind it, from a buffer that
/// many frames may share. `None` for a control message alone.
pub fn head(
    out: &mut Vec<u8>,
    framing: Framing,
    payload_len: Option<usize>,
    control: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
) -> Result<(), ProtoError> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(framing.before_control());
    let written = control(&mut Writer::new(out)).map_err(ProtoError::Encode).and_then(|()| {
        if payload_len.is_some() {
            out.extend_from_slice(framing.before_payload());
        }
        let len = (out.len() - start - 4).saturating_add(payload_len.unwrap_or(0));
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
