//! The keys of a limiter: a table of words for most algorithms, a log for one.

use crate::algorithm::{fixed_window, gcra, leaky_bucket, own_window, sliding_window};
use crate::log::{At, Log};
use crate::table::{Full, Step, Table, Usage};
use crate::{Algorithm, Error, KeyHash, Verdict};

#[derive(Debug)]
pub(crate) enum Keys {
    Words(Words),
    Log(Log),
}

impl Keys {
    pub(crate) fn new(algorithm: Algorithm, memory: usize) -> Result<Self, Error> {
        Ok(match algorithm {
            Algorithm::SlidingLog => Self::Log(Log::new(memory)?),
            _ => Self::Words(Words { algorithm, table: Table::new(memory)? }),
        })
    }

    #[inline(always)]
    pub(crate) fn hit(&self, key: KeyHash, cost: u64, at: At) -> Result<Verdict, Full> {
        match self {
            Self::Words(words) => words.hit(key, cost, at),
            Self::Log(log) => log.hit(key, cost, at),
        }
    }

    /// What a hit would get if there is room for the key, with what remains before it.
    pub(crate) fn peek(&self, key: KeyHash, cost: u64, at: At) -> Verdict {
        match self {
            Self::Words(words) => words.peek(key, cost, at),
            Self::Log(log) => log.peek(key, cost, at),
        }
    }

    pub(crate) fn refund(&self, key: KeyHash, cost: u64, at: At) {
        match self {
            Self::Words(words) => words.refund(key, cost, at),
            Self::Log(log) => log.refund(key, cost, at),
        }
    }

    pub(crate) fn reset(&self, key: KeyHash, at: At) {
        match self {
            Self::Words(words) => words.table.update_known(key, at.now, |_, _| Step::Remove),
            Self::Log(log) => log.reset(key),
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        match self {
            Self::Words(words) => words.table.usage(),
            Self::Log(log) => log.usage(),
        }
    }

    pub(crate) fn capacity(&self) -> u64 {
        match self {
            Self::Words(words) => words.table.capacity(),
            Self::Log(log) => log.capacity(),
        }
    }
}

/// Keys whose state is one word.
#[derive(Debug)]
pub(crate) struct Words {
    algorithm: Algorithm,
    table: Table,
}

impl Words {
    /// The algorithm is asked for here, outside of the table: so each has a path of its own through it, without calls.
    #[inline(always)]
    fn hit(&self, key: KeyHash, cost: u64, at: At) -> Result<Verdict, Full> {
        let At { rule, longest_ns, now } = at;
        let table = &self.table;
        match self.algorithm {
            Algorithm::LeakyBucket => table.update(key, now, gcra::idle, move |state, now| {
                leaky_bucket::decide(state, cost, &rule, now)
            }),
            Algorithm::FixedWindow => {
                let decide = move |state, now| fixed_window::decide(state, cost, &rule, now);
                table.update(key, now, fixed_window::idle, decide)
            }
            Algorithm::OwnWindow => {
                let decide = move |state, now| own_window::decide(state, cost, &rule, now);
                table.update(key, now, own_window::idle, decide)
            }
            Algorithm::SlidingWindow => {
                let idle = move |state, now| sliding_window::idle(state, longest_ns, now);
                table
                    .update(key, now, idle, move |state, now| sliding_window::decide(state, cost, &rule, now))
            }
            _ => table
                .update(key, now, gcra::idle, move |state, now| gcra::decide(state, cost, &rule, now))
                .map(|decision| decision.verdict(&rule)),
        }
    }

    fn peek(&self, key: KeyHash, cost: u64, at: At) -> Verdict {
        self.table.read(key, at.now, |state, now| {
            let decide = |cost| match self.algorithm {
                Algorithm::LeakyBucket => leaky_bucket::decide(state, cost, &at.rule, now).1,
                Algorithm::FixedWindow => fixed_window::decide(state, cost, &at.rule, now).1,
                Algorithm::OwnWindow => own_window::decide(state, cost, &at.rule, now).1,
                Algorithm::SlidingWindow => sliding_window::decide(state, cost, &at.rule, now).1,
                _ => gcra::decide(state, cost, &at.rule, now).1.verdict(&at.rule),
            };
            decide(cost).before(&decide(0))
        })
    }

    fn refund(&self, key: KeyHash, cost: u64, at: At) {
        self.table.update_known(key, at.now, |state, now| match self.algorithm {
            Algorithm::FixedWindow => fixed_window::refund(state, cost, &at.rule, now),
            Algorithm::OwnWindow => own_window::refund(state, cost, &at.rule, now),
            Algorithm::SlidingWindow => sliding_window::refund(state, cost, &at.rule, now),
            _ => gcra::refund(state, cost, &at.rule, now),
        });
    }
}
