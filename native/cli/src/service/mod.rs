//! Services: each puts one engine on the node, with no logic of the engine in it.

pub(crate) mod gate;
mod limit;
mod pubsub;

pub(crate) use limit::Limits;
pub(crate) use pubsub::{LaneConfig, PubSub, VERSION as PUBSUB_VERSION};
