//! Waiting times between attempts to reach a peer: exponential, capped, with jitter.
//!
//! Invariants: a delay lies between half of the step and the whole step; the step doubles up to the cap.
//! The randomness is an argument, so the schedule can be tested.
//!
//! ```
//! use std::time::Duration;
//! use outrigger_node::{Backoff, BackoffConfig};
//!
//! let mut backoff = Backoff::new(BackoffConfig::default());
//! assert_eq!(backoff.next_delay(u32::MAX), Duration::from_millis(100));
//! assert_eq!(backoff.next_delay(0), Duration::from_millis(100));
//! assert_eq!(backoff.next_delay(u32::MAX), Duration::from_millis(400));
//! ```
//!
//! Limits: it says how long, not whether. The joiner never gives up.

use std::time::Duration;

/// The bounds of a [`Backoff`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackoffConfig {
    /// The first step. Default: 100 ms.
    pub base: Duration,
    /// The largest step. Default: 5 s.
    pub cap: Duration,
}

impl Default for BackoffConfig {
    fn default() -> Self {
        Self { base: Duration::from_millis(100), cap: Duration::from_secs(5) }
    }
}

/// The state of one schedule of retries.
#[derive(Clone, Debug)]
pub struct Backoff {
    config: BackoffConfig,
    step: Duration,
}

impl Backoff {
    /// Starts at the base.
    #[must_use]
    pub fn new(config: BackoffConfig) -> Self {
        Self { config, step: config.base.min(config.cap) }
    }

    /// The next waiting time. `random` is uniform over all of `u32`; it picks a point in the upper half of
    /// the step, so that peers that lost the same node do not come back in one wave.
    pub fn next_delay(&mut self, random: u32) -> Duration {
        let half = self.step / 2;
        let delay = half + half.mul_f64(f64::from(random) / f64::from(u32::MAX));
        self.step = self.step.saturating_mul(2).min(self.config.cap);
        delay
    }

    /// Goes back to the base, after a link that lasted.
    pub fn reset(&mut self) {
        self.step = self.config.base.min(self.config.cap);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_the_cap_and_resets() {
        let config = BackoffConfig { base: Duration::from_millis(100), cap: Duration::from_millis(500) };
        let mut backoff = Backoff::new(config);
        let delays: Vec<_> = (0..5).map(|_| backoff.next_delay(u32::MAX).as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 500, 500]);
        backoff.reset();
        assert_eq!(backoff.next_delay(0).as_millis(), 50);
    }

    #[test]
    fn a_base_above_the_cap_is_cut_to_it() {
        let config = BackoffConfig { base: Duration::from_secs(9), cap: Duration::from_secs(1) };
        assert_eq!(Backoff::new(config).next_delay(u32::MAX), Duration::from_secs(1));
    }
}
