//! Linearizability (Herlihy, Wing 1990): whatever threads see of one key at once, there is an order of their calls, each
//! somewhere between its begin and its end, in which a single thread would have seen the same.
//!
//! Threads record small histories; an exhaustive search (Wing, Gong 1993; states seen before are skipped, Lowe 2017)
//! looks for the order. The specification is GCRA as I.371 writes it, for a rule with whole nanoseconds.
#![allow(clippy::unwrap_used)] // Tests.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use outrigger_limit::{Config, KeyHash, Limiter, Rule};

const LIMIT: u64 = 4;
const INTERVAL: u64 = 100;
const THREADS: usize = 3;
const CALLS: usize = 6;

#[derive(Clone, Copy, Debug)]
enum Call {
    Hit { cost: u64, now: u64 },
    Peek { now: u64 },
    Refund { cost: u64, now: u64 },
    Reset,
}

/// What a call answered: whether it was allowed, and what remained.
type Answer = Option<(bool, u64)>;

#[derive(Clone, Copy, Debug)]
struct Done {
    begin: u64,
    end: u64,
    call: Call,
    answer: Answer,
}

/// One thread's step of the specification on the arrival time.
fn specified(arrival: u64, call: Call) -> (u64, Answer) {
    let remaining = |used: u64| (LIMIT * INTERVAL - used) / INTERVAL;
    match call {
        Call::Hit { cost, now } | Call::Refund { cost, now } if cost == 0 => {
            specified(arrival, Call::Peek { now })
        }
        Call::Hit { cost, now } => {
            let used = arrival.max(now) - now;
            let after = used + cost * INTERVAL;
            if after > LIMIT * INTERVAL {
                return (arrival, Some((false, remaining(used.min(LIMIT * INTERVAL)))));
            }
            (now + after, Some((true, remaining(after))))
        }
        Call::Peek { now } => {
            let used = arrival.max(now) - now;
            (arrival, Some((used + INTERVAL <= LIMIT * INTERVAL, remaining(used.min(LIMIT * INTERVAL)))))
        }
        Call::Refund { cost, now } => {
            let used = arrival.max(now) - now;
            if used == 0 { (arrival, None) } else { (now + used.saturating_sub(cost * INTERVAL), None) }
        }
        Call::Reset => (0, None),
    }
}

/// Whether the calls of all threads, each thread's in its order, fit into one order.
fn is_linearizable(threads: &[Vec<Done>]) -> bool {
    let mut seen = HashSet::new();
    search(threads, &mut vec![0; threads.len()], 0, &mut seen)
}

fn search(
    threads: &[Vec<Done>],
    next: &mut Vec<usize>,
    arrival: u64,
    seen: &mut HashSet<(Vec<usize>, u64)>,
) -> bool {
    if !seen.insert((next.clone(), arrival)) {
        return false;
    }
    let pending: Vec<_> = threads
        .iter()
        .zip(next.iter())
        .enumerate()
        .filter_map(|(at, (calls, next))| Some((at, *calls.get(*next)?)))
        .collect();
    // Nothing may go first that began after another one of those that are left had ended.
    let Some(first_end) = pending.iter().map(|(_, done)| done.end).min() else { return true };
    for (at, done) in pending {
        let (after, answer) = specified(arrival, done.call);
        if done.begin > first_end || answer != done.answer {
            continue;
        }
        next[at] += 1;
        if search(threads, next, after, seen) {
            return true;
        }
        next[at] -= 1;
    }
    false
}

/// A number sequence: the histories are others each round, and the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

fn calls(numbers: &mut Numbers, now: u64) -> Vec<Call> {
    let call = |_| {
        let now = now + numbers.below(INTERVAL * 2);
        match numbers.below(10) {
            0 => Call::Reset,
            1 | 2 => Call::Peek { now },
            3 => Call::Refund { cost: numbers.below(3) + 1, now },
            _ => Call::Hit { cost: numbers.below(3) + 1, now },
        }
    };
    (0..CALLS).map(call).collect()
}

fn answer(limiter: &Limiter, key: KeyHash, call: Call) -> Answer {
    let verdict = match call {
        Call::Hit { cost, now } => limiter.hit(key, cost, now),
        Call::Peek { now } => limiter.peek(key, 1, now),
        Call::Refund { cost, now } => {
            limiter.refund(key, cost, now);
            return None;
        }
        Call::Reset => {
            limiter.reset(key, 0);
            return None;
        }
    };
    Some((verdict.is_allowed(), verdict.remaining))
}

#[test]
fn what_threads_see_fits_into_one_order() {
    const ROUNDS: usize = 4_000;
    let rule = Rule { limit: LIMIT, period_ns: LIMIT * INTERVAL, burst: None };
    let limiter = Limiter::new(Config::of(rule)).unwrap();
    let clock = AtomicU64::new(0);
    let arrived = AtomicU64::new(0);
    let key = |round: usize| KeyHash::of([10, 11], &round.to_le_bytes());
    let record = |thread: usize| -> Vec<Vec<Done>> {
        let mut numbers = Numbers(thread as u64 + 1);
        let mut histories = Vec::with_capacity(ROUNDS);
        for round in 0..ROUNDS {
            let calls = calls(&mut numbers, 1_000_000);
            // A barrier that does not sleep: who sleeps starts late, and late calls do not overlap.
            arrived.fetch_add(1, Ordering::SeqCst);
            while arrived.load(Ordering::SeqCst) < ((round + 1) * THREADS) as u64 {
                thread::yield_now();
            }
            let done = calls.into_iter().map(|call| {
                let begin = clock.fetch_add(1, Ordering::SeqCst);
                let answer = answer(&limiter, key(round), call);
                Done { begin, end: clock.fetch_add(1, Ordering::SeqCst), call, answer }
            });
            histories.push(done.collect());
        }
        histories
    };
    let histories: Vec<_> = thread::scope(|scope| {
        let record = &record;
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || record(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut overlaps = 0;
    for round in 0..ROUNDS {
        let history: Vec<Vec<Done>> = histories.iter().map(|thread| thread[round].clone()).collect();
        assert!(is_linearizable(&history), "round {round}: {history:#?}");
        let mut all: Vec<_> = history.iter().flatten().collect();
        all.sort_by_key(|done| done.begin);
        overlaps += all.windows(2).filter(|pair| pair[0].end > pair[1].begin).count();
    }
    println!("{overlaps} calls of {} began within another one", ROUNDS * THREADS * CALLS);
}

/// The search is searched: it finds the order where there is one, and says so where there is none.
#[test]
fn the_search_tells_good_histories_from_bad_ones() {
    let hit = |begin, end, cost, answer| Done {
        begin,
        end,
        call: Call::Hit { cost, now: 1_000 },
        answer: Some(answer),
    };
    // Both took the last three: no order gives that.
    let lost = [vec![hit(0, 3, 3, (true, 1))], vec![hit(1, 2, 3, (true, 1))]];
    assert!(!is_linearizable(&lost));
    // The one that began later went first.
    let swapped = [vec![hit(0, 3, 3, (false, 1))], vec![hit(1, 2, 3, (true, 1))]];
    assert!(is_linearizable(&swapped));
    // The same answers, but it had not begun when the other one ended.
    let apart = [vec![hit(0, 1, 3, (false, 1))], vec![hit(2, 3, 3, (true, 1))]];
    assert!(!is_linearizable(&apart));
}
