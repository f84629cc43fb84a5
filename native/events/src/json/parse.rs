//! A value and all that it holds: one loop, no recursion.
//!
//! A stack has one entry per level, so depth costs no stack of the thread: the NIF runs on schedulers whose stacks are small.

use super::cursor::{Cursor, Kind};
use super::fault::{Fault, Problem};
use crate::sink::Nowhere;
use crate::{Duplicate, Sink};

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
