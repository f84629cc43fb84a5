//! What runs on a node: services that own registered names and pids, and get what is sent to them.
//!
//! The flow of one link, all in that link's reader task:
//!
//! 1. [`Service::link_up`], then [`Service::inbound`], before anything of the peer is read;
//! 2. [`Inbound::message`] for each message, in the peer's order;
//! 3. [`Inbound::flush`] at the end of each batch of bytes that was read, at most [`READ_BUDGET`] bytes;
//! 4. [`Inbound::link_down`] once, after the last message and its flush. A link that replaces this one comes up
//!    only after that.
//!
//! Nothing here may block: the reader never stops, and a slow method stops all links of its thread.
//!
//! Limits: links and monitors on a service's names and pids are accepted and last as long as the link; a
//! service cannot end them earlier.
//!
//! [`READ_BUDGET`]: crate::READ_BUDGET

use bytes::Bytes;
use outrigger_term::Pid;

use crate::event::DownReason;
use crate::link::Link;
use crate::node::Node;

/// An engine behind registered names and pids of the node.
pub trait Service: Send + Sync + 'static {
    /// The registered names that it answers to. Asked once, at the start.
    fn names(&self) -> &[&str];

    /// Whether a pid of this node is the service's. Must be cheap; asked for each message to a pid and for
    /// each link and monitor. Serials below [`SERVICE_SERIALS`](crate::SERVICE_SERIALS) are free for services
    /// to number their own pids with; those from `Node::allocate_pid` are above. Default: none.
    fn owns_pid(&self, id: u32, serial: u32) -> bool {
        let _ = (id, serial);
        false
    }

    /// The node has its name and creation now, and no link yet. Keep a [`WeakNode`](crate::WeakNode), not a
    /// [`Node`], or neither is ever freed.
    fn started(&self, node: &Node) {
        let _ = node;
    }

    /// A link is up; nothing of it was read yet.
    fn link_up(&self, link: &Link) {
        let _ = link;
    }

    /// There is room on a link again, as asked for by [`Link::want_room`](crate::Link::want_room). Each service is told of each
    /// link, whoever asked. Comes from the link's writer task, beside the calls of its reader, and perhaps after
    /// [`Inbound::link_down`]. Ask again for more than a moment's work: other links wait meanwhile.
    fn link_room(&self, link: &Link) {
        let _ = link;
    }

    /// The receiving state for one link.
    fn inbound(&self, link: &Link) -> Box<dyn Inbound>;
}

/// The receiving end of a service on one link. Lives in that link's reader task.
pub trait Inbound: Send {
    /// A message of the peer. Whatever it needs beyond the call it copies, or shares by
    /// [`Payload::to_bytes`].
    fn message(&mut self, to: To<'_>, from: Option<Pid<'_>>, payload: Payload<'_>);

    /// The end of a batch: hand on what was gathered.
    fn flush(&mut self) {}

    /// The link is down. Nothing follows.
    fn link_down(&mut self, reason: &DownReason) {
        let _ = reason;
    }
}

/// Who a message is for.
#[derive(Clone, Copy, Debug)]
pub enum To<'a> {
    /// One of the service's registered names.
    Name(&'a str),
    /// A pid of this node, of this creation, that the service owns.
    Pid(Pid<'a>),
}

/// The term of a message, as it came: bare, without the version byte, and not decoded.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    frame: &'a Bytes,
    at: usize,
}

impl<'a> Payload<'a> {
    /// The part of a frame from `at` on; empty if there is none.
    #[must_use]
    pub fn new(frame: &'a Bytes, at: usize) -> Self {
        Self { frame, at: at.min(frame.len()) }
    }

    /// The bytes of the term.
    #[must_use]
    pub fn as_slice(&self) -> &'a [u8] {
        self.frame.get(self.at..).unwrap_or_default()
    }

    /// A shared handle to the bytes. It keeps the whole read buffer alive: worth it for large payloads only.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        self.frame.slice(self.at..)
    }
}
