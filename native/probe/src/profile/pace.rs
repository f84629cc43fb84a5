//! How often is sampled, and for how many processes, so that it costs what it may. Pure.

use std::collections::VecDeque;

use super::sampled::Sampled;

/// Keeps what sampling costs the node under a share of one core.
///
/// What a tick costs is to look at statuses, so much for each process, and to take stacks. Both are measured there, as time by the clock: whatever else
/// runs on the machine only adds to them, and a stack of one that runs is waited for without work. So of the looks of one plan the median counts, of its
/// stacks the cheapest, and of the last few plans the cheapest. What the sampler cannot measure of itself is added: so much for each second that it measures
/// (`BESIDE`).
///
/// As many processes are looked at in a tick as the share allows for at the rate that is wished for. If it does not even allow for [`SamplePace::LEAST`], or for
/// parts so large that a walk over all processes is done in five seconds, ticks come later; for walks up to half of the share is spent.
///
/// ```
/// use outrigger_probe::SamplePace;
///
/// let pace = SamplePace::new(100.0, 0.02);
/// assert!(pace.rate() <= 100.0 && pace.spent() < 0.021);
/// ```
#[derive(Clone, Debug)]
pub struct SamplePace {
    wished: f64,
    duty: f64,
    plans: VecDeque<Price>,
    number: u64,
    /// Those of a walk.
    processes: u64,
    /// Milliseconds that rounding owes to the ticks that come.
    owed: f64,
}

/// What one plan has cost, in seconds.
#[derive(Clone, Copy, Debug)]
struct Price {
    /// Of one process that is looked at. A tick costs as much as [`FIXED`] of them besides: its expressions are interpreted.
    look: f64,
    stack: f64,
    /// Stacks in a tick.
    stacks: f64,
    /// Of a plan as a whole, in a second.
    packing: f64,
}

/// What a node is asked to do in about a second.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    /// Milliseconds before each tick.
    pub(super) waits: Vec<u64>,
    /// Processes of a tick's part.
    pub(super) part: usize,
}

impl Plan {
    /// Stacks that are taken in one tick.
    pub(super) const STACKS: usize = 16;
    /// Processes that were active lately, which are looked at in each tick.
    pub(super) const HOT: usize = 32;
}

const FIXED: f64 = 400.0;
/// What a node spends for each second that the sampler measures: its scheduler is woken for each tick, those who are looked at handle a signal, an answer is
/// encoded and written, and heaps are collected. Measured from outside, on a quiet machine: `make bench-watch_cost`.
const BESIDE: f64 = 1.6;
const MOST: usize = 10_000;
const SLOWEST: f64 = 1.0;
/// Seconds of a walk.
const WALK: f64 = 5.0;
const PLANS: usize = 5;
/// Before anything is measured: what a slow machine takes.
const FIRST: Price = Price { look: 0.8e-6, stack: 50e-6, stacks: 2.0, packing: 2e-3 };
/// The golden section: its multiples never fall into step with anything periodic.
const GOLDEN: f64 = 0.618_033_988_749_895;

impl SamplePace {
    /// Processes of a part: never fewer, or a walk would take too long.
    pub const LEAST: usize = 50;

    /// So many ticks in a second, as long as they cost no more than `duty` of one core.
    #[must_use]
    pub fn new(rate: f64, duty: f64) -> Self {
        Self {
            wished: rate.clamp(SLOWEST, 1_000.0),
            duty: duty.clamp(0.000_1, 1.0),
            plans: VecDeque::with_capacity(PLANS),
            number: 0,
            processes: 0,
            owed: 0.0,
        }
    }

    /// Ticks in a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let price = self.price();
        let left = self.duty - price.packing;
        let walk = (self.processes as f64 / WALK * price.look).min(left / 2.0);
        let rate = (left / self.tick(Self::LEAST)).min((left - walk) / self.tick(0));
        rate.clamp(SLOWEST, self.wished)
    }

    /// Processes of a tick's part.
    #[must_use]
    pub fn part(&self) -> usize {
        let price = self.price();
        let may = (self.duty - price.packing) / self.rate() - price.stack * price.stacks;
        ((may / price.look - FIXED) as usize).saturating_sub(Plan::HOT).clamp(Self::LEAST, MOST)
    }

    /// What is spent on the node, as a share of one core.
    #[must_use]
    pub fn spent(&self) -> f64 {
        self.price().packing + self.rate() * self.tick(self.part())
    }

    /// The ticks of about a second, at times that fall into step with nothing.
    pub(super) fn plan(&mut self) -> Plan {
        let rate = self.rate();
        let ticks = (rate.round() as usize).max(1);
        let mut waits = Vec::with_capacity(ticks);
        // The look itself takes its part of the time between two ticks.
        let mean = (1.0 / rate - self.tick(self.part()) / BESIDE).max(0.001) * 1e3;
        for _ in 0..ticks {
            self.number += 1;
            let wait = mean * (0.5 + (self.number as f64 * GOLDEN).fract()) + self.owed;
            let whole = wait.round().max(1.0);
            self.owed = (wait - whole).clamp(-1.0, 1.0);
            waits.push(whole as u64);
        }
        Plan { waits, part: self.part() }
    }

    /// Tells what a plan has cost; seconds of work there.
    pub(super) fn took(&mut self, sampled: &Sampled) -> f64 {
        let ticks = sampled.ticks.len().max(1);
        self.processes = sampled.ticks.last().map_or(self.processes, |tick| tick.others);
        let mut looks: Vec<f64> = (sampled.ticks.iter())
            .map(|tick| {
                seconds(tick.took() as f64) / (tick.examined.saturating_add(sampled.hot) as f64 + FIXED)
            })
            .collect();
        looks.sort_by(f64::total_cmp);
        let Some(look) = looks.get(looks.len() / 2).copied() else { return 0.0 };
        let stacks: usize = sampled.stacks.iter().map(|(_, samples)| samples.len()).sum();
        let cheapest = sampled.ticks.iter().filter_map(|tick| tick.waited.checked_div(tick.stacks)).min();
        let stack = cheapest.map_or(self.price().stack, |micros| seconds(micros as f64));
        let span = sampled.until.saturating_sub(sampled.since).max(1) as f64 / 1e6;
        let packing = seconds(sampled.packing as f64);
        if self.plans.len() == PLANS {
            self.plans.pop_front();
        }
        self.plans.push_back(Price {
            look: look.max(1e-9),
            stack,
            stacks: stacks as f64 / ticks as f64,
            packing: packing / span,
        });
        let price = self.price();
        let looked: f64 = sampled
            .ticks
            .iter()
            .map(|tick| (tick.examined.saturating_add(sampled.hot) as f64 + FIXED) * price.look)
            .sum();
        looked + price.stack * stacks as f64 + packing
    }

    /// Seconds of one tick.
    fn tick(&self, part: usize) -> f64 {
        let price = self.price();
        price.look * ((part + Plan::HOT) as f64 + FIXED) + price.stack * price.stacks
    }

    fn price(&self) -> Price {
        let least = |of: fn(&Price) -> f64| self.plans.iter().map(of).reduce(f64::min);
        // How many run is no disturbance: the latest counts.
        let stacks = self.plans.back().map_or(FIRST.stacks, |price| price.stacks);
        Price {
            look: least(|price| price.look).unwrap_or(FIRST.look),
            stack: least(|price| price.stack).unwrap_or(FIRST.stack),
            stacks,
            packing: least(|price| price.packing).unwrap_or(FIRST.packing).min(self.duty / 2.0),
        }
    }
}

/// What so many measured microseconds cost the node.
fn seconds(micros: f64) -> f64 {
    micros / 1e6 * BESIDE
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::profile::sampled::Tick;

    /// A node whose processes cost so many microseconds to look at, each of some that run, and stacks so many.
    fn played(plan: &Plan, look: f64, stack: u64, runs: u64) -> Sampled {
        let took = (look * (plan.part as f64 + FIXED)).ceil() as u64;
        let tick = Tick {
            examined: plan.part as u64,
            others: 1_000,
            stacks: runs,
            waited: stack * runs,
            active: runs,
            done: (took + stack * runs) as i64,
            ..Tick::default()
        };
        let sample = crate::profile::weigh::tests::sample(0);
        let busy = plan.waits.len() as i64 * tick.done;
        let waited: u64 = plan.waits.iter().sum();
        Sampled {
            since: 0,
            until: waited as i64 * 1_000 + busy,
            hot: 0,
            ticks: vec![tick; plan.waits.len()],
            stacks: vec![(Vec::new(), vec![sample; plan.waits.len() * runs as usize])],
            processes: Vec::new(),
            events: None,
            packing: 100,
        }
    }

    proptest! {
        /// Whatever things cost, it settles under its share, as long as the slowest rate is under it at all.
        #[test]
        fn it_settles_under_its_share(look in 0.1..20.0f64, stack in 1..200u64, runs in 0..16u64, rate in 1.0..1000.0f64, duty in 0.01..0.2f64) {
            let mut pace = SamplePace::new(rate, duty);
            let (mut spent, mut span) = (0.0, 0.0);
            for number in 0..30 {
                let plan = pace.plan();
                prop_assert!(plan.waits.len() <= 1_000 && (SamplePace::LEAST..=MOST).contains(&plan.part));
                let sampled = played(&plan, look, stack, runs);
                let took = pace.took(&sampled);
                // A plan of few ticks is longer or shorter than a second: over many it has to be right.
                if number >= 10 {
                    spent += took;
                    span += (sampled.until - sampled.since) as f64 / 1e6;
                }
            }
            let spent = spent / span;
            let floor = seconds(look * 482.0 + (stack * runs) as f64) * 1.05;
            prop_assert!(spent <= (duty * 1.1).max(floor + 0.001), "{spent} of {duty}, {}", pace.rate());
        }
    }

    #[test]
    fn ticks_come_at_the_rate_and_in_no_step() {
        let mut pace = SamplePace::new(100.0, 0.5);
        pace.took(&played(&pace.clone().plan(), 0.1, 10, 1));
        let waits: Vec<u64> = (0..10).flat_map(|_| pace.plan().waits).collect();
        assert_eq!(waits.len(), 1_000);
        let all: u64 = waits.iter().sum();
        assert!((8_500..10_000).contains(&all), "{all} ms, the rest is the looks themselves");
        for wait in 6..14 {
            assert!(waits.iter().filter(|of| **of == wait).count() > 50, "{wait} ms is one of them");
        }
    }

    #[test]
    fn many_processes_are_walked_over_in_larger_parts() {
        let paced = |processes: u64| {
            let mut pace = SamplePace::new(100.0, 0.02);
            let mut sampled = played(&pace.clone().plan(), 0.3, 10, 1);
            sampled.ticks.iter_mut().for_each(|tick| tick.others = processes);
            pace.took(&sampled);
            (pace.rate(), pace.rate() * pace.part() as f64)
        };
        let ((few_rate, _), (rate, looks)) = (paced(1_000), paced(60_000));
        assert!(
            looks * WALK > 60_000.0 * 0.95 && rate < few_rate,
            "{looks} in a second, {rate} ticks and {few_rate}"
        );
        let (rate, looks) = paced(10_000_000);
        assert!(looks > 10_000.0 && rate > few_rate * 0.4, "half of it is for ticks: {looks} and {rate}");
    }

    #[test]
    fn dear_looks_come_less_often_cheap_ones_see_more() {
        let mut pace = SamplePace::new(100.0, 0.02);
        pace.took(&played(&pace.clone().plan(), 20.0, 100, 4));
        assert!(pace.rate() < 2.0 && pace.spent() < 0.020_1, "{} {}", pace.rate(), pace.spent());
        pace.took(&played(&pace.clone().plan(), 0.1, 10, 1));
        assert!(pace.rate() > 99.0 && pace.part() > 400, "{} {}", pace.rate(), pace.part());
    }
}
