//! Counters of links and of the node. Relaxed atomics, padded so that links do not share cache lines.
//!
//! Limits: a snapshot is not one instant; each figure is exact, their sum may be a moment apart.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crossbeam::utils::CachePadded;

macro_rules! counters {
    ($(#[$meta:meta])* $live:ident => $snapshot:ident { $($(#[$field_meta:meta])* $field:ident,)+ }) => {
        #[derive(Debug, Default)]
        pub(crate) struct $live {
            $(pub(crate) $field: Counter,)+
        }

        impl $live {
            pub(crate) fn snapshot(&self) -> $snapshot {
                $snapshot { $($field: self.$field.value(),)+ }
            }
        }

        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $snapshot {
            $($(#[$field_meta])* pub $field: u64,)+
        }

        impl $snapshot {
            /// All figures with their names, for exporters.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
                [$((stringify!($field), self.$field),)+].into_iter()
            }
        }
    };
}

/// One monotonic figure.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }

    pub(crate) fn one(&self) {
        self.add(1);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

counters! {
    /// What one direction-less side of a link has seen: the reader's figures.
    ReaderCounters => ReadFigures {
        /// Frames read, ticks included.
        frames_in,
        /// Bytes read.
        bytes_in,
        /// Batches of frames, each from one or more reads of the socket.
        batches,
        /// Of these: gathered while the reader paused, since they were of a stream.
        gathered,
        /// Ticks read.
        ticks_in,
        /// Messages put together from fragments.
        assembled,
        /// Messages that referred to the atom cache.
        referring,
        /// Messages to names or pids that nobody here has.
        stray,
        /// Messages of a kind that this node ignores.
        ignored,
    }
}

counters! {
    /// The writers' figures of a link.
    WriterCounters => WriteFigures {
        /// Buffers handed to the link; each holds one or more frames.
        sends,
        /// Bytes handed to the kernel.
        bytes_out,
        /// System calls that wrote them.
        writes,
        /// Signals of processes.
        signals,
        /// Of these: long ones, sent in fragments.
        long_signals,
        /// Sends that had to wait for the peer.
        deferred,
        /// Ticks written.
        ticks_out,
    }
}

counters! {
    /// Figures of a node since its start.
    NodeCounters => NodeFigures {
        /// Links that came up.
        links_up,
        /// Links that ended, for whatever reason.
        links_down,
        /// Of these: the peer closed.
        down_closed_by_peer,
        /// Of these: the socket failed.
        down_socket,
        /// Of these: silent for too long.
        down_tick_timeout,
        /// Of these: the peer did not read.
        down_slow_peer,
        /// Of these: a newer link of the same name took over.
        down_replaced,
        /// Of these: the peer broke the protocol.
        down_protocol,
        /// Handshakes of incoming connections that failed.
        accepts_failed,
        /// Attempts to reach a joined peer that failed.
        dials_failed,
        /// Peers that a source of discovery named and that were joined for it.
        peers_found,
        /// Of these: named by no source any more.
        peers_lost,
        /// Questions to sources of discovery that failed.
        discovery_failed,
        /// Messages to names or pids that nobody here has.
        stray,
        /// Messages of a kind that this node ignores.
        ignored,
        /// Messages that a full mailbox had no room for.
        mailbox_dropped,
        /// Reasons of exits that a full mailbox had no room for, told as `system_limit`.
        reasons_shortened,
        /// Links and monitors of peers that were refused, since a peer had as many as allowed.
        ties_refused,
        /// Requests of peers to spawn that were refused: no calls of functions, malformed, or too many at once.
        spawns_refused,
    }
}

/// The live figures of one link: the reader task's and the writers' apart, since they run on different cores.
#[derive(Debug, Default)]
pub(crate) struct LinkCounters {
    pub(crate) read: CachePadded<ReaderCounters>,
    pub(crate) written: CachePadded<WriterCounters>,
}

impl NodeCounters {
    pub(crate) fn down(&self, reason: &crate::event::DownReason) {
        use crate::event::DownReason as Reason;
        self.links_down.one();
        match reason {
            Reason::ClosedByPeer => self.down_closed_by_peer.one(),
            Reason::Socket(_) => self.down_socket.one(),
            Reason::TickTimeout { .. } => self.down_tick_timeout.one(),
            Reason::SlowPeer { .. } => self.down_slow_peer.one(),
            Reason::Replaced => self.down_replaced.one(),
            Reason::Protocol(_) => self.down_protocol.one(),
            Reason::Disconnected | Reason::Shutdown | Reason::Internal => {}
        }
    }
}
