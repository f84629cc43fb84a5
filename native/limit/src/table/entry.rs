//! One entry: 48 bits of hash above 80 bits of state. All zero is an empty place.

use crate::sync::{AtomicU128, Ordering};

const STATE_BITS: u32 = 80;
const STATE_MASK: u128 = (1 << STATE_BITS) - 1;

/// What an algorithm knows of a key: 80 bits, and what they mean is its own business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State(u128);

impl State {
    /// The low 80 bits.
    pub(crate) const fn new(bits: u128) -> Self {
        Self(bits & STATE_MASK)
    }

    pub(crate) const fn bits(self) -> u128 {
        self.0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry(pub(super) u128);

impl Entry {
    pub(super) const EMPTY: Self = Self(0);

    /// `tag` is not 0.
    pub(super) const fn new(tag: u64, state: State) -> Self {
        Self((tag as u128) << STATE_BITS | state.bits())
    }

    pub(super) fn load(slot: &AtomicU128) -> Self {
        Self(slot.load(Ordering::Acquire))
    }

    pub(super) const fn tag(self) -> u64 {
        (self.0 >> STATE_BITS) as u64
    }

    pub(super) const fn state(self) -> State {
        State::new(self.0)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == Self::EMPTY.0
    }
}
