//! What a thread does that was outrun on a hot key.

use crate::sync::spin_loop;

/// Waits longer with every time it is asked to.
pub(crate) struct Backoff {
    spins: u32,
}

impl Backoff {
    const MAX_SPINS: u32 = 64;

    pub(crate) const fn new() -> Self {
        Self { spins: 1 }
    }

    pub(crate) fn wait(&mut self) {
        for _ in 0..self.spins {
            spin_loop();
        }
        self.spins = (self.spins * 2).min(Self::MAX_SPINS);
    }
}
