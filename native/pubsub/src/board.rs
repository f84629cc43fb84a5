//! What publishers read: the epoch of the route, and the route itself.
//!
//! Invariants: the route is there before the epoch says so. Epochs rise for as long as the program is in the PubSub: they are
//! microseconds since it joined, or one more than the last one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::routing::Route;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Board {
    epoch: AtomicU64,
    route: Mutex<Option<Arc<Route>>>,
}

impl Board {
    /// The epoch that was published last.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// The route that was published last.
    pub(crate) fn route(&self) -> Option<Arc<Route>> {
        self.route.lock().clone()
    }

    pub(crate) fn publish(&self, route: &Arc<Route>) {
        *self.route.lock() = Some(route.clone());
        self.epoch.store(route.epoch, Ordering::Release);
    }
}
