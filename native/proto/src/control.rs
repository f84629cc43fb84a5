//! Control messages: what one node tells another. One file per family, each with its parser and its encoders.
//!
//! All operations that OTP 25 to 29 know are parsed, including those that we do not offer. An unknown
//! operation, a wrong number of elements and an element of a wrong type are errors: the stream of such a peer
//! cannot be trusted.
//!
//! Terms that we do not look into (reasons, trace tokens, options) are slices without a version byte.
//!
//! ```
//! use outrigger_proto::control::{Control, encode};
//! use outrigger_term::{Atom, Pid, Reader, Writer};
//!
//! let pid = |id| Pid { node: Atom::Utf8("a@h"), id, serial: 0, creation: 2 };
//! let mut bytes = Vec::new();
//! encode::link(&mut Writer::new(&mut bytes), &pid(1), &pid(2))?;
//! let (_, control) = Control::parse(&mut Reader::new(&bytes))?;
//! assert!(matches!(control, Control::Link(link) if link.from == pid(1) && link.to == pid(2)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod altact;
mod exit;
mod group_leader;
mod link;
mod monitor;
mod op;
mod parse;
mod send;
mod spawn;

pub use exit::{Exit, ExitKind, Reason};
pub use group_leader::GroupLeader;
pub use link::{Link, UnlinkId};
pub use monitor::{Monitor, MonitorExit, Process};
pub use op::Op;
pub use parse::Control;
pub use send::{Send, To};
pub use spawn::{SpawnReply, SpawnRequest, Spawned};

/// Encoders, to be used with [`crate::frame::append`] and [`crate::frame::head`]. Each appends one control
/// tuple.
pub mod encode {
    pub use super::altact::altact_send;
    pub use super::exit::{exit, exit2, payload_exit, payload_exit2};
    pub use super::group_leader::group_leader;
    pub use super::link::{link, unlink_id, unlink_id_ack};
    pub use super::monitor::{demonitor_p, monitor_p, monitor_p_exit, payload_monitor_p_exit};
    pub use super::send::{alias_send, reg_send, send, send_sender};
    pub use super::spawn::{spawn_reply, spawn_request};
}
