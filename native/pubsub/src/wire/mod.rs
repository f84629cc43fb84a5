//! The messages of `docs/design/fanout.md` and `docs/design/interest.md`, as terms without the version byte.

mod read;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use read::{Data, Word, read};
pub(crate) use write::{attach, cover, data, detach, interest, left, marker, unconfirmed};

/// The registered name of routers.
pub(crate) const SERVICE: &str = "outrigger_pubsub";
/// The version of `attach` that is spoken: its workers take batches.
const ATTACH: i64 = 2;
/// That of all other requests.
const PROTOCOL: i64 = 1;
