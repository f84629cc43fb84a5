//! Rows without an envelope: what `ExtractNewRecordState` makes, with the fields that it adds under a prefix.
//!
//! `add.fields` puts `op` under `__op`, a field of the source under its own name (`__lsn`, `__table`) or that of its struct
//! (`__source_ts_ms`), and `delete.tombstone.handling.mode` `rewrite` adds `__deleted`.

use super::change::{FIELDS, row_of};
use super::document::Opened;
use super::key::Key;
use super::options::{Columns, Options};
use super::reader::Reader;
use super::rows::Types;
use super::source::Source;
use super::{Failure, Memory};
use crate::json::{Fault, Kind};
use crate::{Name, Sink};

/// The fields that were added.
#[derive(Default)]
struct Added {
    op: Option<usize>,
    deleted: bool,
    /// Of the event itself.
    ts: [Option<usize>; 3],
    transaction: [Option<usize>; 3],
    source: Source,
}

impl Added {
    /// Notes the value of an added field. `false` for one that is not known.
    fn note(&mut self, name: &[u8], at: usize, deleted: bool) -> bool {
        let place = match name {
            b"op" => &mut self.op,
            b"ts_ms" => &mut self.ts[0],
            b"ts_us" => &mut self.ts[1],
            b"ts_ns" => &mut self.ts[2],
            b"transaction_id" => &mut self.transaction[0],
            b"transaction_total_order" => &mut self.transaction[1],
            b"transaction_data_collection_order" => &mut self.transaction[2],
            b"deleted" => {
                self.deleted = deleted;
                return true;
            }
            _ => return self.source.note(name.strip_prefix(b"source_").unwrap_or(name), at),
        };
        *place = Some(at);
        true
    }
}

impl Reader<'_, '_> {
    /// Tells the change of a row that has lost its envelope.
    pub(super) fn flat<S: Sink>(
        &mut self,
        opened: &Opened,
        key: Key<'_>,
        options: &Options,
        memory: &mut Memory,
        sink: &mut S,
    ) -> Result<(), Failure> {
        let inside = opened.inside + 1;
        let added = self.added(opened, &options.prefix)?;
        let (schema, table) = self.table(&added.source)?;
        let columns = options.table(schema.as_deref(), table.as_deref());

        sink.begin_map();
        sink.field(Name::Struct);
        sink.name(Name::Change);
        sink.field(Name::Op);
        let op = match added.op {
            Some(_) => Some(self.op(added.op, opened.at)?),
            None if added.deleted => Some(Name::Delete),
            None => None,
        };
        // Without `__op` nothing says whether the row is new.
        match op {
            Some(op) => sink.name(op),
            None => sink.null(),
        }
        self.tell_source(Some(&added.source), inside, sink)?;
        sink.field(Name::Key);
        key.tell(columns, options, &mut memory.cache, sink)?;
        let deleted = added.deleted || op == Some(Name::Delete);
        let (row, other) = if deleted { (Name::Before, Name::After) } else { (Name::After, Name::Before) };
        sink.field(row);
        self.bare_row(opened, columns, options, sink)?;
        sink.field(Name::Transaction);
        match added.transaction {
            [None, None, None] => sink.null(),
            places => self.tell_transaction(places, inside, sink)?,
        }
        sink.field(Name::Ts);
        self.instant(added.ts, sink)?;
        for name in [other, Name::Changed, Name::Message] {
            sink.field(name);
            sink.null();
        }
        sink.field(Name::Rest);
        sink.begin_map();
        self.close(0, sink)?;
        self.close(FIELDS, sink)?;
        Ok(())
    }

    /// Notes the fields that were added to the row.
    fn added(&mut self, opened: &Opened, prefix: &str) -> Result<Added, Fault> {
        let mut added = Added::default();
        self.cursor.back(opened.at);
        if self.cursor.kind() != Kind::Map {
            return Err(Self::wrong(opened.at, "a row has to stand here"));
        }
        let mut more = self.cursor.enter(opened.inside)?;
        while more {
            self.cursor.kind();
            let start = self.cursor.at();
            let name = strip(self.cursor.key()?.bytes, prefix).map(<[u8]>::to_vec);
            self.cursor.kind();
            let at = self.cursor.at();
            let deleted = [&b"\"true\""[..], b"true"].iter().any(|yes| self.rest().starts_with(yes));
            if name.is_some_and(|name| !added.note(&name, at, deleted)) {
                added.source.other(start);
            }
            self.cursor.skip(opened.inside + 1)?;
            more = self.cursor.next_pair()?;
        }
        Ok(added)
    }

    /// Tells the columns, and none of the fields that were added.
    fn bare_row<S: Sink>(
        &mut self,
        opened: &Opened,
        columns: Columns<'_>,
        options: &Options,
        sink: &mut S,
    ) -> Result<(), Fault> {
        let row = row_of(opened.plan.as_ref().map(|plan| &plan.root));
        let types = Types { row, columns, untyped: options.untyped };
        self.cursor.back(opened.at);
        self.cursor.kind();
        let mut more = self.cursor.enter(opened.inside)?;
        let mut count = 0;
        sink.begin_map();
        while more {
            self.cursor.kind();
            let start = self.cursor.at();
            if strip(self.cursor.key()?.bytes, &options.prefix).is_some() {
                self.cursor.skip(opened.inside + 1)?;
            } else {
                self.cursor.back(start);
                self.column(types, count, opened.inside + 1, sink)?;
                count += 1;
            }
            more = self.cursor.next_pair()?;
        }
        self.close(count, sink)
    }
}

fn strip<'k>(key: &'k [u8], prefix: &str) -> Option<&'k [u8]> {
    if prefix.is_empty() { None } else { key.strip_prefix(prefix.as_bytes()) }
}
