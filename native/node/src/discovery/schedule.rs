//! When a source is asked again.
//!
//! Invariants: between two questions lie 0.8 to 1.2 intervals, so that nodes that started together do not ask together.
//! A link that came or went brings the next question nearer, but never nearer than a tenth of the interval (at most
//! 200 ms) after the last one: a burst of links is one question.
//!
//! Times are milliseconds from a zero of the caller's; randomness is an argument.

use std::time::Duration;

use crate::link::millis;

/// The longest pause that a burst of links is gathered in.
const GATHER_MS: u64 = 200;

pub(super) struct Schedule {
    interval: u64,
    asked: u64,
    due: u64,
}

impl Schedule {
    /// Due at once.
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval: millis(interval).max(1), asked: 0, due: 0 }
    }

    /// When to ask.
    pub(super) fn due(&self) -> u64 {
        self.due
    }

    /// The source has answered, or failed. `random` is uniform over all of `u32`.
    pub(super) fn asked(&mut self, now: u64, random: u32) {
        let spread = self.interval * 2 / 5 * u64::from(random) / u64::from(u32::MAX);
        self.asked = now;
        self.due = now + self.interval - self.interval / 5 + spread;
    }

    /// A link came up or ended.
    pub(super) fn hurry(&mut self) {
        let gap = (self.interval / 10).clamp(1, GATHER_MS);
        self.due = self.due.min(self.asked + gap);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_keep_their_distance_give_or_take_a_fifth() {
        let mut schedule = Schedule::new(Duration::from_secs(5));
        assert_eq!(schedule.due(), 0);
        schedule.asked(100, 0);
        assert_eq!(schedule.due(), 4_100);
        schedule.asked(4_100, u32::MAX);
        assert_eq!(schedule.due(), 10_100);
    }

    #[test]
    fn a_burst_of_links_is_one_question() {
        let mut schedule = Schedule::new(Duration::from_secs(5));
        schedule.asked(1_000, 0);
        (0..1_000).for_each(|_| schedule.hurry());
        assert_eq!(schedule.due(), 1_200);
        schedule.asked(1_200, 0);
        assert_eq!(schedule.due(), 5_200);
        // A short interval is not made longer.
        let mut short = Schedule::new(Duration::from_millis(20));
        short.asked(100, 0);
        short.hurry();
        assert_eq!(short.due(), 102);
    }
}
