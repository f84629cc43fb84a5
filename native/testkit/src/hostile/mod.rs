//! Peers that are not BEAM: they know the protocol well enough to break it at any byte.
//!
//! Written from the protocol description and sharing no code with the product, so that an error in one of the two
//! cannot hide in both. [`RawPeer`] is one TCP connection; [`RawServer`] accepts them; [`etf`] builds terms.

pub mod etf;
mod handshake;
mod peer;
mod server;

pub use handshake::{Identity, RAW_FLAGS};
pub use peer::RawPeer;
pub use server::RawServer;
