//! The rhythm: how often a node is asked, and for how much, so that it costs what it may.
//!
//! Pure: what a round took goes in, when the next one is due and how much it reads comes out.

use std::collections::VecDeque;
use std::time::Duration;

/// Keeps what is spent on the node under a share of one core.
///
/// What a round takes there is time by the clock, and whatever else runs on the machine only adds to it; so the cheapest of the last few rounds
/// says what one costs. Half of the share is for the walk over processes, whose part is made to fit. If a round costs more than the share
/// all the same, the next one comes later.
///
/// ```
/// use std::time::Duration;
/// use outrigger_probe::Pace;
///
/// let mut pace = Pace::new(Duration::from_secs(1), 0.01);
/// assert_eq!(pace.interval(), Duration::from_secs(1));
/// pace.took(Duration::from_millis(400), pace.size());
/// assert!(pace.interval() > Duration::from_secs(1));
/// ```
#[derive(Clone, Debug)]
pub struct Pace {
    interval: Duration,
    duty: f64,
    /// Processes of the next part.
    size: usize,
    /// Of the last rounds: seconds for each process, the fixed part of a round counted as [`FIXED`] of them.
    each: VecDeque<f64>,
}

/// Processes of one part: never fewer, or a walk would not end, never more.
const LEAST: usize = 100;
const MOST: usize = 10_000;
const FIRST: usize = 1_000;
/// What is read in any case costs as much as so many processes.
const FIXED: usize = 100;
const ROUNDS: usize = 5;

impl Pace {
    /// A round each `interval`, as long as it takes no more than `duty` of it.
    #[must_use]
    pub fn new(interval: Duration, duty: f64) -> Self {
        Self { interval, duty: duty.clamp(0.000_1, 1.0), size: FIRST, each: VecDeque::with_capacity(ROUNDS) }
    }

    /// Tells what a round took on the node, and how many processes it read.
    pub fn took(&mut self, took: Duration, read: usize) {
        if self.each.len() == ROUNDS {
            self.each.pop_front();
        }
        self.each.push_back(took.as_secs_f64() / (read + FIXED) as f64);
        let may = self.interval.as_secs_f64() * self.duty / 2.0;
        let fits = (may / self.cost_of_one().max(1e-9)) as usize;
        self.size = fits.saturating_sub(FIXED).clamp(LEAST, MOST);
    }

    /// Processes to read in the next round.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// From the start of one round to the start of the next.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval.max(Duration::from_secs_f64(self.cost() / self.duty))
    }

    /// What is spent on the node, as a share of one core.
    #[must_use]
    pub fn spent(&self) -> f64 {
        self.cost() / self.interval().as_secs_f64()
    }

    /// Seconds of the next round.
    fn cost(&self) -> f64 {
        self.cost_of_one() * (self.size + FIXED) as f64
    }

    fn cost_of_one(&self) -> f64 {
        self.each.iter().copied().reduce(f64::min).unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever a process costs, sooner or later a round costs its share at most.
        #[test]
        fn it_settles_under_its_share(each_micros in 0.1..60.0f64, interval in 100..10_000u64, duty in 0.001..0.2f64) {
            let mut pace = Pace::new(Duration::from_millis(interval), duty);
            for _ in 0..32 {
                let read = pace.size();
                pace.took(Duration::from_secs_f64(each_micros * read as f64 / 1e6), read);
            }
            prop_assert!(pace.spent() <= duty * 1.001, "{} of {duty}", pace.spent());
            prop_assert!((LEAST..=MOST).contains(&pace.size()));
        }
    }

    #[test]
    fn one_slow_round_changes_nothing_five_do() {
        let mut pace = Pace::new(Duration::from_secs(1), 0.01);
        pace.took(Duration::from_millis(1), 400);
        let size = pace.size();
        for _ in 1..ROUNDS {
            pace.took(Duration::from_millis(80), 400);
            assert_eq!((pace.size(), pace.interval()), (size, Duration::from_secs(1)));
        }
        pace.took(Duration::from_millis(80), 400);
        assert_eq!(pace.size(), LEAST);
        assert!(pace.interval() > Duration::from_secs(3), "{:?}", pace.interval());
    }
}
