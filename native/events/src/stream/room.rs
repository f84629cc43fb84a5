//! What was taken of one event, by place, and the bytes that it stands in.

use super::external;
use super::pairs::Pairs;
use super::paths::{Paths, Place};
use super::taken::Taking;
use crate::{Integer, Name};

/// Bytes that are kept for the next event.
const KEPT: usize = 1 << 20;

/// What stands at a path, as filters and topics see it.
#[derive(Clone, Debug)]
pub(super) enum Scalar {
    Null,
    Boolean(bool),
    Integer(Integer),
    Float(f64),
    /// Its text stands behind so many bytes of the slot.
    Text(usize),
    Name(Name),
    /// A list, a map, or what equals nothing.
    Other,
}

#[derive(Clone, Debug)]
struct Slot {
    /// The event that it is of.
    event: u64,
    scalar: Scalar,
    start: usize,
    end: usize,
}

/// A list or a map that is not closed.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) map: bool,
    pub(super) place: Place,
    /// Whether what is around it is written.
    pub(super) written: bool,
    pub(super) start: usize,
    /// Elements so far.
    pub(super) items: usize,
}

/// What was taken of one event, and room for that of the next ones.
#[derive(Debug, Default)]
pub(super) struct Room {
    event: u64,
    pub(super) out: Vec<u8>,
    pub(super) pairs: Pairs,
    pub(super) levels: Vec<Level>,
    slots: Vec<Slot>,
    /// The last key that was told as a value.
    pub(super) key: Option<Vec<u8>>,
    pub(super) key_start: usize,
}

impl Room {
    /// Takes the next event.
    pub(super) fn take<'r>(&'r mut self, paths: &'r Paths) -> Taking<'r> {
        self.event += 1;
        self.out.clear();
        self.out.shrink_to(KEPT);
        self.pairs.clear();
        self.levels.clear();
        if self.slots.len() < paths.count() {
            let none = Slot { event: 0, scalar: Scalar::Other, start: 0, end: 0 };
            self.slots.resize(paths.count(), none);
        }
        Taking::new(paths, self)
    }

    pub(super) fn fill(&mut self, place: Place, scalar: Scalar, start: usize) {
        let (event, end) = (self.event, self.out.len());
        if let Some(slot) = self.slots.get_mut(place.number()) {
            *slot = Slot { event, scalar, start, end };
        }
    }

    /// Takes back what stands at a place and under it.
    pub(super) fn forget(&mut self, place: Place, paths: &Paths) {
        paths.under(place, &mut |place| {
            if let Some(slot) = self.slots.get_mut(place.number()) {
                slot.event = 0;
            }
        });
    }

    /// Ends the map that begins at `start`, and was written.
    pub(super) fn end_map(&mut self, start: usize) {
        let Self { out, pairs, slots, event, .. } = self;
        // What was taken under a key that came again is forgotten.
        let count = pairs.end(out, |from, place| {
            for slot in slots.iter_mut().filter(|slot| slot.event == *event && slot.start >= from) {
                let start = place(slot.start);
                slot.end -= slot.start - start;
                slot.start = start;
            }
        });
        external::set_count(start, count, out);
    }

    fn slot(&self, place: Place) -> Option<&Slot> {
        self.slots.get(place.number()).filter(|slot| slot.event == self.event)
    }

    /// The value at a place; `None` if the event has none.
    pub(super) fn scalar(&self, place: Place) -> Option<&Scalar> {
        self.slot(place).map(|slot| &slot.scalar)
    }

    /// The text of one.
    pub(super) fn text(&self, place: Place) -> &[u8] {
        match self.slot(place) {
            Some(Slot { scalar: Scalar::Text(skip), start, end, .. }) => {
                self.out.get(start + skip..*end).unwrap_or_default()
            }
            Some(Slot { scalar: Scalar::Name(name), .. }) => name.text().as_bytes(),
            _ => &[],
        }
    }

    /// All of one, in the external term format.
    pub(super) fn whole(&self, place: Place) -> Option<&[u8]> {
        self.slot(place).and_then(|slot| self.out.get(slot.start..slot.end))
    }
}
