//! A document held against a plan: what is asked for is read, the rest is checked and dropped.

use super::filter::Verdict;
use super::plan::{Node, Plan};
use super::typed;
use crate::json::{Cursor, Fault, Kind};
use crate::{Error, Sink, json};

/// Takes the fields of rows.
pub trait RowSink: Sink {
    /// The value that was told last is this field of the row, whatever it was before. A field that does not come is nothing.
    fn slot(&mut self, field: usize);
    /// The field is nothing again: it was below a key that came once more.
    fn unset(&mut self, field: usize);
}

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// Its fields are told.
    Row,
    /// A filter holds it back. Some of its fields may have been told.
    Filtered,
}

impl Plan {
    /// Tells the fields of one document.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], also for a field that is not of its type, and [`Error::Limit`].
    pub fn row<S: RowSink>(
        &self,
        document: &[u8],
        options: &json::Options,
        sink: &mut S,
    ) -> Result<Passed, Error> {
        self.whole(document, options, sink).map_err(|fault| fault.into_error(document))
    }

    fn whole<S: RowSink>(
        &self,
        document: &[u8],
        options: &json::Options,
        sink: &mut S,
    ) -> Result<Passed, Fault> {
        let mut cursor = Cursor::new(document, *options)?;
        let passed = self.next(&mut cursor, 0, sink)?;
        cursor.end()?;
        Ok(passed)
    }

    /// The value that comes, as a document.
    pub(super) fn next<S: RowSink>(
        &self,
        cursor: &mut Cursor<'_>,
        inside: usize,
        sink: &mut S,
    ) -> Result<Passed, Fault> {
        let mut walk = Walk { plan: self, sink, passed: self.passed_by_nothing };
        walk.node(&self.root, cursor, inside)?;
        Ok(if walk.passed == self.all_passed() { Passed::Row } else { Passed::Filtered })
    }
}

struct Walk<'p, 's, S> {
    plan: &'p Plan,
    sink: &'s mut S,
    /// A bit for each test that is passed by what was seen last.
    passed: u64,
}

impl<S: RowSink> Walk<'_, '_, S> {
    fn node(&mut self, node: &Node, cursor: &mut Cursor<'_>, inside: usize) -> Result<(), Fault> {
        let kind = cursor.kind();
        let start = cursor.at();
        for &place in &node.tests {
            self.test(place, kind, cursor)?;
            cursor.back(start);
        }
        for &(field, wanted) in &node.fields {
            cursor.back(start);
            typed::read(wanted, kind, cursor, inside, self.sink)?;
            self.sink.slot(field);
        }
        match kind {
            Kind::Map if !node.keys.is_empty() => {
                cursor.back(start);
                self.map(node, cursor, inside)
            }
            Kind::List if !node.places.is_empty() => {
                cursor.back(start);
                self.list(node, cursor, inside)
            }
            _ if node.fields.is_empty() => cursor.skip(inside),
            _ => Ok(()),
        }
    }

    fn map(&mut self, node: &Node, cursor: &mut Cursor<'_>, inside: usize) -> Result<(), Fault> {
        let mut more = cursor.enter(inside)?;
        let mut seen: u64 = 0;
        while more {
            match node.key(cursor.key()?.bytes) {
                Some((place, child)) => {
                    // Places beyond the word share the last bit: forgetting what was not there harms nothing.
                    let bit = 1 << place.min(63);
                    if seen & bit != 0 {
                        self.forget(child);
                    }
                    seen |= bit;
                    self.node(child, cursor, inside + 1)?;
                }
                None => cursor.skip(inside + 1)?,
            }
            more = cursor.next_pair()?;
        }
        Ok(())
    }

    /// What stood here does not count: the key comes again.
    #[cold]
    fn forget(&mut self, node: &Node) {
        for &(field, _) in &node.fields {
            self.sink.unset(field);
        }
        for &test in &node.tests {
            self.passed = self.passed & !(1 << test) | self.plan.passed_by_nothing & 1 << test;
        }
        for (_, child) in &node.keys {
            self.forget(child);
        }
        for (_, child) in &node.places {
            self.forget(child);
        }
    }

    fn list(&mut self, node: &Node, cursor: &mut Cursor<'_>, inside: usize) -> Result<(), Fault> {
        let mut more = cursor.enter(inside)?;
        let mut place = 0;
        while more {
            match node.place(place) {
                Some(child) => self.node(child, cursor, inside + 1)?,
                None => cursor.skip(inside + 1)?,
            }
            place += 1;
            more = cursor.next_element()?;
        }
        Ok(())
    }

    fn test(&mut self, place: usize, kind: Kind, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        let Some(test) = self.plan.tests.get(place) else {
            return Ok(());
        };
        let mut verdict = Verdict::new(test);
        if !matches!(kind, Kind::List | Kind::Map) {
            cursor.scalar(kind, &mut verdict)?;
        }
        self.passed = self.passed & !(1 << place) | u64::from(verdict.passed) << place;
        Ok(())
    }
}
