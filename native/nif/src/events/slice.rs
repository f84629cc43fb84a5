//! What the VM is told of the time that a call took.
//!
//! By time, since bytes do not say it: a map with each key twice takes ten times as long as numbers of the same size.

use std::time::Instant;

use rustler::Env;
use rustler::schedule::consume_timeslice;

use super::effort::Effort;

/// A call that reads less takes so little that asking for the time would be seen in it.
const SMALL: usize = 2_048;
/// A time slice is told in hundredths, and is half a millisecond here: the last call of one begins within it and takes as long again.
const MICROS_PER_PERCENT: u128 = 5;
const UNITS_PER_PERCENT: usize = 500;

/// Of a call that does not know how much it is given.
pub(super) const UNKNOWN: usize = usize::MAX;

/// The same by what was spent, of a call that has read a few bytes and made much of them.
pub(super) fn charge_made(env: Env<'_>, bytes: usize, effort: Effort) {
    let percent = effort.used() / UNITS_PER_PERCENT;
    if bytes < SMALL && percent > 0 {
        consume_timeslice(env, percent.min(100) as i32);
    }
}

/// Does `work` on so many bytes, and has its time taken off the slice of the process that asks.
pub(super) fn charged<T>(env: Env<'_>, bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes < SMALL {
        return work();
    }
    let begun = Instant::now();
    let done = work();
    let percent = begun.elapsed().as_micros() / MICROS_PER_PERCENT;
    if percent > 0 {
        consume_timeslice(env, percent.min(100) as i32);
    }
    done
}
