//! Rows of a change: the key, before, after, and which columns differ.

use super::message::Old;
use super::options::Options;
use super::relation::{Column, Relation};
use super::tuple::{Cell, Tuple};
use super::value;
use super::wire::{Checked, Fault, Wrong};
use crate::{Duplicate, Name, Sink, Text};

/// A row before and after, and how it is read.
pub(super) struct Rows<'a> {
    relation: &'a Relation,
    options: &'a Options,
    old: Option<Old<'a>>,
    new: Option<Tuple<'a>>,
}

impl<'a> Rows<'a> {
    /// Rows of this table: they have as many columns as it has.
    pub(super) fn new(
        relation: &'a Relation,
        options: &'a Options,
        old: Option<Old<'a>>,
        new: Option<Tuple<'a>>,
    ) -> Checked<Self> {
        for tuple in old.map(|old| old.tuple).iter().chain(new.iter()) {
            if tuple.count() != relation.columns.len() {
                let (found, said) = (tuple.count(), relation.columns.len());
                let problem = format!("{found} columns of a table that has {said}: frames are missing");
                return Err(Fault::new(tuple.at(), Wrong::Made(problem)));
            }
        }
        Ok(Self { relation, options, old, new })
    }

    /// Tells `key`, `before`, `after` and `changed`. Returns how many columns that were.
    pub(super) fn tell<S: Sink>(&self, sink: &mut S) -> Checked<usize> {
        sink.field(Name::Key);
        let key = self.key(sink).map_err(|fault| fault.under("key"))?;
        sink.field(Name::Before);
        let before = self.before(sink).map_err(|fault| fault.under("before"))?;
        sink.field(Name::After);
        let after = self.after(sink).map_err(|fault| fault.under("after"))?;
        sink.field(Name::Changed);
        self.changed(sink);
        Ok(key + before + after)
    }

    /// The key after the change, or that of the row that is gone.
    fn key<S: Sink>(&self, sink: &mut S) -> Checked<usize> {
        match (&self.new, &self.old) {
            (Some(_), _) if self.relation.keyed => {
                self.row(self.known().filter(|(column, _)| column.key), sink)
            }
            (None, Some(old)) if self.relation.keyed && (old.whole || self.relation.key_is_identity) => {
                self.row(self.columns(&old.tuple).filter(|(column, _)| column.key), sink)
            }
            // No key, or one of which nothing came.
            _ => {
                sink.null();
                Ok(0)
            }
        }
    }

    /// All of the row, or the columns of its identity: of the others nothing came.
    fn before<S: Sink>(&self, sink: &mut S) -> Checked<usize> {
        match &self.old {
            Some(old) if old.whole => self.row(self.columns(&old.tuple), sink),
            Some(old) => self.row(self.columns(&old.tuple).filter(|(column, _)| column.identity), sink),
            None => {
                sink.null();
                Ok(0)
            }
        }
    }

    fn after<S: Sink>(&self, sink: &mut S) -> Checked<usize> {
        if self.new.is_some() {
            return self.row(self.known(), sink);
        }
        sink.null();
        Ok(0)
    }

    /// The columns that came, and differ. Nobody knows them where the row before is not whole.
    fn changed<S: Sink>(&self, sink: &mut S) {
        let (Some(old), Some(new)) = (self.old.filter(|old| old.whole), &self.new) else {
            return sink.null();
        };
        sink.begin_list();
        let mut count = 0;
        for ((column, now), was) in self.columns(new).zip(old.tuple.cells()) {
            if now != Cell::Unchanged && now != was {
                sink.symbol(column.name.number, Text::made(column.name.text.as_bytes()));
                count += 1;
            }
        }
        sink.end_list(count);
    }

    fn columns<'t>(
        &'t self,
        tuple: &Tuple<'a>,
    ) -> impl Iterator<Item = (&'t Column, Cell<'a>)> + use<'t, 'a> {
        self.relation.columns.iter().zip(tuple.cells())
    }

    /// The row after; what did not come, since it did not change, as the row before has it.
    fn known<'t>(&'t self) -> impl Iterator<Item = (&'t Column, Cell<'a>)> + use<'t, 'a> {
        let whole = self.old.is_some_and(|old| old.whole);
        let mut old = self.old.map(|old| old.tuple.cells());
        self.new.iter().flat_map(|new| self.columns(new)).map(move |(column, now)| {
            let was = old.as_mut().and_then(Iterator::next);
            match was {
                Some(was) if now == Cell::Unchanged && (whole || column.identity) => (column, was),
                _ => (column, now),
            }
        })
    }

    fn row<'t, S: Sink>(
        &self,
        columns: impl Iterator<Item = (&'t Column, Cell<'a>)>,
        sink: &mut S,
    ) -> Checked<usize> {
        sink.begin_map();
        let mut count = 0;
        for (column, cell) in columns {
            let name = &column.name;
            sink.record_key(name.number, Text::made(name.text.as_bytes()));
            value::cell(cell, column.kind, self.options, sink).map_err(|fault| fault.under(&name.text))?;
            count += 1;
        }
        match sink.end_map(count) {
            Ok(()) => Ok(count),
            Err(Duplicate) => Err(Fault::said(0, "the table has two columns of one name")),
        }
    }
}
