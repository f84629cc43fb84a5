//! `outrigger doctor`: what stops this machine and cluster from working, line by line, with the remedy.
//!
//! The flow: what can be told from the machine alone ([`machine`], [`names`], [`cookie`]), then each node to join
//! from the outside in ([`peer`]): its EPMD, its port, the handshake, its flags, its release. A check that cannot
//! be made because an earlier one failed is left out, so the first failure of a node is its cause.
//!
//! The nodes are looked at through a temporary hidden node, `outrigger-doctor-<process id>`, which listens nowhere
//! and is not registered.

mod cookie;
mod examine;
mod explain;
mod finding;
mod machine;
mod names;
mod peer;
mod release;
mod render;

pub(crate) use examine::run;
