//! How much a process may be made to keep.

/// What happens to a message that a full mailbox has no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// The new message is dropped, and counted.
    #[default]
    DropNewest,
    /// The oldest messages are dropped, and counted.
    DropOldest,
    /// The process ends with the reason `system_limit`: those who watch it know.
    End,
}

/// The bounds of one mailbox. What the node itself puts there (`DOWN`, exits) is never dropped; it is bounded by the
/// monitors and links of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailboxBounds {
    /// Messages. Default: 100,000.
    pub messages: usize,
    /// Bytes of messages, each charged 64 on top. Default: 64 MiB.
    pub bytes: usize,
    /// What is given up when either is reached.
    pub overflow: Overflow,
}

impl Default for MailboxBounds {
    fn default() -> Self {
        Self { messages: 100_000, bytes: 64 << 20, overflow: Overflow::default() }
    }
}

/// How a process is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ProcessOptions {
    /// The bounds of its mailbox.
    pub mailbox: MailboxBounds,
    /// Whether exits of linked processes are messages instead of its own end. Default: no.
    pub trap_exit: bool,
    /// Whether terms of peers come with the peer's name, as `Message::PeerTerm`. Default: no.
    pub tell_peer: bool,
}

impl ProcessOptions {
    /// The same with exits as messages.
    #[must_use]
    pub const fn trap_exit(mut self) -> Self {
        self.trap_exit = true;
        self
    }

    /// The same with the peer's name beside each of its terms: for protocols in which peers speak for their node.
    #[must_use]
    pub const fn tell_peer(mut self) -> Self {
        self.tell_peer = true;
        self
    }

    /// The same with other bounds of the mailbox.
    #[must_use]
    pub const fn mailbox(mut self, bounds: MailboxBounds) -> Self {
        self.mailbox = bounds;
        self
    }
}
