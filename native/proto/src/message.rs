//! A message: one frame, cut into its control message and its payload.
//!
//! The payload is not decoded: it is a bare term, a slice of the frame, ready to be put behind another control message
//! in either framing. Whether a payload must be there follows from the operation, and both kinds of violation are errors.
//!
//! ```
//! use outrigger_proto::{control::{Control, To, encode}, frame::{self, Framing}, message};
//! use outrigger_term::{Atom, Pid};
//!
//! let from = Pid { node: Atom::Utf8("a@h"), id: 1, serial: 0, creation: 2 };
//! let mut out = Vec::new();
//! frame::append(&mut out, Framing::Header, Some(&[97, 42]), |w| encode::reg_send(w, &from, "sink"))?;
//!
//! let message = message::split(&out[4..], Framing::Header)?;
//! let Control::Send(send) = message.control else { panic!() };
//! assert_eq!((send.from, send.to), (Some(from), To::Name(Atom::Utf8("sink"))));
//! assert_eq!(message.payload, [97, 42]);
//! assert_eq!(&out[4..][message.payload_at..], message.payload);
//! # Ok::<(), outrigger_proto::ProtoError>(())
//! ```
//!
//! Limits: fragments are put together first ([`crate::fragments`]). Parsing control messages never allocates.

use outrigger_term::{Reader, TermError, tag};

use crate::ProtoError;
use crate::control::Control;
use crate::frame::{Framing, HEADER, PASS_THROUGH};

/// One message. All parts borrow from the frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// What the message is about.
    pub control: Control<'a>,
    /// The bare term that goes with it; empty if the operation has none.
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
        reader.skip()?;
        reader.expect_end()
    };
    walk().map_err(ProtoError::BadPayload)
}

/// Cuts a frame (without its length) into control message and payload.
pub fn split(frame: &[u8], framing: Framing) -> Result<Message<'_>, ProtoError> {
    let mut reader = control_of(frame, framing)?;
    let (op, control) = Control::parse(&mut reader)?;
    let mut payload = reader.remaining();
    match (op.has_payload(), payload.split_first()) {
        (false, None) => {}
        (false, Some(_)) => {
            return Err(ProtoError::UnexpectedPayload { op: op.number(), len: payload.len() });
        }
        (true, None) => return Err(ProtoError::MissingPayload { op: op.number() }),
        (true, Some((&tag::VERSION, []))) if framing == Framing::PassThrough => {
            return Err(ProtoError::MissingPayload { op: op.number() });
        }
        (true, Some((&byte, term))) if framing == Framing::PassThrough => match byte {
            tag::VERSION => payload = term,
            _ => return Err(ProtoError::BadPayload(TermError::BadVersion { byte })),
        },
        (true, Some(_)) => {}
    }
    Ok(Message { control, payload, payload_at: frame.len() - payload.len() })
}

/// A reader that stands at the control message.
fn control_of(frame: &[u8], framing: Framing) -> Result<Reader<'_>, ProtoError> {
    let truncated = ProtoError::BadControl(TermError::Truncated);
    match (framing, frame) {
        (_, []) => Err(truncated),
        (Framing::PassThrough, [PASS_THROUGH, rest @ ..]) => {
            let mut reader = Reader::new(rest);
            reader.expect_version().map_err(ProtoError::BadControl)?;
            Ok(reader)
        }
        (Framing::Header, [tag::VERSION, HEADER, 0, rest @ ..]) => Ok(Reader::new(rest)),
        (Framing::Header, [tag::VERSION, HEADER, atoms, ..]) => {
            Err(ProtoError::UnexpectedAtomCache { atoms: *atoms })
        }
        (Framing::Header, [tag::VERSION] | [tag::VERSION, HEADER]) => Err(truncated),
        (Framing::Header, [tag::VERSION, byte, ..]) | (_, [byte, ..]) => {
            Err(ProtoError::UnexpectedFraming { byte: *byte })
        }
    }
}
