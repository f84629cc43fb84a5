//! Rows before and after, and which columns differ.
//!
//! Columns are compared as they are written: one producer writes equal values in equal ways. So no value is decoded to be
//! compared, and lists and structs cost as much as text.

use std::collections::HashMap;

use super::meaning::{Meaning, Row};
use super::options::{Columns, Untyped};
use super::reader::Reader;
use crate::Sink;
use crate::json::{Fault, Kind, Problem};

/// Columns among which one is found by looking at each.
const FEW: usize = 16;

/// Where a column stands in the document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Offsets of its key's first quote, and behind its colon.
    key: (usize, usize),
    /// Offsets of its value and behind it.
    value: (usize, usize),
    /// It did not come since it did not change.
    unchanged: bool,
}

/// How a row is read.
#[derive(Clone, Copy)]
pub(super) struct Types<'o> {
    /// By its schema, if it has one.
    pub(super) row: Option<&'o Row>,
    /// By options.
    pub(super) columns: Columns<'o>,
    pub(super) untyped: Untyped,
}

impl<'o> Types<'o> {
    /// What options and schema say of a column, the more particular first.
    #[inline]
    pub(super) fn find(&self, key: &[u8], guess: usize) -> [Option<&'o Meaning>; 2] {
        let said = if self.columns.is_empty() { None } else { self.columns.find(key) };
        [said, self.row.and_then(|row| row.find(key, guess))]
    }
}

pub(super) const AMBIGUOUS: Problem = Problem::Ambiguous(
    "without a schema a number may be a date, and text may be a decimal",
    "columns (or untyped: :as_is, to have values as JSON has them)",
);

/// Columns of the row before that are not where they are in the one after.
struct Elsewhere<'c, 'd, T> {
    before: &'c [Column],
    text: T,
    /// By their keys as they are written; filled when one of many is looked for.
    places: Option<HashMap<&'d [u8], usize>>,
}

impl<'c, 'd, T: Fn((usize, usize)) -> &'d [u8]> Elsewhere<'c, 'd, T> {
    fn find(&mut self, key: &[u8]) -> Option<&'c Column> {
        let (before, text) = (self.before, &self.text);
        if before.len() <= FEW {
            return before.iter().find(|old| text(old.key) == key);
        }
        // Of two equal keys the first one counts.
        let fill = || before.iter().enumerate().rev().map(|(place, old)| (text(old.key), place)).collect();
        let place = *self.places.get_or_insert_with(fill).get(key)?;
        before.get(place)
    }
}

impl Reader<'_, '_> {
    /// Tells the row that stands here, or `null`, and notes where its columns are.
    pub(super) fn row<S: Sink>(
        &mut self,
        types: Types<'_>,
        inside: usize,
        noted: &mut Vec<Column>,
        sink: &mut S,
    ) -> Result<(), Fault> {
        noted.clear();
        match self.cursor.kind() {
            Kind::Map => {}
            // MongoDB's documents are JSON in text.
            Kind::Text | Kind::Word => return self.value(&Meaning::Text, inside, sink),
            _ => return Err(Self::wrong(self.cursor.at(), "a row has to stand here")),
        }
        let mut more = self.cursor.enter(inside)?;
        sink.begin_map();
        while more {
            let column = self.column(types, noted.len(), inside + 1, sink)?;
            noted.push(column);
            more = self.cursor.next_pair()?;
        }
        self.close(noted.len(), sink)
    }

    #[inline]
    pub(super) fn column<S: Sink>(
        &mut self,
        types: Types<'_>,
        guess: usize,
        inside: usize,
        sink: &mut S,
    ) -> Result<Column, Fault> {
        self.cursor.kind();
        let start = self.cursor.at();
        let key = self.cursor.key()?;
        sink.key(key);
        let [said, own] = types.find(key.bytes, guess);
        let colon = self.cursor.at();
        let kind = self.cursor.kind();
        let begin = self.cursor.at();
        let unchanged = kind != Kind::Number && self.unchanged(sink);
        if !unchanged {
            if let Some(Meaning::Absent(_)) = own {
                self.certain()?;
            }
            match (said, own) {
                (Some(Meaning::Raw), Some(own)) if own.is_lossy() => self.as_is(own, inside, sink)?,
                (Some(meaning), _) | (None, Some(meaning)) => self.value(meaning, inside, sink)?,
                (None, None) if types.row.is_some() => {
                    return Err(Self::wrong(begin, "the schema has no such column"));
                }
                (None, None) if kind == Kind::Word || types.untyped == Untyped::AsIs => {
                    self.cursor.value(inside, sink)?
                }
                (None, None) => return Err(Fault::new(begin, AMBIGUOUS)),
            }
        }
        Ok(Column { key: (start, colon), value: (begin, self.cursor.at()), unchanged })
    }

    /// Tells a value that has lost its type as it is written.
    fn as_is<S: Sink>(&mut self, own: &Meaning, inside: usize, sink: &mut S) -> Result<(), Fault> {
        let before = std::mem::replace(&mut self.as_is, true);
        let told = self.value(own, inside, sink);
        self.as_is = before;
        told
    }

    /// Tells the names of the columns that differ, as a list.
    pub(super) fn changed<S: Sink>(
        &mut self,
        before: &[Column],
        after: &[Column],
        sink: &mut S,
    ) -> Result<(), Fault> {
        let document = self.document;
        let text = |(from, to): (usize, usize)| document.get(from..to).unwrap_or_default();
        let end = self.cursor.at();
        let mut count = 0;
        let mut elsewhere = Elsewhere { before, text, places: None };
        sink.begin_list();
        for (place, column) in after.iter().enumerate() {
            let key = text(column.key);
            let old = match before.get(place) {
                Some(old) if text(old.key) == key => Some(old),
                _ => elsewhere.find(key),
            };
            if column.unchanged || old.is_some_and(|old| text(old.value) == text(column.value)) {
                continue;
            }
            self.cursor.back(column.key.0);
            sink.text(self.cursor.key()?);
            count += 1;
        }
        sink.end_list(count);
        self.cursor.back(end);
        Ok(())
    }
}
