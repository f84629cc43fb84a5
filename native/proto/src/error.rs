//! The one error type of the crate. Each text names who erred: `peer` or `caller`.
//!
//! The errors of the handshake are many and a doctor wants to tell them apart, so they have a type of their
//! own inside.

use outrigger_term::TermError;
use thiserror::Error;

use crate::handshake::HandshakeError;

/// What a peer or a caller did wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProtoError {
    /// A text that is not a node name.
    #[error("caller or peer gave a bad node name: {why}")]
    BadNodeName {
        /// The rule it breaks.
        why: &'static str,
    },
    /// A text that is not a cookie.
    #[error("caller gave a bad cookie: {why}")]
    BadCookie {
        /// The rule it breaks.
        why: &'static str,
    },
    /// The handshake failed.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// A frame announces more bytes than allowed.
    #[error("peer announced a frame of {claimed} bytes, {max} are allowed")]
    FrameTooLarge {
        /// Bytes announced.
        claimed: u32,
        /// [`crate::Limits::max_frame`].
        max: usize,
    },
    /// A frame does not start with 112, the pass-through type.
    #[error("peer sent a frame of type {byte}, we agreed on type 112")]
    UnexpectedFraming {
        /// First byte of the frame.
        byte: u8,
    },
    /// The control message has an operation that we do not know.
    #[error("peer sent a control message with unknown operation {op}")]
    UnknownOperation {
        /// The operation's number.
        op: i64,
    },
    /// The control message has the wrong number of elements.
    #[error("peer sent a control message of operation {op} with {arity} elements")]
    BadArity {
        /// The operation's number.
        op: u8,
        /// Elements, the operation included.
        arity: u32,
    },
    /// Flags of an operation that contradict the message or are not known.
    #[error("peer sent a control message of operation {op} with flags {flags}")]
    BadOperationFlags {
        /// The operation's number.
        op: u8,
        /// The flags.
        flags: u64,
    },
    /// The control message or the version in front of it is not a good term.
    #[error("peer sent a malformed control message: {0}")]
    BadControl(TermError),
    /// The operation carries a payload, and there is none.
    #[error("peer sent operation {op} without its payload")]
    MissingPayload {
        /// The operation's number.
        op: u8,
    },
    /// The operation carries no payload, and there is one.
    #[error("peer sent operation {op} with {len} bytes behind it")]
    UnexpectedPayload {
        /// The operation's number.
        op: u8,
        /// Bytes behind the control message.
        len: usize,
    },
    /// The payload is not one good term with its version byte.
    #[error("peer sent a malformed payload: {0}")]
    BadPayload(TermError),
    /// We were to encode something that no term can hold.
    #[error("caller passed what cannot be encoded: {0}")]
    Encode(TermError),
    /// We were to build a frame that no length field can hold.
    #[error("caller passed a message of {len} bytes, more than a frame can hold")]
    MessageTooLarge {
        /// Bytes of the frame.
        len: usize,
    },
}
