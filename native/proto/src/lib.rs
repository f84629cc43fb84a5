//! The Erlang distribution protocol without sockets and without a clock.
//!
//! What it is: the handshake as two state machines, the framing behind it, the control messages of OTP 25 to
//! 29 and the tick rule. A driver feeds bytes and `now` in and carries out what comes back. Randomness (the
//! challenge) is an argument too.
//!
//! The way of a connection:
//!
//! 1. [`handshake::Initiator`] or [`handshake::Acceptor`] turns bytes into a [`handshake::Peer`].
//! 2. [`frame::next`] cuts the stream into ticks and frames; [`fragments::Assembler`] makes whole messages of them, without
//!    references to the atom cache.
//! 3. [`message::split`] parses the control message and points at the payload, which is not decoded.
//! 4. [`control::encode`] and [`frame::append`] write what we send.
//! 5. [`liveness::Liveness`] says when to tick and when the peer is dead.
//!
//! Invariants: every byte from a peer is hostile. Lengths are checked before anything is allocated for them,
//! nothing recurses on input, nothing panics. A peer that breaks the protocol costs its own link and nothing
//! else.
//!
//! Limits: we speak version 6 of the handshake only (OTP 23 and later; the mandatory flags make it OTP 24 in effect), and we
//! ask nobody for a name.

pub mod atom_cache;
pub mod control;
pub mod digest;
mod error;
mod flags;
pub mod fragments;
pub mod frame;
pub mod handshake;
mod ids;
mod limits;
pub mod links;
pub mod liveness;
pub mod message;
mod name;
pub mod pg;

pub use digest::Cookie;
pub use error::ProtoError;
pub use flags::Flags;
pub use ids::{Creation, OwnedPid, OwnedRef};
pub use limits::Limits;
pub use name::{NameKind, NodeName};
