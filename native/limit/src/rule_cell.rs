//! The rule that a limiter has now: read by every hit, written when somebody changes it.
//!
//! Two places and a version whose last bit names the one in force. A writer fills the other place and then raises the
//! version, so a reader meets a half-written place only if a whole change went by while it read; it sees that by the
//! version, and reads again. Readers write nothing, so they do not slow each other down, and wait for nobody.
//! (A sequence lock as in Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012, with
//! its fences.)

use crate::span::{Scale, Span};
use crate::sync::{AtomicU64, Mutex, Ordering, fence};
use crate::{Algorithm, CheckedRule};

const WORDS: usize = 7;

#[derive(Debug)]
pub(crate) struct RuleCell {
    algorithm: Algorithm,
    version: AtomicU64,
    places: [[AtomicU64; WORDS]; 2],
    writer: Mutex<()>,
}

impl RuleCell {
    pub(crate) fn new(rule: &CheckedRule) -> Self {
        let place = || pack(rule).map(AtomicU64::new);
        Self {
            algorithm: rule.algorithm,
            version: AtomicU64::new(0),
            places: [place(), place()],
            writer: Mutex::new(()),
        }
    }

    #[inline]
    pub(crate) fn load(&self) -> CheckedRule {
        loop {
            let version = self.version.load(Ordering::Acquire);
            let words = self.place(version).each_ref().map(|word| word.load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            if self.version.load(Ordering::Relaxed) == version {
                return unpack(self.algorithm, words);
            }
        }
    }

    /// The rule is for the same algorithm.
    pub(crate) fn store(&self, rule: &CheckedRule) {
        let _alone = self.writer.lock();
        let next = self.version.load(Ordering::Relaxed).wrapping_add(1);
        fence(Ordering::Release);
        for (word, value) in self.place(next).iter().zip(pack(rule)) {
            word.store(value, Ordering::Relaxed);
        }
        self.version.store(next, Ordering::Release);
    }

    const fn place(&self, version: u64) -> &[AtomicU64; WORDS] {
        let [even, odd] = &self.places;
        if version & 1 == 0 { even } else { odd }
    }
}

const fn pack(rule: &CheckedRule) -> [u64; WORDS] {
    [
        rule.limit,
        rule.period_ns,
        rule.capacity,
        rule.interval.ns,
        rule.tolerance.ns,
        (rule.interval.fraction as u64) << 32 | rule.tolerance.fraction as u64,
        rule.scale.0 as u64,
    ]
}

const fn unpack(algorithm: Algorithm, words: [u64; WORDS]) -> CheckedRule {
    let [limit, period_ns, capacity, interval, tolerance, fractions, scale] = words;
    CheckedRule {
        algorithm,
        limit,
        period_ns,
        capacity,
        scale: Scale(scale as u32),
        interval: Span { ns: interval, fraction: (fractions >> 32) as u32 },
        tolerance: Span { ns: tolerance, fraction: fractions as u32 },
    }
}
