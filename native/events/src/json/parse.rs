//! A value and all that it holds: one loop, no recursion.
//!
//! A stack has one entry per level, so depth costs no stack of the thread: the NIF runs on schedulers whose stacks are small.

use super::cursor::{Cursor, Kind};
use super::fault::{Fault, Problem};
use crate::{Decimal, Duplicate, Integer, Name, Sink, Temporal, Text};

/// One list or map that is not closed.
#[derive(Clone, Copy)]
struct Level {
    map: bool,
    count: usize,
}

impl Cursor<'_> {
    /// Tells the sink the value that comes, inside so many levels, and stands behind it.
    pub(crate) fn value<S: Sink>(&mut self, inside: usize, sink: &mut S) -> Result<(), Fault> {
        let mut outer: Vec<Level> = Vec::new();
        let mut level: Option<Level> = None;
        loop {
            let kind = self.kind();
            if matches!(kind, Kind::List | Kind::Map) {
                let map = kind == Kind::Map;
                let depth = inside + outer.len() + usize::from(level.is_some());
                let filled = self.enter(depth)?;
                if map {
                    sink.begin_map();
                } else {
                    sink.begin_list();
                }
                let opened = Level { map, count: 0 };
                if filled {
                    if let Some(level) = level.replace(opened) {
                        outer.push(level);
                    }
                    if map {
                        sink.key(self.key()?);
                    }
                    continue;
                }
                self.close(opened, sink)?;
            } else {
                self.scalar(kind, sink)?;
            }
            // A value is whole: what follows it, and everything that ends with it.
            loop {
                let Some(current) = &mut level else {
                    return Ok(());
                };
                current.count += 1;
                let closed = *current;
                if closed.map {
                    if self.next_pair()? {
                        sink.key(self.key()?);
                        break;
                    }
                } else if self.next_element()? {
                    break;
                }
                self.close(closed, sink)?;
                level = outer.pop();
            }
        }
    }

    #[inline]
    fn close<S: Sink>(&mut self, level: Level, sink: &mut S) -> Result<(), Fault> {
        if level.map {
            return sink
                .end_map(level.count)
                .map_err(|Duplicate| Fault::new(self.at - 1, Problem::Duplicate));
        }
        sink.end_list(level.count);
        Ok(())
    }

    /// Checks the value that comes, and drops it.
    #[inline]
    pub(crate) fn skip(&mut self, inside: usize) -> Result<(), Fault> {
        self.value(inside, &mut Nowhere)
    }
}

/// Takes anything and keeps nothing.
struct Nowhere;

impl Sink for Nowhere {
    const IGNORES: bool = true;

    fn null(&mut self) {}
    fn boolean(&mut self, _value: bool) {}
    fn integer(&mut self, _value: i64) {}
    fn big(&mut self, _value: &Integer) {}
    fn float(&mut self, _value: f64) {}
    fn decimal(&mut self, _value: &Decimal) {}
    fn text(&mut self, _value: Text<'_>) {}
    fn bytes(&mut self, _value: Text<'_>) {}
    fn temporal(&mut self, _value: Temporal) {}
    fn name(&mut self, _value: Name) {}
    fn end_list(&mut self, _count: usize) {}
    fn key(&mut self, _key: Text<'_>) {}
    fn field(&mut self, _name: Name) {}
    fn end_map(&mut self, _count: usize) -> Result<(), Duplicate> {
        Ok(())
    }
}
