//! Atomics and locks of this crate: the real ones, or loom's when the crate is built with `--cfg loom`.
//!
//! Everything that threads share and a decision depends on goes through these names, so that the tests in
//! `loom_tests.rs` see every step. Statistics do not: [`Counter`] is the same in both.

pub(crate) use std::sync::atomic::AtomicU64 as Counter;

#[cfg(not(loom))]
mod real {
    pub(crate) use std::hint::spin_loop;
    pub(crate) use std::sync::atomic::{AtomicU64, Ordering, fence};

    #[cfg(all(target_arch = "x86_64", not(miri)))]
    pub(crate) use crate::wide::AtomicU128;
    pub(crate) use parking_lot::Mutex;
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    pub(crate) use portable_atomic::AtomicU128;
}

#[cfg(loom)]
mod model {
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};
    pub(crate) use loom::thread::yield_now as spin_loop;

    /// loom knows no atomic of 128 bits. A cell behind a lock is as linearizable as one.
    #[derive(Debug)]
    pub(crate) struct AtomicU128(loom::sync::Mutex<u128>);

    impl AtomicU128 {
        pub(crate) fn new(value: u128) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn load(&self, _: Ordering) -> u128 {
            *lock(&self.0)
        }

        pub(crate) fn compare_exchange(
            &self,
            current: u128,
            new: u128,
            _: Ordering,
            _: Ordering,
        ) -> Result<u128, u128> {
            let mut value = lock(&self.0);
            if *value != current {
                return Err(*value);
            }
            *value = new;
            Ok(current)
        }
    }

    /// `parking_lot`'s interface over loom's lock.
    #[derive(Debug)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
            lock(&self.0)
        }

        pub(crate) fn try_lock(&self) -> Option<loom::sync::MutexGuard<'_, T>> {
            self.0.try_lock().ok()
        }
    }

    fn lock<T>(mutex: &loom::sync::Mutex<T>) -> loom::sync::MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(loom)]
pub(crate) use model::*;
#[cfg(not(loom))]
pub(crate) use real::*;
