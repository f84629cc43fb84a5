//! What time it is for a limiter.
//!
//! # Invariants
//!
//! - One clock for all limiters of the VM: hits of several limiters can be taken at one time.
//! - It never runs ahead. It lags by some microseconds at most ([`recent`]), which takes nothing from any limit.
//! - Its zero is a Thursday, 0:00 UTC: windows of a period that divides a week begin where the wall clock's do, as the
//!   epoch of Unix has them.
//!
//! # Limits
//!
//! The wall clock is asked once, when the first limiter is made. If it is set later, windows stay where they are.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::recent;

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The clock of a limiter.
pub(super) enum Clock {
    /// Since the zero of the VM.
    Monotonic,
    /// For tests: stands still until it is told to go on.
    Manual(AtomicU64),
}

impl Clock {
    pub(super) const fn manual() -> Self {
        Self::Manual(AtomicU64::new(0))
    }

    /// Nanoseconds.
    #[inline]
    pub(super) fn now(&self) -> u64 {
        match self {
            Self::Monotonic => recent::reading(since_zero),
            Self::Manual(now) => now.load(Ordering::Relaxed),
        }
    }

    /// Whether both say the same time, as long as nobody advances one of them.
    pub(super) fn goes_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Monotonic, Self::Monotonic) => true,
            (Self::Manual(a), Self::Manual(b)) => a.load(Ordering::Relaxed) == b.load(Ordering::Relaxed),
            _ => false,
        }
    }

    /// Lets time pass. `false`: that is not in our hands.
    pub(super) fn advance(&self, nanos: u64) -> bool {
        match self {
            Self::Monotonic => false,
            Self::Manual(now) => {
                let later = |now: u64| Some(now.saturating_add(nanos));
                let _ = now.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
                true
            }
        }
    }
}

/// Nanoseconds since the zero of this VM, by the system's monotonic clock.
fn since_zero() -> u64 {
    /// An instant, and how long after zero it was.
    static START: OnceLock<(Instant, u64)> = OnceLock::new();
    let (start, nanos) = START.get_or_init(|| {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (Instant::now(), (since_1970.as_nanos() % WEEK.as_nanos()) as u64)
    });
    let passed = start.elapsed();
    nanos + passed.as_secs() * 1_000_000_000 + u64::from(passed.subsec_nanos())
}
