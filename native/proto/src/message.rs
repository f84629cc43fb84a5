//! A message: a frame of the pass-through type, cut into its control message and its payload.
//!
//! The payload is not decoded: it stays a slice of the frame and starts with 131, ready to be put behind
//! another control message. Whether a payload must be there follows from the operation, and both kinds of
//! violation are errors.
//!
//! ```
//! use outrigger_proto::{control::{Control, To, encode}, frame, message};
//! use outrigger_term::{Atom, Pid};
//!
//! let from = Pid { node: Atom::Utf8("a@h"), id: 1, serial: 0, creation: 2 };
//! let mut out = Vec::new();
//! frame::append(&mut out, Some(&[131, 97, 42]), |w| encode::reg_send(w, &from, "sink"))?;
//!
//! let message = message::split(&out[4..])?;
//! let Control::Send(send) = message.control else { panic!() };
//! assert_eq!((send.from, send.to), (Some(from), To::Name(Atom::Utf8("sink"))));
//! assert_eq!(message.payload, [131, 97, 42]);
//! assert_eq!(&out[4..][message.payload_at..], message.payload);
//! # Ok::<(), outrigger_proto::ProtoError>(())
//! ```
//!
//! Limits: a message of a link on which fragments or the atom cache were agreed starts with 131 and is
//! refused. Parsing control messages never allocates.

use outrigger_term::{Reader, TermError};

use crate::ProtoError;
use crate::control::Control;
use crate::frame::PASS_THROUGH;

/// One message. All parts borrow from the frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// What the message is about.
    pub control: Control<'a>,
    /// The term that goes with it, 131 first; empty if the operation has none.
    pub payload: &'a [u8],
    /// Where the payload starts in the frame, to slice a shared buffer.
    pub payload_at: usize,
}

impl Message<'_> {
    /// Walks over the payload once and fails unless it is exactly one well-formed term.
    ///
    /// A BEAM closes the whole link over a term that it cannot decode. Who forwards payloads of one peer to
    /// others should check them first, so that a peer that sends rubbish costs nobody but itself.
    pub fn check_payload(&self) -> Result<(), ProtoError> {
        check_payload(self.payload)
    }
}

/// See [`Message::check_payload`].
pub fn check_payload(payload: &[u8]) -> Result<(), ProtoError> {
    let walk = || {
        let mut reader = Reader::new(payload);
        reader.expect_version()?;
        reader.skip()?;
        reader.expect_end()
    };
    walk().map_err(ProtoError::BadPayload)
}

/// Cuts a frame (without its length) into control message and payload.
pub fn split(frame: &[u8]) -> Result<Message<'_>, ProtoError> {
    let mut reader = match frame.split_first() {
        Some((&PASS_THROUGH, rest)) => Reader::new(rest),
        Some((&byte, _)) => return Err(ProtoError::UnexpectedFraming { byte }),
        None => return Err(ProtoError::BadControl(TermError::Truncated)),
    };
    reader.expect_version().map_err(ProtoError::BadControl)?;
    let (op, control) = Control::parse(&mut reader)?;
    let payload = reader.remaining();
    match (op.has_payload(), payload.first()) {
        (true, Some(&outrigger_term::tag::VERSION)) | (false, None) => {}
        (true, Some(&byte)) => return Err(ProtoError::BadPayload(TermError::BadVersion { byte })),
        (true, None) => return Err(ProtoError::MissingPayload { op: op.number() }),
        (false, Some(_)) => {
            return Err(ProtoError::UnexpectedPayload { op: op.number(), len: payload.len() });
        }
    }
    Ok(Message { control, payload, payload_at: frame.len() - payload.len() })
}
