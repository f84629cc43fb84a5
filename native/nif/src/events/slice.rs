//! What the VM is told of the time that a call took.
//!
//! By time, since bytes do not say it: a map with each key twice takes ten times as long as numbers of the same size.

use std::time::Instant;

use rustler::Env;
use rustler::schedule::consume_timeslice;

/// A call that reads less takes so little that asking for the time would be seen in it.
const SMALL: usize = 2_048;
/// A time slice is a millisecond, and is told in hundredths.
const MICROS_PER_PERCENT: u128 = 10;

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
