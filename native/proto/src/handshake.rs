//! The distribution handshake, version 6, as two state machines without I/O.
//!
//! The flow (ERTS User's Guide, "Distribution Protocol"), each arrow a packet with a 2-byte length
//! (4 bytes over TLS, see [`Prefix`]):
//!
//! ```text
//! Initiator                                   Acceptor
//!   name 'N' flags creation name         -->  asks its driver what to do with the name
//!   may answer "alive" with "true"       <--  status 's' ok | ok_simultaneous | named: | alive | nok | not_allowed
//!   checks name and flags                <--  challenge 'N' flags challenge creation name
//!   reply 'r' challenge digest           -->  checks the digest
//!   checks the digest                    <--  ack 'a' digest
//! ```
//!
//! How to drive one: write what `hello` gives (initiator only), then feed whatever was read to `handle` and
//! carry out the [`Step`]; at the end of the stream ask `eof` what that means. Bytes may come in any
//! portions. Time-outs are the driver's.
//!
//! Invariants: the initiator proves that it knows the cookie before the acceptor does. Digests are compared
//! in constant time. Nothing is kept of a packet whose length is over the limit.
//!
//! ```
//! use outrigger_proto::handshake::{Acceptor, Decision, Initiator, LocalNode, Next};
//! use outrigger_proto::{Cookie, Creation, Flags, Limits, ProtoError};
//!
//! let cookie = Cookie::new("secret")?;
//! let node = |name: &str| -> Result<LocalNode, ProtoError> {
//!     Ok(LocalNode { name: name.parse()?, creation: Creation(1), flags: Flags::OURS })
//! };
//! // Challenges are random in earnest.
//! let limits = Limits::default();
//! let mut us = Initiator::new(node("a@h")?, cookie.clone(), "b@h".parse()?, 17, &limits);
//! let mut them = Acceptor::new(node("b@h")?, 4, &limits);
//!
//! let asked = them.handle(&us.hello())?;
//! assert!(matches!(asked.next, Next::Decide(ref who) if who.name.as_str() == "a@h"));
//! let welcome = them.resolve(Decision::Accept, &cookie)?;
//! let reply = us.handle(&welcome.write)?;
//! let ack = them.handle(&reply.write)?;
//! assert!(matches!(ack.next, Next::Done { ref peer, .. } if peer.name.as_str() == "a@h"));
//! assert!(matches!(us.handle(&ack.write)?.next, Next::Done { ref peer, .. } if peer.name.as_str() == "b@h"));
//! # Ok::<(), ProtoError>(())
//! ```
//!
//! A node without a name asks for one: it sends its host and the flag `NAME_ME`, and the status is `named:`, the name, and a
//! creation ([`Initiator::wanting_a_name`], [`Acceptor::with_new_name`]).
//!
//! Limits: no version 5 (`n`, before OTP 23).

mod acceptor;
mod error;
mod initiator;
mod packets;
mod step;
mod wire;

pub use acceptor::{Acceptor, Decision};
pub use error::{HandshakeError, Phase};
pub use initiator::Initiator;
pub use packets::Prefix;
pub use step::{Applicant, LocalNode, Next, Peer, Step};
