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
/// What rounds leave of the share, up to a quarter of it, is for what lies deeper (allocators, tables, ports). It is a purse: each round pays in, a
/// reading takes out what it took, and there is no other one before the debt is paid. So the dearest reading comes seldom, and the mean keeps to the share without knowing any price before.
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
    /// Seconds that may be spent on what lies deeper; less than none is a debt.
    purse: f64,
    /// Of the last rounds: seconds spent so.
    deeper: VecDeque<f64>,
}

/// Processes of one part: never fewer, or a walk would not end, never more.
const LEAST: usize = 100;
const MOST: usize = 10_000;
const FIRST: usize = 1_000;
/// What is read in any case costs as much as so many processes.
const FIXED: usize = 100;
const ROUNDS: usize = 5;
/// Seconds from one round to the next, at most, whatever a node says that they cost.
const LONGEST: f64 = 3_600.0;
/// The part of the share that is for what lies deeper, at most, and over how many rounds its cost is told.
const DEEPER: f64 = 0.25;
const PAST: usize = 32;

impl Pace {
    /// A round each `interval`, as long as it takes no more than `duty` of it.
    #[must_use]
    pub fn new(interval: Duration, duty: f64) -> Self {
        Self {
            interval,
            duty: duty.clamp(0.000_1, 1.0),
            size: FIRST,
            each: VecDeque::with_capacity(ROUNDS),
            // Not in the first round, which is the dearest.
            purse: 0.0,
            deeper: VecDeque::with_capacity(PAST),
        }
    }

    /// Tells what a round took on the node, without what lies deeper, and how many processes it read.
    pub fn took(&mut self, took: Duration, read: usize) {
        if self.deeper.len() == PAST {
            self.deeper.pop_front();
        }
        self.deeper.push_back(0.0);
        if self.each.len() == ROUNDS {
            self.each.pop_front();
        }
        self.each.push_back(took.as_secs_f64() / read.saturating_add(FIXED) as f64);
        let may = self.interval.as_secs_f64() * self.duty / 2.0;
        let fits = (may / self.cost_of_one().max(1e-9)) as usize;
        self.size = fits.saturating_sub(FIXED).clamp(LEAST, MOST);
        let share = self.interval().as_secs_f64() * self.duty;
        // Less than a microsecond is how times are rounded.
        let left = Some(share - self.cost()).filter(|left| *left > 1e-6);
        let pay = left.unwrap_or(0.0).min(share * DEEPER);
        self.purse = (self.purse + pay).min(pay);
    }

    /// Whether the next round may read what lies deeper.
    #[must_use]
    pub fn may_go_deeper(&self) -> bool {
        self.purse > 0.0
    }

    /// Tells what that took, in the round that was told last.
    pub fn went_deeper(&mut self, took: Duration) {
        self.purse -= took.as_secs_f64();
        if let Some(last) = self.deeper.back_mut() {
            *last += took.as_secs_f64();
        }
    }

    /// Processes to read in the next round.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// From the start of one round to the start of the next.
    #[must_use]
    pub fn interval(&self) -> Duration {
        let seconds = (self.cost() / self.duty).min(LONGEST);
        self.interval.max(Duration::from_secs_f64(seconds))
    }

    /// What is spent on the node, as a share of one core.
    #[must_use]
    pub fn spent(&self) -> f64 {
        let deeper = self.deeper.iter().sum::<f64>() / self.deeper.len().max(1) as f64;
        (self.cost() + deeper) / self.interval().as_secs_f64()
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

    proptest! {
        /// Whatever a deeper reading costs, and in whatever order they come: over time it is its share.
        #[test]
        fn what_lies_deeper_keeps_to_its_share(micros in proptest::collection::vec(0..2_000_000u64, 1..5), duty in 0.001..0.2f64) {
            let mut pace = Pace::new(Duration::from_secs(1), duty);
            let (mut spent, mut rounds, mut last) = (0.0, 0, 0.0);
            let mut prices = micros.iter().cycle();
            while rounds < 20_000 {
                rounds += 1;
                let deeper = pace.may_go_deeper();
                pace.took(Duration::from_micros(10), 100);
                if deeper {
                    let took = Duration::from_micros(*prices.next().unwrap());
                    pace.went_deeper(took);
                    last = took.as_secs_f64();
                    spent += last;
                }
            }
            prop_assert!(spent > 0.0 || micros.iter().all(|micros| *micros == 0), "each has its turn");
            // But for the debt of the last one.
            prop_assert!(spent - last <= f64::from(rounds) * duty * DEEPER + 1e-6, "{spent} s");
            prop_assert!(pace.purse >= -last - 1e-9);
        }
    }

    #[test]
    fn what_is_too_dear_is_left_out_until_it_is_paid() {
        let mut pace = Pace::new(Duration::from_secs(1), 0.01);
        assert!(!pace.may_go_deeper(), "not in the first round");
        let round = |pace: &mut Pace| {
            let deeper = pace.may_go_deeper();
            pace.took(Duration::from_micros(100), 100);
            if deeper {
                pace.went_deeper(Duration::from_millis(25));
            }
            deeper
        };
        let read: Vec<bool> = (0..24).map(|_| round(&mut pace)).collect();
        assert_eq!(read.iter().filter(|deeper| **deeper).count(), 3, "a tenth of the rounds: {read:?}");
    }

    #[test]
    fn rounds_that_take_all_leave_nothing() {
        let mut pace = Pace::new(Duration::from_secs(1), 0.01);
        // The first one read so many processes that a small part looks cheap.
        for round in 0..20 {
            pace.took(Duration::from_millis(30), pace.size());
            assert!(round < ROUNDS || !pace.may_go_deeper(), "{round}");
        }
        assert!(pace.interval() > Duration::from_secs(1));
    }

    /// A watch that added what a node says to a clock would end with it.
    #[test]
    fn whatever_a_node_says_it_is_asked_again() {
        let mut pace = Pace::new(Duration::from_secs(1), 0.000_1);
        for _ in 0..10 {
            pace.took(Duration::from_micros(u64::MAX), usize::MAX);
            pace.took(Duration::from_micros(u64::MAX), 0);
            pace.went_deeper(Duration::from_micros(u64::MAX));
        }
        assert!(pace.interval() <= Duration::from_secs(3_600), "{:?}", pace.interval());
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
