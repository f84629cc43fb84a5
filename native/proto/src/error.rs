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
    /// A frame of another framing than the one that follows from the flags.
    #[error("peer sent a frame of type {byte}, which is not of the framing that we agreed on")]
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
    /// A frame refers to the atom cache, which was not agreed on.
    #[error("peer refers to {atoms} atoms of the cache, which we have not agreed on")]
    UnexpectedAtomCache {
        /// References in the header.
        atoms: u8,
    },
    /// A reference to an atom, or the header that lists atoms, is wrong.
    #[error("peer refers to atoms of the cache and is wrong: {why}")]
    BadAtomCache {
        /// What it is that cannot be.
        why: &'static str,
    },
    /// A message is too large when its references are replaced by atoms.
    #[error(
        "peer sent a message that grows beyond {max} bytes with its atoms; raise max_frame if that is legitimate"
    )]
    ExpandedTooLarge {
        /// [`crate::Limits::max_frame`].
        max: usize,
    },
    /// A fragment of a message whose first fragment never came.
    #[error("peer sent a fragment of message {sequence}, which it has not begun")]
    FragmentUnknown {
        /// The peer's number of the message.
        sequence: u64,
    },
    /// A fragment is missing, or the count is wrong.
    #[error("peer sent fragment {id} of message {sequence} out of order")]
    FragmentOutOfOrder {
        /// The peer's number of the message.
        sequence: u64,
        /// The fragment's number.
        id: u64,
    },
    /// A message was begun twice.
    #[error("peer began message {sequence} twice")]
    FragmentTwice {
        /// The peer's number of the message.
        sequence: u64,
    },
    /// Too many messages are open.
    #[error(
        "peer has more than {max} fragmented messages open; raise max_open_fragments if that is legitimate"
    )]
    TooManyFragments {
        /// [`crate::Limits::max_open_fragments`].
        max: usize,
    },
    /// Too many bytes are open.
    #[error(
        "peer sent more than {max} bytes in fragments; raise max_frame or max_fragment_bytes if that is legitimate"
    )]
    FragmentsTooLarge {
        /// The limit: of one message or of all.
        max: usize,
    },
}
