//! Takes of an event what views want, while it is told: no tree is built.
//!
//! What is wanted whole is written in the external term format, once, whoever wants it; what stands inside of that is a part of the same bytes. All
//! other values are passed over.
//!
//! # Invariants
//!
//! - Of equal keys the last one counts, in maps and for paths: what was taken under the first one is forgotten.
//! - A map has no key twice: the VM takes no such map, and no link that brings one.

use super::external;
use super::paths::{Paths, Place, Wanted};
use super::room::{Level, Room, Scalar};
use crate::{Decimal, Duplicate, Integer, Name, Sink, Temporal, Text};

/// What the next value is.
#[derive(Clone, Copy, Debug)]
enum Next {
    Value(Place),
    /// The key of the value behind it: the map is data.
    Key,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Taking<'r> {
    paths: &'r Paths,
    room: &'r mut Room,
    /// Lists and maps inside each other of which nothing is wanted.
    passed_over: usize,
    /// Whether what is told is written.
    written: bool,
    next: Next,
}

impl<'r> Taking<'r> {
    pub(super) const fn new(paths: &'r Paths, room: &'r mut Room) -> Self {
        Self { paths, room, passed_over: 0, written: false, next: Next::Value(Place::ROOT) }
    }

    #[inline]
    fn wanted(&self, place: Place) -> Wanted {
        self.paths.node(place).map_or(Wanted::Nothing, |node| node.wanted)
    }

    #[inline]
    fn scalar(&mut self, scalar: Scalar, write: impl FnOnce(&mut Vec<u8>)) {
        if self.passed_over > 0 {
            return;
        }
        let start = self.room.out.len();
        let Next::Value(place) = self.next else {
            self.room.key = None;
            self.room.key_start = start;
            if self.written {
                write(&mut self.room.out);
            }
            return;
        };
        let wanted = self.wanted(place);
        if self.written || wanted == Wanted::Whole {
            write(&mut self.room.out);
        }
        if wanted != Wanted::Nothing {
            self.room.fill(place, scalar, start);
        }
        self.behind();
    }

    /// Text that is looked at only.
    fn scalar_text(&mut self, place: Place, text: &[u8]) {
        let start = self.room.out.len();
        self.room.out.extend_from_slice(text);
        self.room.fill(place, Scalar::Text(0), start);
        self.behind();
    }

    /// Behind a value.
    #[inline]
    fn behind(&mut self) {
        self.next = match self.room.levels.last_mut() {
            Some(Level { map: true, .. }) => Next::Key,
            Some(level) => {
                level.items += 1;
                Next::Value(self.paths.of_item(level.place, level.items))
            }
            None => Next::Value(Place::NONE),
        };
    }

    #[inline]
    fn begin(&mut self, map: bool, tag: u8) {
        if self.passed_over > 0 {
            self.passed_over += 1;
            return;
        }
        let Next::Value(place) = self.next else {
            // No key is one of these.
            self.passed_over = 1;
            return;
        };
        let start = self.room.out.len();
        let (wanted, has_more) =
            self.paths.node(place).map_or((Wanted::Nothing, false), |node| (node.wanted, node.has_more()));
        let written = self.written || wanted == Wanted::Whole;
        if wanted != Wanted::Nothing {
            self.room.fill(place, Scalar::Other, start);
        }
        if !written && !has_more {
            self.passed_over = 1;
            return;
        }
        self.room.levels.push(Level { map, place, written: self.written, start, items: 0 });
        self.written = written;
        if written {
            // The number comes when it is known.
            self.room.out.extend([tag, 0, 0, 0, 0]);
        }
        if map {
            self.room.pairs.begin();
            self.next = Next::Key;
        } else {
            self.next = Next::Value(self.paths.of_item(place, 0));
        }
    }

    /// The list or map that has ended, and whether it was written. `None`: it was passed over.
    #[inline]
    fn end(&mut self) -> Option<(Level, bool)> {
        if self.passed_over > 0 {
            self.passed_over -= 1;
            if self.passed_over == 0 {
                self.behind();
            }
            return None;
        }
        let level = self.room.levels.pop()?;
        let written = std::mem::replace(&mut self.written, level.written);
        Some((level, written))
    }

    fn ended(&mut self, level: &Level) {
        if self.wanted(level.place) == Wanted::Whole {
            self.room.fill(level.place, Scalar::Other, level.start);
        }
        self.behind();
    }

    /// Behind a key.
    #[inline]
    fn enter(&mut self, key: &[u8]) {
        let around = self.room.levels.last().map_or(Place::NONE, |level| level.place);
        let place = self.paths.of_key(around, key);
        if place != Place::NONE {
            // If it was there before, that does not count. Forgetting what was not there harms nothing.
            self.room.forget(place, self.paths);
        }
        self.next = Next::Value(place);
    }
}

impl Sink for Taking<'_> {
    fn null(&mut self) {
        self.scalar(Scalar::Null, |out| external::atom("nil", out));
    }

    fn boolean(&mut self, value: bool) {
        self.scalar(Scalar::Boolean(value), |out| external::atom(if value { "true" } else { "false" }, out));
    }

    #[inline]
    fn integer(&mut self, value: i64) {
        self.scalar(Scalar::Integer(Integer::Small(value)), |out| external::small(value, out));
    }

    fn big(&mut self, value: &Integer) {
        if self.passed_over == 0 {
            self.scalar(Scalar::Integer(value.clone()), |out| external::integer(value, out));
        }
    }

    fn float(&mut self, value: f64) {
        self.scalar(Scalar::Float(value), |out| external::float(value, out));
    }

    fn decimal(&mut self, value: &Decimal) {
        self.scalar(Scalar::Other, |out| external::decimal(value, out));
    }

    #[inline]
    fn text(&mut self, value: Text<'_>) {
        if self.passed_over > 0 {
            return;
        }
        let Next::Value(place) = self.next else {
            self.scalar(Scalar::Null, |out| external::binary(value.bytes, out));
            self.room.key = Some(value.bytes.to_vec());
            return;
        };
        if !self.written && self.wanted(place) == Wanted::Scalar {
            return self.scalar_text(place, value.bytes);
        }
        self.scalar(Scalar::Text(external::BINARY), |out| external::binary(value.bytes, out));
    }

    fn bytes(&mut self, value: Text<'_>) {
        self.scalar(Scalar::Other, |out| external::binary(value.bytes, out));
    }

    fn temporal(&mut self, value: Temporal) {
        self.scalar(Scalar::Other, |out| external::temporal(value, out));
    }

    fn name(&mut self, value: Name) {
        self.scalar(Scalar::Name(value), |out| external::atom(value.text(), out));
    }

    fn begin_list(&mut self) {
        self.begin(false, external::LIST);
    }

    fn end_list(&mut self, count: usize) {
        let Some((level, written)) = self.end() else { return };
        if written {
            external::end_list(level.start, count, &mut self.room.out);
        }
        self.ended(&level);
    }

    fn begin_map(&mut self) {
        self.begin(true, external::MAP);
    }

    #[inline]
    fn key(&mut self, key: Text<'_>) {
        if self.passed_over > 0 {
            return;
        }
        if self.written {
            let start = self.room.out.len();
            external::binary(key.bytes, &mut self.room.out);
            self.room.pairs.add(start, &self.room.out);
        }
        self.enter(key.bytes);
    }

    fn field(&mut self, name: Name) {
        if self.passed_over > 0 {
            return;
        }
        if self.written {
            let start = self.room.out.len();
            external::atom(name.text(), &mut self.room.out);
            self.room.pairs.add(start, &self.room.out);
        }
        self.enter(name.text().as_bytes());
    }

    fn value_as_key(&mut self) {
        if self.passed_over > 0 {
            return;
        }
        if self.written {
            self.room.pairs.add(self.room.key_start, &self.room.out);
        }
        match self.room.key.take() {
            Some(key) => self.enter(&key),
            None => self.next = Next::Value(Place::NONE),
        }
    }

    fn end_map(&mut self, _count: usize) -> Result<(), Duplicate> {
        let Some((level, written)) = self.end() else { return Ok(()) };
        if written {
            self.room.end_map(level.start);
        } else {
            self.room.pairs.drop_level();
        }
        self.ended(&level);
        Ok(())
    }
}
