//! An atomic of 128 bits whose instructions stand where they are used.
//!
//! `portable-atomic` asks the processor what it has and calls what fits by a pointer, with results in memory: twice for a
//! hit, which is a good part of it. Here the question is one byte, and the answer on
//! all processors of the last decade the same: AVX makes an aligned load of 128 bits atomic (Intel SDM volume 3, section
//! 10.1.1; AMD64 Architecture Programmer's Manual volume 1, section 3.10.4), and `cmpxchg16b` is there.
//!
//! # Invariants
//!
//! - Of one value all accesses are by these two instructions, or, where one of them is missing, all by `portable-atomic`.
//!
//! # Limits
//!
//! x86-64. Other processors, Miri and loom have other ones ([`crate::sync`]).
#![allow(unsafe_code, reason = "the standard library has no atomic of 128 bits")]

use std::arch::{asm, is_x86_feature_detected};
use std::sync::atomic::{AtomicU8, Ordering};

#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct AtomicU128(portable_atomic::AtomicU128);

impl AtomicU128 {
    /// All orderings are the strongest one.
    #[inline(always)]
    pub(crate) fn load(&self, order: Ordering) -> u128 {
        if !has_both() {
            return self.0.load(order);
        }
        let (low, high): (u64, u64);
        // SAFETY: the address is that of a value of 16 bytes, aligned to 16, that lives and is accessed by these
        // instructions alone. The processor has AVX.
        unsafe {
            asm!(
                "vmovdqa {value}, xmmword ptr [{place}]",
                "vmovq {low}, {value}",
                "vpextrq {high}, {value}, 1",
                place = in(reg) self.0.as_ptr(),
                value = out(xmm_reg) _,
                low = out(reg) low,
                high = out(reg) high,
                options(nostack, preserves_flags),
            );
        }
        join(low, high)
    }

    /// All orderings are the strongest one.
    #[inline(always)]
    pub(crate) fn compare_exchange(
        &self,
        current: u128,
        new: u128,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u128, u128> {
        if !has_both() {
            return self.0.compare_exchange(current, new, success, failure);
        }
        let (mut low, mut high) = split(current);
        let (new_low, new_high) = split(new);
        let equal: u8;
        // SAFETY: as above. The processor has `cmpxchg16b`. It wants one half in `rbx`, which cannot be asked for: so it
        // gets its value back, and all else has a register by name, as it could be given just this one.
        unsafe {
            asm!(
                "xchg rsi, rbx",
                "lock cmpxchg16b xmmword ptr [rdi]",
                "sete cl",
                "mov rbx, rsi",
                in("rdi") self.0.as_ptr(),
                inout("rsi") new_low => _,
                in("rcx") new_high,
                lateout("cl") equal,
                inout("rax") low,
                inout("rdx") high,
                options(nostack),
            );
        }
        let found = join(low, high);
        if equal != 0 { Ok(found) } else { Err(found) }
    }
}

/// Asked for every access: one byte, where the standard library's question takes a dozen instructions.
#[inline(always)]
fn has_both() -> bool {
    match HAS_BOTH.load(Ordering::Relaxed) {
        UNKNOWN => look(),
        known => known == YES,
    }
}

static HAS_BOTH: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const YES: u8 = 1;
const NO: u8 = 2;

#[cold]
fn look() -> bool {
    let both = is_x86_feature_detected!("avx") && is_x86_feature_detected!("cmpxchg16b");
    HAS_BOTH.store(if both { YES } else { NO }, Ordering::Relaxed);
    both
}

const fn split(value: u128) -> (u64, u64) {
    (value as u64, (value >> 64) as u64)
}

const fn join(low: u64, high: u64) -> u128 {
    (high as u128) << 64 | low as u128
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four threads count over the border of the two halves. No step is lost, and nobody sees half of one.
    #[test]
    fn both_halves_change_at_once() {
        const STEPS: u128 = 20_000;
        let step = (1 << 64) | 1;
        let value = AtomicU128(portable_atomic::AtomicU128::new(0));
        crossbeam::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|_| {
                    for _ in 0..STEPS {
                        let mut seen = value.load(Ordering::Acquire);
                        loop {
                            let (low, high) = split(seen);
                            assert_eq!(low, high);
                            match value.compare_exchange(
                                seen,
                                seen + step,
                                Ordering::AcqRel,
                                Ordering::Acquire,
                            ) {
                                Ok(_) => break,
                                Err(now) => seen = now,
                            }
                        }
                    }
                });
            }
        })
        .unwrap();
        assert_eq!(value.load(Ordering::Acquire), 4 * STEPS * step);
        assert_eq!(value.0.load(Ordering::Acquire), 4 * STEPS * step);
    }
}
