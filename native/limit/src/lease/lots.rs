//! The tokens that an app node has leased, where its hits take them.
//!
//! A hit looks here and nowhere else. Where nothing is leased it is told to ask, and the [`Client`](super::Client), which one process
//! drives, fills the lots. A lot is taken from under a lock of one of many stripes that is held for some nanoseconds.
//!
//! Limits: as many keys as the client puts in.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use parking_lot::Mutex;

const STRIPES: usize = 64;

/// What came of a hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is allowed. `refill`: the client should be told that tokens run low; it is said once.
    Allowed {
        /// Its cost.
        cost: u64,
        /// Tokens left here and, when it was last heard of, at the owner.
        remaining: u64,
        /// Those of them that are left here.
        here: u64,
        /// Until the bucket is full again, if all that is leased is spent: as far as is known here.
        reset_ns: u64,
        /// Whether to tell the client.
        refill: bool,
    },
    /// It is denied, and will be for so long.
    Denied {
        /// In nanoseconds; `u64::MAX` for ever.
        retry_ns: u64,
    },
    /// Others hold too many slots.
    Busy {
        /// Slots that would be had.
        remaining: u64,
    },
    /// Nobody knows here: ask.
    Ask,
    /// What was asked for is done.
    Done,
    /// The owner is out of reach: the policy of the limiter says what becomes of the hit.
    Lost,
}

/// Leased tokens of one key.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lot {
    pub(super) tokens: u64,
    pub(super) end: u64,
    /// Below this the client is told, once.
    pub(super) low: u64,
    pub(super) told: bool,
    /// Hits of this cost and more that have no tokens are denied until then.
    pub(super) denied_cost: u64,
    pub(super) denied_until: u64,
    /// The owner was lost a moment ago. Until then nobody asks again.
    pub(super) lost_until: u64,
    /// Spent since the client last looked.
    pub(super) spent: u64,
    /// Left at the owner.
    pub(super) left: u64,
    /// When the bucket is full again, all that is leased being spent.
    pub(super) full_at: u64,
}

impl Lot {
    fn take(&mut self, cost: u64, now: u64) -> Taken {
        let tokens = if self.end > now { self.tokens } else { 0 };
        if cost <= tokens {
            self.tokens -= cost;
            self.spent = self.spent.saturating_add(cost);
            let refill = self.tokens < self.low && !self.told;
            self.told |= refill;
            return Taken::Allowed {
                cost,
                remaining: self.tokens.saturating_add(self.left),
                here: self.tokens,
                reset_ns: self.full_at.saturating_sub(now),
                refill,
            };
        }
        if self.lost_until > now {
            return Taken::Lost;
        }
        if self.denied_until > now && cost >= self.denied_cost {
            return Taken::Denied { retry_ns: self.denied_until - now };
        }
        Taken::Ask
    }
}

/// Keys are hashes already.
#[derive(Clone, Copy, Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = (key >> 64) as u64 ^ key as u64;
    }
}

type Stripe = HashMap<u128, Lot, BuildHasherDefault<AsItIs>>;

/// All lots of one limiter on one node.
#[derive(Debug)]
pub struct Lots {
    stripes: Vec<Aligned>,
}

/// On a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Aligned(Mutex<Stripe>);

impl Default for Lots {
    fn default() -> Self {
        Self { stripes: (0..STRIPES).map(|_| Aligned::default()).collect() }
    }
}

impl Lots {
    /// A hit. `now` is the clock of the client.
    #[must_use]
    pub fn take(&self, key: u128, cost: u64, now: u64) -> Taken {
        if cost == 0 {
            return Taken::Allowed {
                cost,
                remaining: self.peek(key, now),
                here: 0,
                reset_ns: 0,
                refill: false,
            };
        }
        self.with(key, |stripe| stripe.get_mut(&key).map_or(Taken::Ask, |lot| lot.take(cost, now)))
    }

    /// Tokens that a hit would find.
    #[must_use]
    pub fn peek(&self, key: u128, now: u64) -> u64 {
        self.with(key, |stripe| {
            stripe.get(&key).filter(|lot| lot.end > now).map_or(0, |lot| lot.tokens.saturating_add(lot.left))
        })
    }

    /// What a hit would find: that it is allowed, or how many tokens are missing.
    pub(super) fn look(&self, key: u128, cost: u64, now: u64) -> Result<Taken, u64> {
        self.with(key, |stripe| {
            let lot = stripe.get(&key).copied().unwrap_or_default();
            let here = if lot.end > now { lot.tokens } else { 0 };
            let remaining = here.saturating_add(lot.left);
            let reset_ns = lot.full_at.saturating_sub(now);
            match cost.checked_sub(remaining) {
                None | Some(0) => Ok(Taken::Allowed { cost, remaining, here, reset_ns, refill: false }),
                Some(missing) => Err(missing),
            }
        })
    }

    /// Changes the lot of a key, which is made if it is not there.
    pub(super) fn change<R>(&self, key: u128, change: impl FnOnce(&mut Lot) -> R) -> R {
        self.with(key, |stripe| change(stripe.entry(key).or_default()))
    }

    /// A key is not denied any more.
    pub(super) fn free(&self, key: u128) {
        self.with(key, |stripe| stripe.get_mut(&key).map(|lot| lot.denied_until = 0));
    }

    /// No key is denied any more.
    pub(super) fn free_all(&self) {
        for stripe in &self.stripes {
            stripe.0.lock().values_mut().for_each(|lot| lot.denied_until = 0);
        }
    }

    pub(super) fn remove(&self, key: u128) {
        self.with(key, |stripe| stripe.remove(&key));
    }

    /// All of them are void.
    pub(super) fn clear(&self) {
        self.stripes.iter().for_each(|stripe| stripe.0.lock().clear());
    }

    fn with<R>(&self, key: u128, act: impl FnOnce(&mut Stripe) -> R) -> R {
        // Not the bits that the map of the stripe goes by first.
        let stripe = &self.stripes[(key >> 32) as usize % STRIPES];
        act(&mut stripe.0.lock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lot(tokens: u64, end: u64, low: u64) -> Lot {
        Lot { tokens, end, low, ..Lot::default() }
    }

    fn allowed(remaining: u64, refill: bool) -> Taken {
        Taken::Allowed { cost: 1, remaining, here: remaining, reset_ns: 0, refill }
    }

    #[test]
    fn tokens_are_taken_until_they_end() {
        let mut lot = lot(3, 100, 2);
        assert_eq!(lot.take(1, 99), allowed(2, false));
        assert_eq!(lot.take(1, 99), allowed(1, true));
        assert_eq!(lot.take(2, 99), Taken::Ask);
        assert_eq!(lot.take(1, 100), Taken::Ask);
        assert_eq!(lot.take(1, 99), allowed(0, false));
    }

    #[test]
    fn what_was_refused_is_denied_for_a_while() {
        let mut lot = Lot { denied_cost: 2, denied_until: 50, ..lot(1, 100, 0) };
        assert_eq!(lot.take(2, 40), Taken::Denied { retry_ns: 10 });
        assert_eq!(lot.take(1, 40), allowed(0, false));
        assert_eq!(lot.take(1, 40), Taken::Ask);
        assert_eq!(lot.take(2, 50), Taken::Ask);
    }
}
