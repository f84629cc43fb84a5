//! The rate limit engine: keys, algorithms and bans. Time is an argument, every call may come from any thread.
//!
//! A [`Limiter`] keeps a fixed budget of memory, 16 bytes per key. A key is known by its [`KeyHash`] alone. Looking a
//! key up and counting a hit take no lock; a hit that is denied writes nothing.
//!
//! # Invariants
//!
//! - Never more is admitted than the algorithm says, however many threads hit and however their clocks lag.
//! - A key is forgotten only when its state is that of a new key. When there is no room, a stated policy holds.
//! - `retry_after_ns` is exact: a hit of the same cost is admitted then if nobody else came, and not a nanosecond before.
//!
//! # Example
//!
//! ```
//! use outrigger_limit::{Config, KeyHash, Limiter, Rule};
//!
//! let rule = Rule { limit: 3, period_ns: 1_000_000_000, burst: None };
//! let limiter = Limiter::new(Config { memory: 1 << 20, ..Config::of(rule) })?;
//! let key = KeyHash::of([17, 4], b"user 1");
//!
//! let now = 5_000_000_000;
//! for remaining in [2, 1, 0] {
//!     assert_eq!(limiter.hit(key, 1, now).remaining, remaining);
//! }
//! let denied = limiter.hit(key, 1, now);
//! assert!(!denied.is_allowed());
//! assert_eq!(denied.retry_after_ns, Some(333_333_334));
//! assert!(limiter.hit(key, 1, now + 333_333_334).is_allowed());
//! # Ok::<(), outrigger_limit::Error>(())
//! ```
//!
//! # Limits
//!
//! Periods and clocks up to 17 years. Fixed windows count to 2^40 and sliding windows to 2^20, both in whole
//! milliseconds. Two keys whose 128-bit hashes agree in about 70 bits share a bucket.

mod algorithm;
mod backoff;
mod ban;
mod config;
mod error;
mod hash;
mod hit_all;
mod identity;
mod keys;
pub mod lease;
mod limiter;
mod log;
#[cfg(all(test, loom))]
mod loom_tests;
mod rule;
mod rule_cell;
mod slots;
mod span;
mod stats;
mod sync;
mod table;
mod verdict;
#[cfg(all(target_arch = "x86_64", not(miri), not(loom)))]
mod wide;

pub use config::{Algorithm, Ban, Config, WhenFull};
pub use error::Error;
pub use hash::{KeyHash, KeyHasher};
pub use hit_all::hit_all;
pub use limiter::Limiter;
pub use rule::{CheckedRule, Rule};
pub use slots::{Holder, SlotOutcome, SlotStats, SlotVerdict, Slots};
pub use stats::Stats;
pub use verdict::{Outcome, Verdict};
