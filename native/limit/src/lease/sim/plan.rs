//! What a run is made of: the cluster, its load, what goes wrong, and the clocks.

use super::super::{LeaseRule, Timing};

/// Clocks are off by up to so many parts in 10,000.
pub(super) const DRIFT: u64 = 40;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// kill -9 of an app node; back after so many ms.
    KillApp(usize, u64),
    /// An app node stops in good order, and is back after so many ms.
    StopApp(usize, u64),
    /// kill -9 of a Rust node.
    KillRust(usize, u64),
    /// The link of an app node and a Rust node passes nothing, and is down at both ends after so many ms.
    Cut(usize, usize, u64),
    /// It is up again.
    Heal(usize, usize),
    /// The network falls apart: app nodes and Rust nodes whose bits differ are cut from each other, and know it after so many ms.
    Split(u8, u8, u64),
    /// All links are up again.
    HealAll,
    /// What is sent over a link from now on takes up to so many ms.
    Delay(usize, usize, u64),
    /// An app node stands still for so many ms.
    Pause(usize, u64),
}

/// A cluster and its load.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) apps: usize,
    pub(super) rust: usize,
    pub(super) rule: LeaseRule,
    pub(super) keys: u64,
    /// Hits of each app node in a millisecond.
    pub(super) hits: u64,
    /// The largest cost.
    pub(super) cost: u64,
    pub(super) seed: u64,
    pub(super) drift: bool,
    /// Each app node is idle for a while and then hits ten times as often for a while.
    pub(super) spiky: bool,
    pub(super) timing: Timing,
    /// Hits whose owner is lost go against the share of their node.
    pub(super) shares: bool,
    /// How long slots are held at most, in ms.
    pub(super) stay: u64,
}

/// The clock of one node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) offset: u64,
    /// Of 10,000.
    pub(super) rate: u64,
}

impl Clock {
    pub(super) fn local(&self, real: u64) -> u64 {
        self.offset + (u128::from(real) * u128::from(self.rate) / 10_000) as u64
    }

    /// The first real time at which it shows `local`.
    pub(super) fn real(&self, local: u64) -> u64 {
        let passed = u128::from(local.saturating_sub(self.offset)) * 10_000;
        u64::try_from(passed.div_ceil(u128::from(self.rate))).unwrap_or(u64::MAX)
    }
}
