//! A clock that is not asked again for some microseconds: asking takes longer than all else that a hit does.
//!
//! Each thread remembers its last reading, and the processor's tick counter at that moment. As long as that has not gone
//! on by [`MAX_TICKS`], the reading is used again. The counter is never taken for time, so its rate does not matter: if it
//! jumps, as when a virtual machine moves, the clock is asked.
//!
//! # Limits
//!
//! Processors of x86-64 whose counter runs at one rate and never stops, which is what has been built since 2008. Others ask
//! every time.

/// About 5 us at 3 GHz, and 16 us at 1 GHz; no counter of today is slower.
#[cfg(target_arch = "x86_64")]
const MAX_TICKS: u64 = 1 << 14;

/// What `clock` said a moment ago, or says now.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn reading(clock: fn() -> u64) -> u64 {
    use std::cell::Cell;
    thread_local!(static LAST: Cell<(u64, u64)> = const { Cell::new((0, 0)) });
    if !is_steady() {
        return clock();
    }
    LAST.with(|last| {
        // Before the clock, so that what is remembered is rather too old.
        let ticks = ticks();
        let (then, reading) = last.get();
        if ticks.wrapping_sub(then) < MAX_TICKS && reading != 0 {
            return reading;
        }
        let reading = clock();
        last.set((ticks, reading));
        reading
    })
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn reading(clock: fn() -> u64) -> u64 {
    clock()
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn ticks() -> u64 {
    // SAFETY: every x86-64 has the counter.
    #[allow(unsafe_code, reason = "an instruction that the standard library calls unsafe")]
    unsafe {
        std::arch::x86_64::_rdtsc()
    }
}

/// Whether the counter is invariant: AMD64 Architecture Programmer's Manual 3, CPUID Fn8000_0007, EDX bit 8; Intel has it at the same place.
#[cfg(target_arch = "x86_64")]
#[inline]
fn is_steady() -> bool {
    use std::arch::x86_64::__cpuid;
    use std::sync::OnceLock;
    static STEADY: OnceLock<bool> = OnceLock::new();
    *STEADY.get_or_init(|| __cpuid(0x8000_0000).eax >= 0x8000_0007 && __cpuid(0x8000_0007).edx & 1 << 8 != 0)
}
