//! The places for handshakes of incoming connections.
//!
//! There is always one for the next connection: when all are taken, the oldest handshake has to go. An honest one is over
//! within a few round trips; who holds places without finishing holds them only until others come.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::SetOnce;

/// Set when a handshake has to go.
type Shed = Arc<SetOnce<()>>;

/// All places, the oldest handshake in front.
pub(crate) struct Places {
    taken: Mutex<VecDeque<Shed>>,
    max: usize,
}

/// One place, until it is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    shed: Shed,
}

impl Places {
    /// `max` is at least 1.
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), max })
    }

    /// Takes a place, the oldest one if there is no other.
    pub(crate) fn take(self: &Arc<Self>) -> Place {
        let shed = Shed::default();
        let mut taken = self.taken.lock();
        if taken.len() >= self.max
            && let Some(oldest) = taken.pop_front()
        {
            // Set by nobody else: it was in the queue until now.
            let _first = oldest.set(());
        }
        taken.push_back(shed.clone());
        Place { places: self.clone(), shed }
    }
}

impl Place {
    /// Returns when the place is needed for another.
    pub(crate) async fn shed(&self) {
        self.shed.wait().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.lock().retain(|shed| !Arc::ptr_eq(shed, &self.shed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room_and_nobody_is_left_behind() {
        let places = Places::new(2);
        let (first, second) = (places.take(), places.take());
        let third = places.take();
        let shed = [&first, &second, &third].map(|place| place.shed.initialized());
        assert_eq!(shed, [true, false, false]);
        drop(second);
        let fourth = places.take();
        assert!(!third.shed.initialized(), "a place was free");
        drop((first, third, fourth));
        assert!(places.taken.lock().is_empty());
    }
}
