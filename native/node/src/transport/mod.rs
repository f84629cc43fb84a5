//! What carries a link: a socket, plain or with TLS around it. Handshake and link are the same on both.

mod coalesce;
mod context;
mod files;
mod os;
mod remedy;
mod socket;
#[cfg(test)]
pub(crate) mod testing;
mod tls;

pub use context::Tls;

pub(crate) use coalesce::Coalesce;
pub(crate) use context::Transport;
pub(crate) use remedy::refusal;
pub(crate) use socket::{ReadHalf, Socket, WriteHalf};
