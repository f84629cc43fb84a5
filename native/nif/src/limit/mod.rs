//! Limits (`outrigger-limit`) for `Outrigger.Limit` and `Outrigger.Limit.Slots`.
//!
//! A limiter is a resource: the VM frees it when no handle is left. Keys are hashed here, term by term, and the engine
//! sees hashes only. All of it takes well under a microsecond and runs on normal schedulers; making a limiter takes
//! memory that the system hands out when it is first used.

mod atom;
mod clock;
mod handle;
mod hit;
mod key;
mod keyed;
mod lease;
mod limiter;
mod raw;
mod recent;
mod slots;

pub(crate) use handle::register;
