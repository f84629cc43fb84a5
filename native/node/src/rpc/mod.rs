//! Remote calls in both directions.
//!
//! - Out: [`Node::erpc`](crate::Node::erpc) as `:erpc.call/5`, [`Node::rex`](crate::Node::rex) as the older `:rpc.call/5`, and
//!   [`Node::batch`](crate::Node::batch) for many calls in one trip.
//! - In: functions that were registered by module, name and arity answer `:erpc.call/4` and its kin. Anything else is
//!   refused as a BEAM without that function refuses it: nothing can be run here that was not meant to be.

mod batch;
mod classify;
mod error;
mod function;
mod functions;
mod group_leader;
mod list;
mod outward;
mod spawned;

pub use batch::Mfa;
pub use error::RpcError;
pub use function::{Raise, Request};
pub(crate) use functions::Functions;
pub(crate) use group_leader::io_request;
