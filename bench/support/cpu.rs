//! CPU time, in which an interruption does not count.
#![allow(dead_code, reason = "shared by benches, which want one or the other")]

/// Nanoseconds that this thread has run.
pub(crate) fn of_this_thread() -> u64 {
    nanos(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// Nanoseconds that all threads of this process have run.
pub(crate) fn of_this_process() -> u64 {
    nanos(libc::CLOCK_PROCESS_CPUTIME_ID)
}

#[allow(unsafe_code)]
fn nanos(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place is ours and has the type that the call fills.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
