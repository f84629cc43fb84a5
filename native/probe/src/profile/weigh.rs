//! What a sample stands for, in microseconds of a scheduler's time. Pure.
//!
//! A tick stands for the time to the next one. In it, one that runs has a scheduler to itself. Those that wait for one (`runnable`) share what is left of
//! the schedulers: the sampler itself sits on one of them, in whose place one of the others would run. When a hundred wait for two schedulers
//! each stands for a small part, so that what is summed up is the work of the schedulers and not the length of their queues.
//!
//! A process of a tick's part stands for as many as it is one of (the Horvitz-Thompson estimator: the inverse of the chance to be looked at). When more were active
//! than stacks are taken of, those that were taken stand for all.

use super::sampled::{Of, Sample, Sampled, Status, Tick};

/// Of each stack, in the order of the answer, the samples with their microseconds.
pub(super) fn weigh(sampled: &Sampled, schedulers: u64) -> Vec<Vec<(&Sample, f64)>> {
    let ticks = &sampled.ticks;
    let spans = spans(sampled);
    let mut taken = vec![0_u64; ticks.len()];
    for (_, samples) in &sampled.stacks {
        for sample in samples {
            if let Some(taken) = place(sample).and_then(|place| taken.get_mut(place)) {
                *taken += 1;
            }
        }
    }
    let weight = |sample: &Sample| {
        let place = place(sample)?;
        let (tick, span, taken) = (ticks.get(place)?, spans.get(place)?, *taken.get(place)?);
        let of = match sample.1 {
            Of::Hot => 1.0,
            Of::Part => tick.others.max(tick.examined) as f64 / tick.examined.max(1) as f64,
        };
        let all = tick.active.max(taken) as f64 / taken.max(1) as f64;
        let room = if sample.3 == Status::Runnable { room(tick, schedulers) } else { 1.0 };
        Some(of * all * room * span)
    };
    let stacks = sampled.stacks.iter();
    stacks
        .map(|(_, samples)| samples.iter().filter_map(|sample| Some((sample, weight(sample)?))).collect())
        .collect()
}

/// Microseconds from each tick to the next. A tick that waited for a stack stands for that time too: the one who let it wait was at work all the while.
fn spans(sampled: &Sampled) -> Vec<f64> {
    let ends = sampled.ticks.iter().skip(1).map(|tick| tick.at).chain([sampled.until]);
    let begins = [sampled.since].into_iter().chain(sampled.ticks.iter().skip(1).map(|tick| tick.at));
    begins.zip(ends).map(|(begin, end)| end.saturating_sub(begin).max(0) as f64).collect()
}

fn place(sample: &Sample) -> Option<usize> {
    usize::try_from(sample.0).ok()
}

/// What one of those that wait would have of a scheduler, if the sampler were not there. How many wait the node says itself: of what was looked at
/// alone it would be a guess.
fn room(tick: &Tick, schedulers: u64) -> f64 {
    let others_run = tick.tasks.saturating_sub(tick.queue).saturating_sub(1);
    let free = schedulers.saturating_sub(others_run);
    (free as f64 / tick.queue.max(1) as f64).min(1.0)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::sampled::{Name, ProcessId};
    use super::*;
    use crate::answer::Function;

    pub(in super::super) fn sample(tick: u64) -> Sample {
        let id = ProcessId { id: 1, serial: 0 };
        let call = Function("m".into(), "f".into(), 0);
        Sample(tick, Of::Hot, id, Status::Running, Status::Running, Name(None), call)
    }

    fn waits(tick: u64) -> Sample {
        Sample { 3: Status::Runnable, ..sample(tick) }
    }

    fn sampled(mut ticks: Vec<Tick>, samples: Vec<Sample>) -> Sampled {
        for (place, tick) in ticks.iter_mut().enumerate() {
            tick.at = place as i64 * 10_000;
        }
        let stacks = vec![(Vec::new(), samples)];
        let until = ticks.len() as i64 * 10_000;
        Sampled { since: 0, until, hot: 1, ticks, stacks, processes: Vec::new(), events: None, packing: 0 }
    }

    fn micros(sampled: &Sampled, schedulers: u64) -> Vec<f64> {
        weigh(sampled, schedulers)[0].iter().map(|(_, micros)| micros.round()).collect()
    }

    /// So many wait, so many run besides the sampler.
    fn tick(queue: u64, run: u64) -> Tick {
        Tick {
            examined: 10,
            others: 10,
            active: queue + run,
            queue,
            tasks: queue + run + 1,
            ..Tick::default()
        }
    }

    #[test]
    fn who_waits_has_the_scheduler_that_we_sit_on() {
        let two = sampled(vec![tick(1, 1)], vec![sample(0), waits(0)]);
        assert_eq!(micros(&two, 2), [10_000.0, 10_000.0]);
        assert_eq!(micros(&two, 1), [10_000.0, 0.0]);
        let queue = sampled(vec![tick(4, 1)], vec![sample(0), waits(0), waits(0), waits(0), waits(0)]);
        assert_eq!(micros(&queue, 2), [10_000.0, 2_500.0, 2_500.0, 2_500.0, 2_500.0]);
    }

    #[test]
    fn one_of_a_part_stands_for_others() {
        let part = Sample { 1: Of::Part, ..sample(0) };
        let ticks = vec![Tick { examined: 10, others: 200, active: 1, ..Tick::default() }];
        assert_eq!(micros(&sampled(ticks, vec![part]), 2), [200_000.0]);
    }

    #[test]
    fn those_that_were_taken_stand_for_all_that_were_active() {
        let seen = sampled(vec![tick(0, 4), tick(0, 1)], vec![sample(0), sample(0), sample(1)]);
        assert_eq!(micros(&seen, 8), [20_000.0, 20_000.0, 10_000.0]);
    }

    #[test]
    fn a_tick_stands_for_the_time_to_the_next() {
        let mut seen = sampled(vec![tick(0, 1), tick(0, 1)], vec![sample(0), sample(1)]);
        seen.ticks[0].at = 100;
        seen.ticks[1].at = 15_000;
        assert_eq!(micros(&seen, 2), [15_000.0, 5_000.0], "the first has what was before it");
    }

    #[test]
    fn a_tick_that_is_none_is_left_out() {
        assert!(micros(&sampled(vec![], vec![sample(0), sample(u64::MAX)]), 2).is_empty());
    }
}
