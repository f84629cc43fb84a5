//! Ticks: when to send one and when to give the peer up.
//!
//! The rule is `net_kernel`'s: a node sends something at least every `net_ticktime / intensity`, and a peer
//! that has been silent for `net_ticktime` is dead. Hidden nodes get a tick also when nothing was read from
//! them, since C nodes only answer; we do the same to every peer.
//!
//! A tick that comes in is answered, unless we have written something since the tick before it: that
//! satisfies a peer with a shorter `net_ticktime` than ours, and two nodes with this rule do not answer each
//! other for ever.
//!
//! ```
//! use outrigger_proto::liveness::{Action, Liveness};
//!
//! let mut link = Liveness::new(0, 60_000, 4);
//! assert_eq!((link.poll(14_999), link.next_deadline()), (Action::None, 15_000));
//! assert_eq!(link.poll(15_000), Action::Tick);
//! link.on_write(15_000);
//! assert_eq!(link.poll(60_000), Action::Dead { silent_ms: 60_000 });
//! ```
//!
//! Limits: milliseconds of any monotonic clock; a clock that runs backwards only delays.

/// The state of one link.
#[derive(Debug, Clone)]
pub struct Liveness {
    last_read: u64,
    last_write: u64,
    last_tick: u64,
    ticktime: u64,
    interval: u64,
    wrote_since_tick: bool,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing before [`Liveness::next_deadline`].
    None,
    /// Write [`crate::frame::TICK`].
    Tick,
    /// Close the link.
    Dead {
        /// How long nothing was read.
        silent_ms: u64,
    },
}

impl Liveness {
    /// A link that came up at `now_ms`. `intensity` is OTP's `net_tickintensity`, 4 by default.
    pub fn new(now_ms: u64, net_ticktime_ms: u64, intensity: u32) -> Self {
        let ticktime = net_ticktime_ms.max(1);
        Self {
            last_read: now_ms,
            last_write: now_ms,
            last_tick: now_ms,
            ticktime,
            interval: (ticktime / u64::from(intensity.max(1))).max(1),
            wrote_since_tick: false,
        }
    }

    /// Bytes were read.
    pub const fn on_read(&mut self, now_ms: u64) {
        self.last_read = now_ms;
    }

    /// Bytes were handed to the socket, a tick included.
    pub const fn on_write(&mut self, now_ms: u64) {
        self.last_write = now_ms;
        self.wrote_since_tick = true;
    }

    /// A tick was read. Returns whether it is to be answered with a tick (then call [`Liveness::on_write`]).
    #[must_use]
    pub const fn on_tick(&mut self, now_ms: u64) -> bool {
        self.on_read(now_ms);
        !std::mem::replace(&mut self.wrote_since_tick, false)
    }

    /// What is due at `now_ms`.
    #[must_use]
    pub fn poll(&mut self, now_ms: u64) -> Action {
        let silent_ms = now_ms.saturating_sub(self.last_read);
        if silent_ms >= self.ticktime {
            return Action::Dead { silent_ms };
        }
        if now_ms >= self.tick_at() {
            self.last_tick = now_ms;
            return Action::Tick;
        }
        Action::None
    }

    /// When to poll again, in the same milliseconds.
    pub fn next_deadline(&self) -> u64 {
        self.tick_at().min(self.last_read.saturating_add(self.ticktime))
    }

    /// Due when nothing was written for an interval, or nothing was read; never twice within an interval.
    fn tick_at(&self) -> u64 {
        let quiet_since = self.last_write.min(self.last_read);
        quiet_since.max(self.last_tick).saturating_add(self.interval)
    }
}
